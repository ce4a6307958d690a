#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "config/value.h"

/// A YAML file as a flat list of dotted keys.
namespace mbk::config {

struct FileValue {
  RawValue value;
  std::string spelling;  ///< the dotted key as the file has it
  int line = 0;          ///< counted from 1
};

/// By lower-cased dotted key: keys are case-insensitive.
using FileValues = std::map<std::string, FileValue, std::less<>>;

/// Flatten the first document of a YAML text. Nested maps become dotted keys, null leaves are left out, an
/// empty text is an empty map. Errors (kInvalidArgument) carry line and column, never a value: broken syntax;
/// a root that is no map; a key that is no string; a key given twice, be it in other case or as a dotted
/// key; merge keys ("<<"); more than 10,000 nodes (aliases counted each time they are used), 32 levels, or
/// 256 bytes in a key.
Result<FileValues> FlattenYaml(std::string_view text);

}  // namespace mbk::config
