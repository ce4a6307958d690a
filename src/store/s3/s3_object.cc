#include <fmt/core.h>

#include "base/hash.h"
#include "store/http_store.h"
#include "store/s3/s3_object_store.h"
#include "store/s3/s3_xml.h"

namespace mbk::s3 {

HttpHeaders CopyHeaders(const CopySource& source) {
  HttpHeaders headers{{"x-amz-copy-source", CopySourceHeader(source.bucket.str(), source.key.str())}};
  if (!source.if_match.empty()) headers.Add("x-amz-copy-source-if-match", Quoted(source.if_match));
  return headers;
}

ObjectInfo S3Store::Describe(const ObjectKey& key, const HttpHeaders& headers, std::int64_t size) const {
  std::string etag = Unquoted(headers.Get("etag"));
  Digest digest = DigestOf(etag, &headers);
  return {.key = key,
          .size = size,
          .etag = std::move(etag),
          .digest = std::move(digest),
          .last_modified_ms = LastModifiedMs(headers)};
}

Result<ObjectInfo> S3Store::Head(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  Request request{.operation = "HeadObject", .method = "HEAD", .key = key.str()};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  std::optional<std::int64_t> size = ContentLength(response.headers);
  if (!size)
    return DataLoss(fmt::format("HeadObject {}: the answer has no Content-Length", client_.Url(key.str())));
  return Describe(key, response.headers, *size);
}

// A bucket without versions sends no version id; one in which they are suspended says "null".
Result<std::string> S3Store::WhyKept(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  Request request{.operation = "HeadObject", .method = "HEAD", .key = key.str()};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  const std::string version(response.headers.Get("x-amz-version-id"));
  if (version.empty() || version == "null") return std::string();
  std::string why = fmt::format("the bucket {} keeps versions: what is deleted stays there as an old version",
                                client_.options().bucket);
  if (response.headers.Get("x-amz-object-lock-legal-hold") == "ON") why += ", under a legal hold";
  const std::string until(response.headers.Get("x-amz-object-lock-retain-until-date"));
  if (until.empty()) return why + " until a rule of the bucket, or somebody, removes it";
  return fmt::format("{}, and cannot be removed before {} (object lock, {})", why, until,
                     response.headers.Get("x-amz-object-lock-mode"));
}

Result<ObjectInfo> S3Store::Get(const GetRequest& request, const ByteSink& sink, const CallContext& context) {
  MBK_TRY(CheckKey(request.key));
  MBK_TRY(CheckRange(request.range));
  Request get{.operation = "GetObject", .method = "GET", .key = request.key.str()};
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
  auto where = [&] { return fmt::format("GetObject {}", client_.Url(request.key.str())); };
  MBK_TRY(download.Complete().WithContext(where()));
  MBK_TRY(download.CompareMd5(md5).WithContext(where()));
  return download.TakeObject();
}

namespace {

// What a refusal says of a put that was to replace one version: without the object there is nothing to
// replace, and a conflict is with a write that is under way: the next attempt sees what came of it.
Status RefusedReplace(const PutRequest& request, const Status& refusal) {
  if (request.if_match.empty()) return refusal;
  if (refusal.code() == Code::kNotFound) return FailedPrecondition(refusal.message());
  if (refusal.code() == Code::kAlreadyExists) return {Code::kUnavailable, refusal.message()};
  return refusal;
}

}  // namespace

Result<WriteResult> S3Store::Put(const PutRequest& request, const CallContext& context) {
  MBK_TRY(CheckKey(request.key));
  Request put{.operation = "PutObject", .method = "PUT", .key = request.key.str(), .body = request.body};
  put.sha256_hex = request.sha256_hex;
  AnswerOptions answer;
  if (request.condition == PutCondition::kIfAbsent) {
    put.headers.Add("If-None-Match", "*");
    answer.precondition_failed = Code::kAlreadyExists;
  }
  if (!request.if_match.empty()) put.headers.Add("If-Match", Quoted(request.if_match));
  Result<HttpResponse> response = client_.Send(put, context, std::move(answer));
  if (!response.ok()) return RefusedReplace(request, response.status());
  return Written(Unquoted(response->headers.Get("etag")), response->headers);
}

Result<WriteResult> S3Store::Copy(const CopySource& source, const ObjectKey& target,
                                  const CallContext& context) {
  MBK_TRY(CheckKey(source.key));
  MBK_TRY(CheckKey(target));
  Request copy{
      .operation = "CopyObject", .method = "PUT", .key = target.str(), .headers = CopyHeaders(source)};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(copy, context, {.stall_timeout = kPatience}));
  MBK_TRY_ASSIGN(std::string etag, LateEtag(copy, response, "CopyObjectResult"));
  return Written(std::move(etag), response.headers);
}

}  // namespace mbk::s3
