#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "store/gcs/gcs_object_store.h"

namespace mbk::gcs {

Status GcsStore::CreateBucket(const CallContext& context) {
  MBK_TRY_ASSIGN(std::string project, client_.options().credentials.project(context));
  nlohmann::json wanted{{"name", bucket()}};
  if (!client_.options().location.empty()) wanted["location"] = client_.options().location;
  const std::string body = wanted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  Request request{.operation = "buckets.insert",
                  .method = "POST",
                  .url = client_.address().origin + "/storage/v1/b",
                  .query = {{"project", project}},
                  .headers = {{"Content-Type", "application/json"}},
                  .body = body};
  return client_.Send(request, context).status();
}

Status GcsStore::EnsureBucket(const CallContext& context) {
  // Not buckets.get: it takes a right of its own.
  const ListRequest one{.max_keys = 1};
  Status listed = List(one, context).status();
  if (listed.code() != Code::kNotFound)
    return std::move(listed).WithContext(fmt::format("look for the bucket (bucketName \"{}\")", bucket()));
  Status created = CreateBucket(context);
  // Another run of ours may have been faster; a bucket of somebody else's cannot be listed.
  if (created.code() == Code::kAlreadyExists && List(one, context).ok()) return {};
  MBK_TRY(
      std::move(created).WithContext(fmt::format("make the missing bucket (bucketName \"{}\")", bucket())));
  log::Warn("made the bucket {}, which was not there", bucket());
  return {};
}

}  // namespace mbk::gcs
