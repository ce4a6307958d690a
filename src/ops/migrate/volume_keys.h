#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "zilliz/cloud.h"

namespace mbk {

/// The keys of a volume: those it came with, then those that are applied for. Thread-safe.
class VolumeKeys {
 public:
  using Now = Refreshing<AwsCredentials>::Now;

  /// `cloud` outlives the keys. `volume` is what `request` was answered with.
  VolumeKeys(
      zilliz::Cloud& cloud, zilliz::VolumeRequest request, const zilliz::Volume& volume,
      Now now = [] { return std::chrono::system_clock::now(); })
      : cloud_(cloud),
        request_(std::move(request)),
        now_(std::move(now)),
        volume_(volume),
        first_(volume.keys) {}

  /// Costs nothing the first time, an application each time after that, and when the first have expired
  /// before they were asked for. kFailedPrecondition when the volume
  /// has moved meanwhile: what was uploaded so far would stay behind at the old place.
  Result<zilliz::Keys> Fetch(const CallContext& context);

  /// The volume's name as the service last gave it, which is the one that it knows.
  std::string volume_name() const;

 private:
  zilliz::Cloud& cloud_;
  const zilliz::VolumeRequest request_;
  const Now now_;
  mutable std::mutex mutex_;
  zilliz::Volume volume_;
  std::optional<zilliz::Keys> first_;
};

}  // namespace mbk
