#include "base/parallel.h"
#include "store/azure/azure_object_store.h"

namespace mbk::azure {

Status AzureStore::DeleteOne(const ObjectKey& key, const CallContext& context) {
  const Request request{.operation = "DeleteBlob", .method = "DELETE", .key = key.str()};
  return client_.Send(request, context, {.welcome_refusal = "BlobNotFound"}).status();
}

Status AzureStore::DeleteIfMatch(const ObjectKey& key, const std::string& etag, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  const Request request{.operation = "DeleteBlob",
                        .method = "DELETE",
                        .key = key.str(),
                        .headers = {{"If-Match", Quoted(etag)}}};
  Status deleted = client_.Send(request, context, {.welcome_refusal = "BlobNotFound"}).status();
  // A condition on a blob that is gone is not met, either; gone is what was wanted.
  if (deleted.code() != Code::kFailedPrecondition) return deleted;
  return Head(key, context).status().code() == Code::kNotFound ? Status() : deleted;
}

Status AzureStore::Delete(std::span<const ObjectKey> keys, const CallContext& context) {
  // The service has a batch of 256, which saves connections and no time on its side.
  constexpr int kAtATime = 16;
  for (const ObjectKey& key : keys) MBK_TRY(CheckKey(key));
  if (keys.size() == 1) return DeleteOne(keys.front(), context);
  return ParallelFor(keys.size(), kAtATime, context,
                     [&](std::size_t i, const CallContext& inner) { return DeleteOne(keys[i], inner); });
}

}  // namespace mbk::azure
