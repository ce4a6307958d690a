#pragma once

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/text.h"

/// The spellings of the configuration's enumerations, one table each.
namespace mbk::config {

template <class E>
struct EnumName {
  std::string_view name;
  E value;
};

/// Every value of E with its canonical spelling.
template <class E>
std::span<const EnumName<E>> NamesOf();

template <>
std::span<const EnumName<Provider>> NamesOf();
template <>
std::span<const EnumName<AuthType>> NamesOf();
template <>
std::span<const EnumName<TlsMode>> NamesOf();
template <>
std::span<const EnumName<TransferMode>> NamesOf();
template <>
std::span<const EnumName<PathStyle>> NamesOf();

template <class E>
std::string_view NameOf(E value) {
  for (const auto& entry : NamesOf<E>()) {
    if (entry.value == value) return entry.name;
  }
  return "unknown";
}

/// The value of that name in any case.
template <class E>
std::optional<E> FromName(std::string_view name) {
  for (const auto& entry : NamesOf<E>()) {
    if (EqualIgnoringCase(entry.name, name)) return entry.value;
  }
  return std::nullopt;
}

/// "want one of a, b, c".
template <class E>
std::string WantOneOf() {
  std::string names;
  for (const auto& entry : NamesOf<E>()) {
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return "want one of " + names;
}

}  // namespace mbk::config
