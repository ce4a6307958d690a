#include "milvus/timestamptz.h"

#include <fmt/core.h>

#include <chrono>

namespace mbk {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::sys_days;
using SysTime = std::chrono::sys_time<microseconds>;

bool Take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

/// Exactly `digits` digits.
std::optional<int> TakeDigits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

std::optional<sys_days> TakeDate(std::string_view& text) {
  std::optional<int> year = TakeDigits(text, 4);
  if (!year || !Take(text, "-")) return std::nullopt;
  std::optional<int> month = TakeDigits(text, 2);
  if (!month || !Take(text, "-")) return std::nullopt;
  std::optional<int> day = TakeDigits(text, 2);
  if (!day) return std::nullopt;
  std::chrono::year_month_day date{std::chrono::year(*year),
                                   std::chrono::month(static_cast<unsigned>(*month)),
                                   std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

/// Microseconds of ".123456789"; 0 when there is no fraction.
std::optional<int> TakeFraction(std::string_view& text) {
  if (!Take(text, ".")) return 0;
  int value = 0;
  int digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 6) value = value * 10 + (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 6; ++digits) value *= 10;
  return value;
}

std::optional<microseconds> TakeTime(std::string_view& text) {
  std::optional<int> hour = TakeDigits(text, 2);
  if (!hour || !Take(text, ":")) return std::nullopt;
  std::optional<int> minute = TakeDigits(text, 2);
  if (!minute || !Take(text, ":")) return std::nullopt;
  std::optional<int> second = TakeDigits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::optional<int> fraction = TakeFraction(text);
  if (!fraction) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
         microseconds(*fraction);
}

/// What local time is ahead of UTC.
std::optional<std::chrono::minutes> TakeZone(std::string_view& text) {
  if (text.empty() || Take(text, "Zz")) return std::chrono::minutes(0);
  const bool behind = text.front() == '-';
  if (!Take(text, "+-")) return std::nullopt;
  std::optional<int> hours = TakeDigits(text, 2);
  if (!hours || !Take(text, ":")) return std::nullopt;
  std::optional<int> minutes = TakeDigits(text, 2);
  if (!minutes) return std::nullopt;
  std::chrono::minutes ahead = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return behind ? -ahead : ahead;
}

constexpr std::int64_t ToMicroseconds(sys_days day) { return SysTime(day).time_since_epoch().count(); }
constexpr std::int64_t kFirst = ToMicroseconds(std::chrono::year(1) / 1 / 1);
constexpr std::int64_t kBehindLast = ToMicroseconds(std::chrono::year(10'000) / 1 / 1);

}  // namespace

std::optional<std::string> FormatTimestamptz(std::int64_t value) {
  if (value < kFirst || value >= kBehindLast) return std::nullopt;
  const SysTime time{microseconds(value)};
  const sys_days day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<microseconds> clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<std::int64_t> ParseTimestamptz(std::string_view text) {
  std::optional<sys_days> day = TakeDate(text);
  if (!day || !Take(text, "T ")) return std::nullopt;
  std::optional<microseconds> clock = TakeTime(text);
  if (!clock) return std::nullopt;
  std::optional<std::chrono::minutes> ahead = TakeZone(text);
  if (!ahead || !text.empty()) return std::nullopt;
  return (SysTime(*day) + *clock - *ahead).time_since_epoch().count();
}

}  // namespace mbk
