#include "base/timestamp.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace mbk {
namespace {

using Time = std::chrono::system_clock::time_point;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool HasShape(std::string_view text, std::string_view shape) {
  return text.size() == shape.size() &&
         std::equal(text.begin(), text.end(), shape.begin(),
                    [](char c, char wanted) { return wanted == '0' ? IsDigit(c) : c == wanted; });
}

int Number(std::string_view digits) {
  int number = 0;
  for (char c : digits) number = number * 10 + (c - '0');
  return number;
}

// What local time is ahead of UTC by: "Z", "+01:00", "-03:30".
std::optional<std::chrono::minutes> OffsetOf(std::string_view zone) {
  if (zone == "Z") return std::chrono::minutes(0);
  if (!HasShape(zone, "+00:00") && !HasShape(zone, "-00:00")) return std::nullopt;
  const int hours = Number(zone.substr(1, 2)), minutes = Number(zone.substr(4, 2));
  if (hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(hours * 60 + minutes);
  return zone.front() == '-' ? -offset : offset;
}

}  // namespace

Result<Time> ParseTimestamp(std::string_view text) {
  const Status refused = DataLoss(fmt::format("\"{:.40}\" is no time of RFC 3339", text));
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  const std::string_view seconds = text.substr(0, kShape.size());
  const std::string_view rest = text.substr(seconds.size());
  const std::string_view fraction = rest.substr(0, rest.find_first_of("Z+-"));
  const std::optional<std::chrono::minutes> offset = OffsetOf(rest.substr(fraction.size()));
  if (!HasShape(seconds, kShape) || !offset) return refused;
  const bool is_fraction =
      fraction.size() > 1 && fraction.front() == '.' && std::ranges::all_of(fraction.substr(1), IsDigit);
  if (!fraction.empty() && !is_fraction) return refused;

  const std::chrono::year_month_day date{
      std::chrono::year(Number(seconds.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(Number(seconds.substr(5, 2)))),
      std::chrono::day(static_cast<unsigned>(Number(seconds.substr(8, 2))))};
  const int hour = Number(seconds.substr(11, 2)), minute = Number(seconds.substr(14, 2)),
            second = Number(seconds.substr(17, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return refused;
  // The clock counts nanoseconds in 64 bits, from 1677 to 2262; "9999-12-31" is how some say "never", and
  // what lies before 1970 is long past.
  if (date.year() > std::chrono::year(2261)) return Time::max();
  if (date.year() < std::chrono::year(1970)) return Time();
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) - *offset;
}

}  // namespace mbk
