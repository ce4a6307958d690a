#include <fmt/core.h>

#include "base/hash.h"
#include "store/azure/azure_object_store.h"
#include "store/azure/azure_xml.h"

namespace mbk::azure {
namespace {

// Content-MD5 is the digest of the whole blob, except in the answer to a range.
ObjectInfo Describe(const ObjectKey& key, const HttpHeaders& headers, std::int64_t size) {
  const char* md5 = headers.Has("content-range") ? "x-ms-blob-content-md5" : "content-md5";
  return {.key = key,
          .size = size,
          .etag = Unquoted(headers.Get("etag")),
          .digest = DigestOfMd5(headers.Get(md5)),
          .last_modified_ms = LastModifiedMs(headers)};
}

}  // namespace

Result<ObjectInfo> AzureStore::Head(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  const Request request{.operation = "GetBlobProperties", .method = "HEAD", .key = key.str()};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  std::optional<std::int64_t> size = ContentLength(response.headers);
  if (!size) {
    return DataLoss(
        fmt::format("GetBlobProperties {}: the answer has no Content-Length", client_.Url(key.str())));
  }
  return Describe(key, response.headers, *size);
}

Result<ObjectInfo> AzureStore::Get(const GetRequest& request, const ByteSink& sink,
                                   const CallContext& context) {
  MBK_TRY(CheckKey(request.key));
  MBK_TRY(CheckRange(request.range));
  Request get{.operation = "GetBlob", .method = "GET", .key = request.key.str()};
  if (!IsWhole(request.range)) get.headers.Add("Range", RangeHeader(request.range));
  if (!request.if_match.empty()) get.headers.Add("If-Match", Quoted(request.if_match));

  Download download(request, sink, [&](const HttpHeaders& headers, std::int64_t size) {
    return Describe(request.key, headers, size);
  });
  Md5 md5;
  AnswerOptions answer{.on_headers = [&](const HttpResponse& head) { return download.Begin(head); },
                       .sink =
                           [&](std::string_view bytes) {
                             if (download.ComparesMd5()) md5.Update(bytes);
                             return download.Take(bytes);
                           }};
  Status outcome = client_.Send(get, context, std::move(answer)).status();
  if (!download.sink_error().ok()) return download.sink_error();
  MBK_TRY(outcome);
  auto where = [&] { return fmt::format("GetBlob {}", client_.Url(request.key.str())); };
  MBK_TRY(download.Complete().WithContext(where()));
  MBK_TRY(download.CompareMd5(md5).WithContext(where()));
  return download.TakeObject();
}

Result<WriteResult> AzureStore::Put(const PutRequest& request, const CallContext& context) {
  MBK_TRY(CheckKey(request.key));
  Request put{.operation = "PutBlob",
              .method = "PUT",
              .key = request.key.str(),
              .headers = {{"x-ms-blob-type", "BlockBlob"},
                          {"Content-Type", "application/octet-stream"},
                          {"Content-MD5", Base64Encode(Md5Raw(request.body))}},
              .body = request.body};
  if (request.condition == PutCondition::kIfAbsent) {
    put.headers.Add("If-None-Match", "*");
    MBK_TRY_ASSIGN(HttpResponse response,
                   client_.Send(put, context, {.precondition_failed = Code::kAlreadyExists}));
    return Written(response.headers);
  }
  if (!request.if_match.empty()) put.headers.Add("If-Match", Quoted(request.if_match));
  Result<HttpResponse> response = Overwrite(put, context, {});
  // If-Match on a blob that is gone: some answer 412, some 404.
  if (!request.if_match.empty() && response.status().code() == Code::kNotFound)
    return FailedPrecondition(response.status().message());
  MBK_TRY(response.status());
  return Written(response->headers);
}

}  // namespace mbk::azure
