#include <fmt/core.h>

#include "store/s3/s3_error.h"
#include "store/s3/s3_object_store.h"
#include "store/s3/s3_xml.h"

namespace mbk::s3 {
namespace {

QueryPairs PartQuery(const UploadId& upload, int part_number) {
  return {{"partNumber", std::to_string(part_number)}, {"uploadId", upload.id}};
}

Status CheckUpload(const UploadId& upload) {
  MBK_TRY(CheckKey(upload.key));
  // Without the id, these requests would be about the object instead of the upload.
  return upload.id.empty() ? InvalidArgument("the id of an upload must not be empty") : Status();
}

Status CheckPart(const UploadId& upload, int part_number, int max_parts) {
  MBK_TRY(CheckUpload(upload));
  if (part_number >= 1 && part_number <= max_parts) return {};
  return InvalidArgument(fmt::format("part {}: parts are numbered from 1 to {}", part_number, max_parts));
}

// Empty for the whole source.
Result<std::string> CopyRangeHeader(const ByteRange& range) {
  if (range.offset == 0 && range.length == -1) return std::string();
  if (range.offset < 0 || range.length <= 0) {
    return InvalidArgument(
        fmt::format("no byte range to copy: {} bytes from offset {}", range.length, range.offset));
  }
  return fmt::format("bytes={}-{}", range.offset, range.offset + range.length - 1);
}

}  // namespace

Result<UploadId> S3Store::StartUpload(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  Request request{
      .operation = "CreateMultipartUpload", .method = "POST", .key = key.str(), .query = {{"uploads", ""}}};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  Result<std::string> id = ParseField(response.body, "InitiateMultipartUploadResult", "UploadId");
  if (!id.ok())
    return id.status().WithContext(fmt::format("CreateMultipartUpload {}", client_.Url(key.str())));
  return UploadId{.key = key, .id = *std::move(id)};
}

Result<UploadedPart> S3Store::UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                         const CallContext& context) {
  MBK_TRY(CheckPart(upload, part_number, capabilities_.max_parts));
  Request request{.operation = "UploadPart",
                  .method = "PUT",
                  .key = upload.key.str(),
                  .query = PartQuery(upload, part_number),
                  .body = body};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  std::string etag = Unquoted(response.headers.Get("etag"));
  if (etag.empty()) {
    return DataLoss(fmt::format("UploadPart {}: the answer has no ETag", client_.Url(upload.key.str())));
  }
  return UploadedPart{.number = part_number, .etag = std::move(etag)};
}

// s3proxy 3.1.0 calls the answer by the name of that to CopyObject.
Result<std::string> S3Store::EtagOfCopiedPart(const Request& request, const HttpResponse& response) const {
  Result<std::string> etag = LateEtag(request, response, "CopyPartResult");
  if (etag.status().code() != Code::kDataLoss) return etag;
  Result<std::string> misnamed = LateEtag(request, response, "CopyObjectResult");
  return misnamed.ok() ? misnamed : etag;
}

Result<UploadedPart> S3Store::UploadPartCopy(const UploadId& upload, int part_number,
                                             const CopySource& source, ByteRange range,
                                             const CallContext& context) {
  MBK_TRY(CheckPart(upload, part_number, capabilities_.max_parts));
  MBK_TRY(CheckKey(source.key));
  MBK_TRY_ASSIGN(std::string copy_range, CopyRangeHeader(range));
  Request request{.operation = "UploadPartCopy",
                  .method = "PUT",
                  .key = upload.key.str(),
                  .query = PartQuery(upload, part_number),
                  .headers = CopyHeaders(source)};
  if (!copy_range.empty()) request.headers.Add("x-amz-copy-source-range", std::move(copy_range));
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context, {.stall_timeout = kPatience}));
  MBK_TRY_ASSIGN(std::string etag, EtagOfCopiedPart(request, response));
  return UploadedPart{.number = part_number, .etag = std::move(etag)};
}

Result<WriteResult> S3Store::CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                            const CallContext& context) {
  MBK_TRY(CheckUpload(upload));
  if (parts.empty()) return InvalidArgument("an upload cannot be completed without parts");
  std::string body = CompleteUploadBody(parts);
  Request request{.operation = "CompleteMultipartUpload",
                  .method = "POST",
                  .key = upload.key.str(),
                  .query = {{"uploadId", upload.id}},
                  .headers = {{"Content-Type", "application/xml"}},
                  .body = body};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context, {.stall_timeout = kPatience}));
  MBK_TRY_ASSIGN(std::string etag, LateEtag(request, response, "CompleteMultipartUploadResult"));
  return Written(std::move(etag), response.headers);
}

Status S3Store::AbortUpload(const UploadId& upload, const CallContext& context) {
  MBK_TRY(CheckUpload(upload));
  Request request{.operation = "AbortMultipartUpload",
                  .method = "DELETE",
                  .key = upload.key.str(),
                  .query = {{"uploadId", upload.id}}};
  return client_.Send(request, context, {.welcome_refusal = "NoSuchUpload"}).status();
}

Result<std::vector<UploadId>> S3Store::ListUploads(const std::string& prefix, const CallContext& context) {
  Request request{.operation = "ListMultipartUploads",
                  .method = "GET",
                  .query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", prefix}}};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  Result<std::vector<UploadId>> uploads = ParseUploads(response.body);
  if (!uploads.ok())
    return uploads.status().WithContext(fmt::format("ListMultipartUploads {}", client_.Url(prefix)));
  // Some services pass over a prefix that they do not like.
  std::erase_if(*uploads, [&](const UploadId& upload) { return !upload.key.str().starts_with(prefix); });
  return uploads;
}

}  // namespace mbk::s3
