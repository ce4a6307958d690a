#pragma once

#include <chrono>
#include <string>

namespace mbk {

/// A time as HTTP's Date header shows it (RFC 9110 §5.6.7): "Fri, 26 Jun 2015 23:39:12 GMT".
std::string HttpDate(std::chrono::system_clock::time_point time);

}  // namespace mbk
