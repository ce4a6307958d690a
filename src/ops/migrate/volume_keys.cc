#include "ops/migrate/volume_keys.h"

#include <utility>

#include "base/log.h"

namespace mbk {

using zilliz::Keys;
using zilliz::Volume;

Result<Keys> VolumeKeys::Fetch(const CallContext& context) {
  std::scoped_lock lock(mutex_);
  const std::optional<Keys> first = std::exchange(first_, std::nullopt);
  if (first && first->expires > now_()) return *first;
  log::Info("new keys are applied for: those of the volume expire");
  Result<Volume> volume = cloud_.ApplyVolume(request_, context);
  if (!volume.ok()) return volume.status().WithContext("new keys for the volume");
  const bool same_place = volume->cloud == volume_.cloud && volume->host == volume_.host &&
                          volume->port == volume_.port && volume->bucket == volume_.bucket &&
                          volume->upload_path == volume_.upload_path;
  if (!same_place) {
    return FailedPrecondition(
        "Zilliz Cloud gave out another place to upload to when new keys were applied for; start again");
  }
  volume_ = *std::move(volume);
  return volume_.keys;
}

std::string VolumeKeys::volume_name() const {
  std::scoped_lock lock(mutex_);
  return volume_.name;
}

}  // namespace mbk
