#include "net/http_headers.h"

#include <algorithm>

namespace mbk {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  return lower;
}

const std::string* HttpHeaders::Find(std::string_view name) const {
  for (const auto& [line_name, value] : lines_) {
    if (std::equal(line_name.begin(), line_name.end(), name.begin(), name.end(),
                   [](char a, char b) { return Lower(a) == Lower(b); })) {
      return &value;
    }
  }
  return nullptr;
}

std::string_view HttpHeaders::Get(std::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

bool HttpHeaders::Has(std::string_view name) const { return Find(name) != nullptr; }

}  // namespace mbk
