#pragma once

#include <curl/curl.h>

#include <string_view>

#include "base/call_context.h"
#include "base/status.h"

namespace mbk {

/// Internal to net/: what a failed transfer means. `detail` is libcurl's own text, `url` is cut to its
/// origin in the message: paths and queries may hold names of objects and signatures.
Status HttpTransportError(CURLcode code, std::string_view detail, std::string_view url,
                          const CallContext& context);

}  // namespace mbk
