#include "net/http_date.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace mbk {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// The digits at `begin`; -1 when they are none.
int NumberAt(std::string_view text, std::size_t begin, std::size_t digits) {
  const char* end = text.data() + begin + digits;
  int number = -1;
  const auto [stop, error] = std::from_chars(text.data() + begin, end, number);
  return error == std::errc() && stop == end ? number : -1;
}

}  // namespace

std::string HttpDate(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::optional<std::chrono::system_clock::time_point> ParseHttpDate(std::string_view text) {
  constexpr std::string_view kForm = "Fri, 26 Jun 2015 23:39:12 GMT";
  if (text.size() != kForm.size() || text.substr(3, 2) != ", " || !text.ends_with(" GMT"))
    return std::nullopt;
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  const int day = NumberAt(text, 5, 2), year = NumberAt(text, 12, 4);
  const int hour = NumberAt(text, 17, 2), minute = NumberAt(text, 20, 2), second = NumberAt(text, 23, 2);
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(month - kMonths.begin() + 1),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (month == kMonths.end() || year < 1970 || day < 0 || !date.ok()) return std::nullopt;
  // 60: a leap second.
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace mbk
