#include <fmt/core.h>

#include "base/log.h"
#include "store/azure/azure_object_store.h"

namespace mbk::azure {

Status AzureStore::EnsureBucket(const CallContext& context) {
  // Not GetContainerProperties: a signature for one container does not allow it.
  Status listed = List({.max_keys = 1}, context).status();
  const std::string& container = client_.options().container;
  if (listed.code() != Code::kNotFound) {
    return std::move(listed).WithContext(
        fmt::format("look for the container (bucketName \"{}\")", container));
  }
  const Request request{.operation = "CreateContainer",
                        .method = "PUT",
                        .resource = Resource::kContainer,
                        .query = {{"restype", "container"}}};
  // The welcome one: another run of ours was faster.
  Status made = client_.Send(request, context, {.welcome_refusal = "ContainerAlreadyExists"}).status();
  MBK_TRY(
      std::move(made).WithContext(fmt::format("make the missing container (bucketName \"{}\")", container)));
  log::Warn("made the container {}, which was not there", container);
  return {};
}

}  // namespace mbk::azure
