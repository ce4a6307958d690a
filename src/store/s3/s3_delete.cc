#include <fmt/core.h>

#include <algorithm>

#include "base/hash.h"
#include "store/s3/s3_error.h"
#include "store/s3/s3_object_store.h"
#include "store/s3/s3_xml.h"

namespace mbk::s3 {
namespace {

constexpr std::size_t kKeysPerRequest = 1000;  // the API's limit

// One error for all keys that were refused: the first that no retry would mend, else the first.
Status Summarize(const std::vector<Status>& failures) {
  auto worst =
      std::find_if(failures.begin(), failures.end(), [](const Status& s) { return !IsRetryable(s.code()); });
  const Status& told = worst == failures.end() ? failures.front() : *worst;
  if (failures.size() == 1) return told;
  return {told.code(), fmt::format("{} (and {} more keys refused)", told.message(), failures.size() - 1)};
}

}  // namespace

Status S3Store::DeleteOne(const ObjectKey& key, const CallContext& context) {
  Request request{.operation = "DeleteObject", .method = "DELETE", .key = key.str()};
  // S3 answers 204 for an absent key, some of its relatives do not.
  return client_.Send(request, context, {.welcome_refusal = "NoSuchKey"}).status();
}

Status S3Store::DeleteBatch(std::span<const ObjectKey> keys, const CallContext& context) {
  std::string body = DeleteBody(keys);
  Request request{
      .operation = "DeleteObjects",
      .method = "POST",
      .query = {{"delete", ""}},
      .headers = {{"Content-MD5", Base64Encode(Md5Raw(body))}, {"Content-Type", "application/xml"}},
      .body = body};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  MBK_TRY(client_.LateRefusal(request, response));
  Result<std::vector<DeleteFailure>> refused = ParseDeleteResult(response.body);
  if (!refused.ok()) return refused.status().WithContext(fmt::format("DeleteObjects {}", client_.Url("")));
  std::vector<Status> failures;
  for (const DeleteFailure& failure : *refused) {
    if (failure.code == "NoSuchKey") continue;
    std::string url = client_.Url(failure.key);
    std::string region = client_.region();
    failures.push_back(ToStatus(response.status, {.code = failure.code, .message = failure.message},
                                {.operation = request.operation, .url = url, .configured_region = region}));
  }
  return failures.empty() ? Status() : Summarize(failures);
}

Status S3Store::DeleteIfMatch(const ObjectKey&, const std::string&, const CallContext&) {
  return {Code::kUnimplemented, "DeleteObject: If-Match is not what every service obeys"};
}

Status S3Store::Delete(std::span<const ObjectKey> keys, const CallContext& context) {
  for (const ObjectKey& key : keys) MBK_TRY(CheckKey(key));
  if (keys.size() == 1) return DeleteOne(keys.front(), context);
  std::vector<ObjectKey> batch;
  batch.reserve(std::min(keys.size(), kKeysPerRequest));
  for (const ObjectKey& key : keys) {
    if (!client_.options().batch_delete || !IsXmlText(key.str())) {
      MBK_TRY(DeleteOne(key, context));
      continue;
    }
    batch.push_back(key);
    if (batch.size() < kKeysPerRequest) continue;
    MBK_TRY(DeleteBatch(batch, context));
    batch.clear();
  }
  return batch.empty() ? Status() : DeleteBatch(batch, context);
}

}  // namespace mbk::s3
