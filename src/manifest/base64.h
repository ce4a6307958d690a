#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mbk::manifest {

/// Standard base64 with padding (RFC 4648 §4), as Go's encoding/base64.StdEncoding writes it.
std::string Base64Encode(std::string_view bytes);
/// nullopt for text that is not base64 of whole bytes.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace mbk::manifest
