#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/retry.h"
#include "base/status.h"
#include "zilliz/cloud.h"

namespace mbk::zilliz {

struct CloudOptions {
  std::string endpoint;  ///< absolute URL, e.g. https://api.cloud.zilliz.com
  std::string api_key;   ///< secret; in no message
  std::string ca_file;   ///< PEM; empty: the system's CAs
  RetryPolicy retry;
  Sleeper* sleeper = &RealSleeper();
  /// What the life of keys is held against.
  std::function<std::chrono::system_clock::time_point()> now = [] {
    return std::chrono::system_clock::now();
  };
};

/// kInvalidArgument for a key or an endpoint that no request could mend.
Status CheckOptions(const CloudOptions& options);

/// Nothing is asked yet. Errors: those of CheckOptions. An endpoint beyond this machine without TLS is worth
/// a warning: the key goes there.
Result<std::unique_ptr<Cloud>> MakeCloud(CloudOptions options);

}  // namespace mbk::zilliz
