#include "store/credentials/timestamp.h"

#include <fmt/core.h>

#include <algorithm>

namespace mbk::credentials {
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

}  // namespace

Result<Time> ParseUtcTimestamp(std::string_view text) {
  const Status refused = DataLoss(fmt::format("\"{:.40}\" is no time in UTC", text));
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  const std::string_view seconds = text.substr(0, kShape.size());
  std::string_view rest = text.substr(seconds.size());
  if (!HasShape(seconds, kShape) || !rest.ends_with('Z')) return refused;
  rest.remove_suffix(1);
  const bool fraction =
      rest.size() > 1 && rest.front() == '.' && std::ranges::all_of(rest.substr(1), IsDigit);
  if (!rest.empty() && !fraction) return refused;

  const std::chrono::year_month_day date{
      std::chrono::year(Number(seconds.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(Number(seconds.substr(5, 2)))),
      std::chrono::day(static_cast<unsigned>(Number(seconds.substr(8, 2))))};
  const int hour = Number(seconds.substr(11, 2)), minute = Number(seconds.substr(14, 2)),
            second = Number(seconds.substr(17, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return refused;
  // The clock counts nanoseconds in 64 bits, which end in 2262; "9999-12-31" is how some say "never".
  if (date.year() > std::chrono::year(2261)) return Time::max();
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace mbk::credentials
