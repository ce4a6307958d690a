#include <fmt/core.h>

#include "base/hash.h"
#include "store/azure/azure_object_store.h"
#include "store/azure/azure_xml.h"

namespace mbk::azure {
namespace {

Status CheckPart(int part_number, int max_parts) {
  if (part_number >= 1 && part_number <= max_parts) return {};
  return InvalidArgument(fmt::format("part {}: parts are numbered from 1 to {}", part_number, max_parts));
}

Request PutBlock(std::string_view operation, const UploadId& upload, const std::string& block_id) {
  return {.operation = operation,
          .method = "PUT",
          .key = upload.key.str(),
          .query = {{"comp", "block"}, {"blockid", block_id}}};
}

}  // namespace

Result<UploadId> AzureStore::StartUpload(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  MBK_TRY(context.Check());
  return uploads_.Start(key);
}

Result<UploadedPart> AzureStore::UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                            const CallContext& context) {
  MBK_TRY(uploads_.Check(upload));
  MBK_TRY(CheckPart(part_number, capabilities_.max_parts));
  if (body.empty()) return InvalidArgument("a block cannot be empty");
  std::string block_id = BlockId(upload, part_number);
  Request request = PutBlock("PutBlock", upload, block_id);
  request.headers.Add("Content-MD5", Base64Encode(Md5Raw(body)));
  request.headers.Add("Content-Type", "application/octet-stream");
  request.body = body;
  MBK_TRY(client_.Send(request, context).status());
  return UploadedPart{.number = part_number, .etag = std::move(block_id)};
}

Result<UploadedPart> AzureStore::UploadPartCopy(const UploadId& upload, int part_number,
                                                const CopySource& source, ByteRange range,
                                                const CallContext& context) {
  MBK_TRY(uploads_.Check(upload));
  MBK_TRY(CheckPart(part_number, capabilities_.max_parts));
  MBK_TRY(CheckKey(source.key));
  MBK_TRY(CheckRange(range));
  MBK_TRY_ASSIGN(std::string url, copy_sources_.UrlOf(source, context));
  std::string block_id = BlockId(upload, part_number);
  Request request = PutBlock("PutBlockFromURL", upload, block_id);
  request.headers.Add("x-ms-copy-source", std::move(url));
  if (!IsWhole(range)) request.headers.Add("x-ms-source-range", RangeHeader(range));
  if (!source.if_match.empty()) request.headers.Add("x-ms-source-if-match", Quoted(source.if_match));
  MBK_TRY(client_.Send(request, context, {.stall_timeout = kPatience}).status());
  return UploadedPart{.number = part_number, .etag = std::move(block_id)};
}

Result<WriteResult> AzureStore::CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                               const CallContext& context) {
  MBK_TRY(uploads_.Check(upload));
  if (parts.empty()) return InvalidArgument("an upload cannot be completed without parts");
  std::vector<std::string> block_ids;
  block_ids.reserve(parts.size());
  for (const UploadedPart& part : parts) block_ids.push_back(BlockId(upload, part.number));
  const std::string body = BlockListBody(block_ids);
  const Request request{.operation = "PutBlockList",
                        .method = "PUT",
                        .key = upload.key.str(),
                        .query = {{"comp", "blocklist"}},
                        .headers = {{"Content-Type", "application/xml"},
                                    {"Content-MD5", Base64Encode(Md5Raw(body))},
                                    {"x-ms-blob-content-type", "application/octet-stream"}},
                        .body = body};
  MBK_TRY_ASSIGN(HttpResponse response, Overwrite(request, context, {.stall_timeout = kPatience}));
  uploads_.Forget(upload);
  // Content-MD5 is that of the list here, not of the blob.
  return WriteResult{.etag = Unquoted(response.headers.Get("etag"))};
}

Status AzureStore::AbortUpload(const UploadId& upload, const CallContext& context) {
  MBK_TRY(context.Check());
  uploads_.Forget(upload);
  return {};
}

}  // namespace mbk::azure
