#include <fmt/core.h>

#include "base/crc32c.h"
#include "store/gcs/gcs_object_store.h"

namespace mbk::gcs {
namespace {

// Google sends one line for each hash, others one for both.
HeaderHashes HashesOf(const HttpHeaders& headers) {
  HeaderHashes all;
  for (const auto& [name, value] : headers) {
    if (AsciiLower(name) != "x-goog-hash") continue;
    HeaderHashes some = ParseHashHeader(value);
    if (some.crc32c) all.crc32c = some.crc32c;
    if (!some.md5_hex.empty()) all.md5_hex = std::move(some.md5_hex);
  }
  return all;
}

// The CRC32C of what comes, held against what the answer's headers promise.
class ContentCheck {
 public:
  explicit ContentCheck(bool whole) : whole_(whole) {}

  void Begin(const HeaderHashes& promised) { promised_ = promised.crc32c; }
  void Take(std::string_view bytes) {
    if (whole_) crc32c_ = Crc32c(bytes, crc32c_);
  }
  Status Complete() const {
    if (!whole_ || !promised_ || *promised_ == crc32c_) return {};
    return DataLoss(fmt::format("the bytes that came have the CRC32C {:08x}, the object's is {:08x}", crc32c_,
                                *promised_));
  }

 private:
  const bool whole_;
  std::optional<std::uint32_t> promised_;
  std::uint32_t crc32c_ = 0;
};

}  // namespace

Request GcsStore::ObjectRequest(std::string_view operation, std::string_view method,
                                const ObjectKey& key) const {
  return {.operation = operation,
          .method = method,
          .url = client_.address().Object(bucket(), key.str()),
          .key = key.str()};
}

Result<ObjectInfo> GcsStore::Head(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  Request request = ObjectRequest("objects.get", "GET", key);
  request.query = {{"fields", kObjectFields}};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  Result<ObjectResource> object = ParseObjectOf(key, response.body);
  if (!object.ok()) return std::move(object).status().WithContext("objects.get " + client_.Url(key.str()));
  return std::move(object->info);
}

Result<ObjectInfo> GcsStore::Get(const GetRequest& request, const ByteSink& sink,
                                 const CallContext& context) {
  MBK_TRY(CheckKey(request.key));
  MBK_TRY(CheckRange(request.range));
  Request get = ObjectRequest("objects.get", "GET", request.key);
  get.query = {{"alt", "media"}};
  if (!request.if_match.empty()) get.query.emplace_back("ifGenerationMatch", request.if_match);
  if (!IsWhole(request.range)) get.headers.Add("Range", RangeHeader(request.range));

  ContentCheck check(IsWhole(request.range));
  Download download(request, sink, [&](const HttpHeaders& headers, std::int64_t size) {
    const HeaderHashes hashes = HashesOf(headers);
    check.Begin(hashes);
    return ObjectInfo{.key = request.key,
                      .size = size,
                      .etag = std::string(headers.Get("x-goog-generation")),
                      .digest = DigestOf(hashes.md5_hex, hashes.crc32c),
                      .last_modified_ms = LastModifiedMs(headers)};
  });
  AnswerOptions answer{.on_headers = [&](const HttpResponse& head) { return download.Begin(head); },
                       .sink =
                           [&](std::string_view bytes) {
                             check.Take(bytes);
                             return download.Take(bytes);
                           },
                       .welcome = {404}};
  Result<HttpResponse> response = client_.Send(get, context, std::move(answer));
  if (!download.sink_error().ok()) return download.sink_error();
  MBK_TRY(response.status());
  auto where = [&] { return "objects.get " + client_.Url(request.key.str()); };
  if (response->status == 404) {
    // Media are refused in plain words, which any proxy may say. The object's resource tells in the API's
    // own.
    MBK_TRY(Head(request.key, context).status());
    return Status(Code::kUnavailable, where() + ": 404, and yet the object is there");
  }
  MBK_TRY(download.Complete().WithContext(where()));
  MBK_TRY(check.Complete().WithContext(where()));
  return download.TakeObject();
}

Status GcsStore::Withdraw(const ObjectInfo& written, std::uint32_t sent, std::optional<std::uint32_t> stored,
                          const CallContext& context) {
  Request request = ObjectRequest("objects.delete", "DELETE", written.key);
  request.query = {{"generation", written.etag}};
  const Status deleted = client_.Send(request, context, {.welcome = {404}}).status();
  return DataLoss(fmt::format(
      "{}: the service holds other bytes than were sent: CRC32C {} there, {:08x} here; the object was {}",
      client_.Url(written.key.str()), stored ? fmt::format("{:08x}", *stored) : "unknown", sent,
      deleted.ok() ? "taken away again" : "left there: " + deleted.message()));
}

Result<WriteResult> GcsStore::Checked(const ObjectResource& written, std::uint32_t sent,
                                      const CallContext& context) {
  if (written.crc32c != sent) return Withdraw(written.info, sent, written.crc32c, context);
  return WriteResult{.etag = written.info.etag, .digest = written.info.digest};
}

Result<WriteResult> GcsStore::Put(const PutRequest& request, const CallContext& context) {
  MBK_TRY(CheckKey(request.key));
  const std::uint32_t crc32c = Crc32c(request.body);
  Request put{.operation = "objects.insert",
              .method = "POST",
              .url = client_.address().Upload(bucket()),
              .query = {{"uploadType", "media"}, {"name", request.key.str()}, {"fields", kObjectFields}},
              .headers = {{"Content-Type", "application/octet-stream"},
                          {"X-Goog-Hash", "crc32c=" + Crc32cBase64(crc32c)}},
              .body = request.body,
              .key = request.key.str()};
  AnswerOptions answer;
  if (request.condition == PutCondition::kIfAbsent) {
    put.query.emplace_back("ifGenerationMatch", "0");
    answer.precondition_failed = Code::kAlreadyExists;
  }
  if (!request.if_match.empty()) put.query.emplace_back("ifGenerationMatch", request.if_match);
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(put, context, std::move(answer)));
  Result<ObjectResource> object = ParseObjectOf(request.key, response.body);
  if (!object.ok())
    return std::move(object).status().WithContext("objects.insert " + client_.Url(request.key.str()));
  return Checked(*object, crc32c, context);
}

}  // namespace mbk::gcs
