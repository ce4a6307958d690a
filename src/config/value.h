#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/config.h"

/// Values before and after they have a type.
namespace mbk::config {

/// A value as its source gave it. YAML's own types matter: `true` is a flag, `1` is not.
struct RawValue {
  enum class Kind {
    kText,    ///< from the environment, --set or a default: always a string
    kPlain,   ///< an unquoted YAML scalar
    kQuoted,  ///< a quoted YAML scalar
    kList,    ///< a YAML list
  };
  Kind kind = Kind::kText;
  std::string text;
  std::vector<std::string> items;  ///< of a list
  bool odd_items = false;          ///< the list holds an item that is empty, a list or a map
};

/// Read a raw value as the type of `out`. The error says only which form was wanted; the caller names the
/// key and shows the value unless it is secret. `out` is untouched on error.
Status Parse(const RawValue& raw, std::string& out);
Status Parse(const RawValue& raw, bool& out);
Status Parse(const RawValue& raw, int& out);
Status Parse(const RawValue& raw, std::int64_t& out);
Status Parse(const RawValue& raw, std::vector<std::string>& out);
Status Parse(const RawValue& raw, Provider& out);
Status Parse(const RawValue& raw, AuthType& out);
Status Parse(const RawValue& raw, TlsMode& out);
Status Parse(const RawValue& raw, TransferMode& out);
Status Parse(const RawValue& raw, PathStyle& out);

/// A value as a file would spell it; lists joined with commas.
std::string Format(const std::string& value);
std::string Format(bool value);
std::string Format(int value);
std::string Format(std::int64_t value);
std::string Format(const std::vector<std::string>& value);
std::string Format(Provider value);
std::string Format(AuthType value);
std::string Format(TlsMode value);
std::string Format(TransferMode value);
std::string Format(PathStyle value);

/// The trimmed, non-empty parts of a comma-separated text.
std::vector<std::string> SplitCommas(std::string_view text);

}  // namespace mbk::config
