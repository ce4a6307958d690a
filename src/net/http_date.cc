#include "net/http_date.h"

#include <fmt/chrono.h>

namespace mbk {

std::string HttpDate(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace mbk
