#include <fmt/core.h>

#include <algorithm>

#include "store/gcs/gcs_object_store.h"

namespace mbk::gcs {
namespace {

Status UnknownUpload(const UploadId& upload) {
  return NotFound(
      fmt::format("no upload {} of \"{}\" is under way", OneLine(upload.id), OneLine(upload.key.str())));
}

// Path and query of the session's URL. Its origin is ours: a token goes nowhere else, whatever the answer
// says.
Result<std::string> SessionPath(std::string_view location) {
  const std::size_t scheme_end = location.find("://");
  const std::size_t path =
      scheme_end == std::string_view::npos ? std::string_view::npos : location.find('/', scheme_end + 3);
  const bool printable = std::ranges::all_of(location, [](char c) { return c > 0x20 && c < 0x7f; });
  if (path != std::string_view::npos && printable && location.substr(path).starts_with("/upload/"))
    return std::string(location.substr(path));
  return DataLoss("the answer has no usable Location of the upload");
}

}  // namespace

Result<UploadId> GcsStore::StartUpload(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  Request request{.operation = "objects.insert (resumable)",
                  .method = "POST",
                  .url = client_.address().Upload(bucket()),
                  .query = {{"uploadType", "resumable"}, {"name", key.str()}},
                  .headers = {{"X-Upload-Content-Type", "application/octet-stream"}},
                  .key = key.str()};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  Result<std::string> path = SessionPath(response.headers.Get("location"));
  if (!path.ok())
    return std::move(path).status().WithContext("objects.insert (resumable) " + client_.Url(key.str()));
  auto upload = std::make_shared<ResumableUpload>(client_, key, client_.address().origin + *path);
  return UploadId{.key = key, .id = uploads_.Add(std::move(upload))};
}

Result<UploadedPart> GcsStore::UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                          const CallContext& context) {
  std::shared_ptr<ResumableUpload> session = uploads_.Find(upload.id);
  if (session == nullptr) return UnknownUpload(upload);
  return session->Append(part_number, body, context);
}

Result<UploadedPart> GcsStore::UploadPartCopy(const UploadId& upload, int, const CopySource&, ByteRange,
                                              const CallContext&) {
  return Status(Code::kUnimplemented, client_.Url(upload.key.str()) +
                                          ": Google Cloud Storage copies objects whole (objects.rewrite)");
}

Result<WriteResult> GcsStore::CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                             const CallContext& context) {
  std::shared_ptr<ResumableUpload> session = uploads_.Find(upload.id);
  if (session == nullptr) return UnknownUpload(upload);
  if (parts.empty()) return InvalidArgument("an upload cannot be completed without parts");
  MBK_TRY_ASSIGN(ObjectResource object, session->Finish(parts, context));
  uploads_.Remove(upload.id);
  return Checked(object, session->crc32c(), context);
}

Status GcsStore::AbortUpload(const UploadId& upload, const CallContext& context) {
  std::shared_ptr<ResumableUpload> session = uploads_.Remove(upload.id);
  return session == nullptr ? Status() : session->Cancel(context);
}

}  // namespace mbk::gcs
