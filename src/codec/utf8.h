#pragma once

#include <string_view>

namespace mbk::codec {

/// Whether `text` is UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

}  // namespace mbk::codec
