#include "base/crc32c.h"

#include <array>
#include <cstring>

#include "base/hash.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace mbk {
namespace {

constexpr std::uint32_t kPolynomial =
    0x82F63B78;  // reversed, as the bits of a byte are taken from the low end

// kTables[0][b] is the CRC of the byte b; kTables[n][b] that of b and n zero bytes ("slicing by eight").
constexpr auto kTables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t n = 1; n < tables.size(); ++n) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t shorter = tables[n - 1][byte];
      tables[n][byte] = (shorter >> 8) ^ tables[0][shorter & 0xFF];
    }
  }
  return tables;
}();

std::uint32_t TakeByte(std::uint32_t crc, char byte) {
  return (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t FromInstruction(std::string_view data, std::uint32_t before) {
  std::uint64_t crc = ~before;
  std::size_t at = 0;
  for (; at + 8 <= data.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, data.data() + at, sizeof(word));
    crc = _mm_crc32_u64(crc, word);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (; at < data.size(); ++at) rest = _mm_crc32_u8(rest, static_cast<unsigned char>(data[at]));
  return ~rest;
}
#endif

}  // namespace

namespace crc32c_internal {
std::uint32_t FromTables(std::string_view data, std::uint32_t before) {
  std::uint32_t crc = ~before;
  std::size_t at = 0;
  for (; at + 8 <= data.size(); at += 8) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(data[at + i]); };
    crc = kTables[7][(crc ^ byte(0)) & 0xFF] ^ kTables[6][((crc >> 8) ^ byte(1)) & 0xFF] ^
          kTables[5][((crc >> 16) ^ byte(2)) & 0xFF] ^ kTables[4][(crc >> 24) ^ byte(3)] ^
          kTables[3][byte(4)] ^ kTables[2][byte(5)] ^ kTables[1][byte(6)] ^ kTables[0][byte(7)];
  }
  for (; at < data.size(); ++at) crc = TakeByte(crc, data[at]);
  return ~crc;
}
}  // namespace crc32c_internal

std::uint32_t Crc32c(std::string_view data, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return FromInstruction(data, before);
#endif
  return crc32c_internal::FromTables(data, before);
}

std::string Crc32cBase64(std::uint32_t crc) {
  const std::string bytes = {static_cast<char>(crc >> 24), static_cast<char>(crc >> 16),
                             static_cast<char>(crc >> 8), static_cast<char>(crc)};
  return Base64Encode(bytes);
}

}  // namespace mbk
