#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mbk {

/// Header lines in the order of arrival; names compare without regard to case. A request has a dozen of
/// them, so a vector is searched faster than a map is built.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> lines) : lines_(lines) {}

  void Add(std::string name, std::string value) {
    constexpr std::size_t kUsual = 16;  // one allocation for most answers, instead of five that move
    if (lines_.empty()) lines_.reserve(kUsual);
    lines_.emplace_back(std::move(name), std::move(value));
  }
  /// The first value of that name; empty when there is none.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;

  auto begin() const { return lines_.begin(); }
  auto end() const { return lines_.end(); }
  std::size_t size() const { return lines_.size(); }
  void clear() { lines_.clear(); }

 private:
  const std::string* Find(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> lines_;
};

/// ASCII lower case, whatever the locale.
std::string AsciiLower(std::string_view text);

}  // namespace mbk
