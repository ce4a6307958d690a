#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mbk {

/// CRC-32C (Castagnoli; RFC 3720 appendix B.4) of `data`, or of `data` behind bytes whose CRC is `before`. By
/// the processor's own instruction where it has one (SSE 4.2), else from tables.
std::uint32_t Crc32c(std::string_view data, std::uint32_t before = 0);

/// As Google Cloud Storage writes it: base64 of the four bytes, the most significant one first.
std::string Crc32cBase64(std::uint32_t crc);

namespace crc32c_internal {
/// The way without the instruction.
std::uint32_t FromTables(std::string_view data, std::uint32_t before);
}  // namespace crc32c_internal

}  // namespace mbk
