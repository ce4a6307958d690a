#include "store/azure/azure_uploads.h"

#include <fmt/core.h>

#include "base/hash.h"
#include "base/uuid.h"

namespace mbk::azure {
namespace {

// With a part number of five digits and a '-' between them: 14 bytes.
constexpr std::size_t kIdBytes = 8;

}  // namespace

UploadId Uploads::Start(const ObjectKey& key) {
  UploadId upload{.key = key, .id = NewUuid().substr(0, kIdBytes)};
  std::lock_guard lock(mutex_);
  open_.insert(upload.id);
  return upload;
}

Status Uploads::Check(const UploadId& upload) const {
  std::lock_guard lock(mutex_);
  if (open_.contains(upload.id)) return {};
  return NotFound(
      fmt::format("the upload of {} is not under way: it was completed or aborted", upload.key.str()));
}

void Uploads::Forget(const UploadId& upload) {
  std::lock_guard lock(mutex_);
  open_.erase(upload.id);
}

std::string BlockId(const UploadId& upload, int part_number) {
  return Base64Encode(fmt::format("{}-{:05}", upload.id, part_number));
}

}  // namespace mbk::azure
