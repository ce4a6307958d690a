#include "config/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace mbk::config {
namespace {

constexpr std::size_t kQuotedLimit = 120;

char LowerChar(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), LowerChar);
  return lower;
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, LowerChar, LowerChar);
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string OneLine(std::string_view text) {
  std::string shown;
  for (char c : text) {
    if (IsControl(c)) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string Quoted(std::string_view text) {
  const bool cut = text.size() > kQuotedLimit;
  return fmt::format("\"{}{}\"", OneLine(text.substr(0, kQuotedLimit)), cut ? "…" : "");
}

std::string Masked(std::string_view secret) {
  if (secret.empty()) return "";
  if (secret.size() <= 4 || !IsAscii(secret)) return "****";
  return fmt::format("{}****{}", secret.substr(0, 2), secret.substr(secret.size() - 2));
}

std::string WithoutUserInfo(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::string(url);
  const auto host_start = scheme_end + 3;
  const auto host_end = std::min(url.find_first_of("/?#", host_start), url.size());
  const auto at = url.substr(0, host_end).rfind('@');
  if (at == std::string_view::npos || at < host_start) return std::string(url);
  return fmt::format("{}****{}", url.substr(0, host_start), url.substr(at));
}

// Levenshtein's rows, computed only in the band of cells that can still be within the limit.
bool WithinEdits(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > limit) return false;
  const std::size_t far = limit + 1;
  std::vector<std::size_t> previous(b.size() + 1, far);
  std::vector<std::size_t> current(b.size() + 1, far);
  for (std::size_t j = 0; j <= std::min(b.size(), limit); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::size_t first = i > limit ? i - limit : 0;
    const std::size_t last = std::min(b.size(), i + limit);
    if (first > 0) current[first - 1] = far;
    for (std::size_t j = first; j <= last; ++j) {
      if (j == 0) {
        current[0] = i;
        continue;
      }
      const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({replaced, previous[j] + 1, current[j - 1] + 1, far});
    }
    if (last < b.size()) current[last + 1] = far;
    std::swap(previous, current);
  }
  return previous[b.size()] <= limit;
}

}  // namespace mbk::config
