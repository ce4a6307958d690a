#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mbk {

/// A time as HTTP's Date header shows it (RFC 9110 §5.6.7): "Fri, 26 Jun 2015 23:39:12 GMT".
std::string HttpDate(std::chrono::system_clock::time_point time);

/// The same, read; nothing for any other text, also for the obsolete forms.
std::optional<std::chrono::system_clock::time_point> ParseHttpDate(std::string_view text);

}  // namespace mbk
