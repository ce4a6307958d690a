#pragma once

#include <curl/curl.h>

#include <string_view>

#include "base/call_context.h"
#include "base/status.h"
#include "net/proxy.h"

namespace mbk {

/// Internal to net/: `url` up to its path: "http://host:9000".
std::string_view OriginOf(std::string_view url);

/// Internal to net/: what a failed transfer means. `detail` is libcurl's own text, `url` is cut to its
/// origin in the message: paths and queries may hold names of objects and signatures. `route` is the way that
/// the request went, and is named unless it is the direct one.
Status HttpTransportError(CURLcode code, std::string_view detail, std::string_view url,
                          const ProxyRoute& route, const CallContext& context);

}  // namespace mbk
