#include "ops/load/temporary_name.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/uuid.h"

namespace mbk::load {
namespace {

constexpr std::string_view kPrefix = "_mbk_";
constexpr std::string_view kAside = "_old";
constexpr std::size_t kRunIdLength = 12;
constexpr int kLargestNumber = 1'000'000;

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::optional<int> ParseNumber(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || text.front() == '0' || number < 1 || number > kLargestNumber) return std::nullopt;
  return number;
}

}  // namespace

std::string NewRunId() {
  std::string id = NewUuid();
  std::erase(id, '-');
  return id.substr(id.size() - kRunIdLength);
}

std::string TemporaryName(const std::string& run_id, int number) {
  return fmt::format("{}{}_{}", kPrefix, run_id, number);
}

std::string AsideName(const std::string& run_id, int number) {
  return TemporaryName(run_id, number) + std::string(kAside);
}

std::optional<TemporaryNameParts> ParseTemporaryName(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  if (name.size() < kRunIdLength + 2 || name[kRunIdLength] != '_') return std::nullopt;
  const std::string_view run_id = name.substr(0, kRunIdLength);
  if (!std::all_of(run_id.begin(), run_id.end(), IsHexDigit)) return std::nullopt;
  name.remove_prefix(kRunIdLength + 1);
  const bool aside = name.ends_with(kAside);
  if (aside) name.remove_suffix(kAside.size());
  const std::optional<int> number = ParseNumber(name);
  if (!number) return std::nullopt;
  return TemporaryNameParts{.run_id = std::string(run_id), .number = *number, .aside = aside};
}

bool IsTemporaryName(std::string_view name) { return ParseTemporaryName(name).has_value(); }

}  // namespace mbk::load
