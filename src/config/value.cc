#include "config/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "config/enum_names.h"
#include "config/text.h"

namespace mbk::config {
namespace {

// The words of Go's strconv.ParseBool, which the environment and --set of the Go tool obey.
constexpr std::array kTrueWords = {"1", "t", "T", "TRUE", "true", "True"};
constexpr std::array kFalseWords = {"0", "f", "F", "FALSE", "false", "False"};

std::optional<bool> BoolFromWord(std::string_view word) {
  if (std::ranges::find(kTrueWords, word) != kTrueWords.end()) return true;
  if (std::ranges::find(kFalseWords, word) != kFalseWords.end()) return false;
  return std::nullopt;
}

template <class Number>
std::optional<Number> WholeText(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// YAML writes 1e3 and 19530.0 as numbers too; they count when nothing is lost.
std::optional<std::int64_t> IntegralFloat(std::string_view text) {
  constexpr double kExactLimit = 9007199254740992.0;  // 2^53: above it a double skips integers
  const auto number = WholeText<double>(text);
  if (!number || std::trunc(*number) != *number || std::abs(*number) > kExactLimit) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<std::int64_t> Integer(const RawValue& raw) {
  if (raw.kind == RawValue::Kind::kList) return std::nullopt;
  if (auto number = WholeText<std::int64_t>(raw.text)) return number;
  if (raw.kind == RawValue::Kind::kPlain) return IntegralFloat(raw.text);
  return std::nullopt;
}

template <class E>
Status ParseEnum(const RawValue& raw, E& out) {
  const auto value = raw.kind == RawValue::Kind::kList ? std::nullopt : FromName<E>(raw.text);
  if (!value) return InvalidArgument(WantOneOf<E>());
  out = *value;
  return {};
}

}  // namespace

Status Parse(const RawValue& raw, std::string& out) {
  if (raw.kind == RawValue::Kind::kList) return InvalidArgument("want one value, not a list");
  out = raw.text;
  return {};
}

Status Parse(const RawValue& raw, bool& out) {
  const auto value = raw.kind == RawValue::Kind::kList ? std::nullopt : BoolFromWord(raw.text);
  const bool is_yaml_number = raw.kind == RawValue::Kind::kPlain && (raw.text == "0" || raw.text == "1");
  if (!value || is_yaml_number) return InvalidArgument("want true or false");
  out = *value;
  return {};
}

Status Parse(const RawValue& raw, int& out) {
  const auto number = Integer(raw);
  if (!number || *number < std::numeric_limits<int>::min() || *number > std::numeric_limits<int>::max()) {
    return InvalidArgument("want a whole number");
  }
  out = static_cast<int>(*number);
  return {};
}

Status Parse(const RawValue& raw, std::int64_t& out) {
  const auto number = Integer(raw);
  if (!number) return InvalidArgument("want a whole number");
  out = *number;
  return {};
}

Status Parse(const RawValue& raw, std::vector<std::string>& out) {
  if (raw.kind == RawValue::Kind::kText) {
    out = SplitCommas(raw.text);
    return {};
  }
  if (raw.kind != RawValue::Kind::kList) return InvalidArgument("must be a YAML list, e.g. [a, b]");
  if (raw.odd_items) return InvalidArgument("every item of the list must be a plain value");
  std::vector<std::string> items;
  for (const std::string& item : raw.items) {
    if (const auto trimmed = Trimmed(item); !trimmed.empty()) items.emplace_back(trimmed);
  }
  out = std::move(items);
  return {};
}

Status Parse(const RawValue& raw, Provider& out) { return ParseEnum(raw, out); }
Status Parse(const RawValue& raw, AuthType& out) { return ParseEnum(raw, out); }
Status Parse(const RawValue& raw, TransferMode& out) { return ParseEnum(raw, out); }

Status Parse(const RawValue& raw, TlsMode& out) {
  // The numbers of v1; whoever carries them over gets the new word, not just a list of words.
  for (const auto& [number, mode] : {std::pair{"0", TlsMode::kDisabled}, std::pair{"1", TlsMode::kServer},
                                     std::pair{"2", TlsMode::kMutual}}) {
    if (raw.text == number) {
      return InvalidArgument(
          fmt::format("{}; write {} for what v1 called {}", WantOneOf<TlsMode>(), NameOf(mode), number));
    }
  }
  return ParseEnum(raw, out);
}

Status Parse(const RawValue& raw, PathStyle& out) {
  bool path = false;
  if (Parse(raw, path).ok()) {
    out = path ? PathStyle::kPath : PathStyle::kVirtualHost;
    return {};
  }
  return ParseEnum(raw, out);
}

std::string Format(const std::string& value) { return value; }
std::string Format(bool value) { return value ? "true" : "false"; }
std::string Format(int value) { return std::to_string(value); }
std::string Format(std::int64_t value) { return std::to_string(value); }
std::string Format(const std::vector<std::string>& value) { return fmt::format("{}", fmt::join(value, ",")); }
std::string Format(Provider value) { return std::string(NameOf(value)); }
std::string Format(AuthType value) { return std::string(NameOf(value)); }
std::string Format(TlsMode value) { return std::string(NameOf(value)); }
std::string Format(TransferMode value) { return std::string(NameOf(value)); }
std::string Format(PathStyle value) { return std::string(NameOf(value)); }

std::vector<std::string> SplitCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const auto comma = text.find(',');
    if (const auto part = Trimmed(text.substr(0, comma)); !part.empty()) parts.emplace_back(part);
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace mbk::config
