#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace mbk::credentials {

/// Names, lower case, and values of one section.
using IniSection = std::map<std::string, std::string, std::less<>>;
using IniFile = std::map<std::string, IniSection, std::less<>>;

/// AWS's dialect of INI (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html):
///
///   file    = { line "\n" }
///   line    = "[" section "]" | name "=" value | blank name "=" value | comment | blank
///   comment = ("#" | ";") text, at the beginning of a line, or behind a blank
///
/// A line that begins with a blank belongs to the property before it ("s3 =" has such) and is passed over.
/// A section that stands twice is one; of a name that stands twice the last counts. kInvalidArgument names
/// the line; values are not repeated in it.
Result<IniFile> ParseIni(std::string_view text);

}  // namespace mbk::credentials
