#include <fmt/core.h>

#include <algorithm>

#include "base/uuid.h"
#include "store/gcs/gcs_batch.h"
#include "store/gcs/gcs_error.h"
#include "store/gcs/gcs_object_store.h"

namespace mbk::gcs {
namespace {

bool IsGone(int status) { return (status >= 200 && status < 300) || status == 404; }

}  // namespace

Status GcsStore::DeleteOne(const ObjectKey& key, const CallContext& context) {
  // A 404 is of the object: the bucket's would have been met by the listing that named it.
  return client_.Send(ObjectRequest("objects.delete", "DELETE", key), context, {.welcome = {404}}).status();
}

Status GcsStore::DeleteIfMatch(const ObjectKey& key, const std::string& etag, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  Request request = ObjectRequest("objects.delete", "DELETE", key);
  request.query = {{"ifGenerationMatch", etag}};
  return client_.Send(request, context, {.welcome = {404}}).status();
}

Status GcsStore::DeleteBatch(std::span<const ObjectKey> keys, const CallContext& context) {
  const std::string boundary = "batch_" + NewUuid();
  const std::string body = DeleteBatchBody(bucket(), keys, boundary);
  Request request{.operation = "objects.delete (batch)",
                  .method = "POST",
                  .url = client_.address().origin + "/batch/storage/v1",
                  .headers = {{"Content-Type", "multipart/mixed; boundary=" + boundary}},
                  .body = body};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  Result<std::vector<HttpResponse>> answers = ParseBatch(response, keys.size());
  if (!answers.ok())
    return std::move(answers).status().WithContext("objects.delete (batch) " + client_.Url(""));
  Status worst;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (IsGone((*answers)[i].status)) continue;
    const std::string url = client_.Url(keys[i].str());
    Status failure = ToStatus(
        (*answers)[i],
        {.operation = "objects.delete", .url = url, .account = client_.options().credentials.account});
    // One error for all: the first that no retry would mend, else the first.
    if (worst.ok() || (IsRetryable(worst.code()) && !IsRetryable(failure.code()))) worst = std::move(failure);
  }
  return worst;
}

Status GcsStore::Delete(std::span<const ObjectKey> keys, const CallContext& context) {
  for (const ObjectKey& key : keys) MBK_TRY(CheckKey(key));
  if (keys.size() == 1) return DeleteOne(keys.front(), context);
  for (; !keys.empty(); keys = keys.subspan(std::min(keys.size(), kCallsPerBatch)))
    MBK_TRY(DeleteBatch(keys.first(std::min(keys.size(), kCallsPerBatch)), context));
  return {};
}

}  // namespace mbk::gcs
