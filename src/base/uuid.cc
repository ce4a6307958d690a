#include "base/uuid.h"

#include <fmt/core.h>

#include <cstdint>
#include <random>

namespace mbk {

std::string NewUuid() {
  std::random_device random;
  std::uint64_t high = (std::uint64_t{random()} << 32) | random();
  std::uint64_t low = (std::uint64_t{random()} << 32) | random();
  high = (high & ~0xF000ULL) | 0x4000ULL;      // version 4
  low = (low & ~(3ULL << 62)) | (2ULL << 62);  // the variant of RFC 4122
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF, high & 0xFFFF,
                     low >> 48, low & 0xFFFFFFFFFFFFULL);
}

}  // namespace mbk
