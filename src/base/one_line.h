#pragma once

#include <string>
#include <string_view>

namespace mbk {

/// What a service wrote, fit for one line of a message: no control characters, at most 300 bytes.
std::string OneLine(std::string_view text);

}  // namespace mbk
