#include "transfer/digest_log.h"

#include <algorithm>
#include <charconv>
#include <functional>

namespace mbk {
namespace {

// 64 bits of a good hash: among a million keys two collide with a chance of 1 in 40 million.
std::uint64_t HashOf(const ObjectKey& key) { return std::hash<std::string>()(key.str()); }

std::optional<std::array<std::uint8_t, 16>> FromHex(std::string_view hex) {
  std::array<std::uint8_t, 16> bytes;
  if (hex.size() != 2 * bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* begin = hex.data() + 2 * i;
    if (std::from_chars(begin, begin + 2, bytes[i], 16).ptr != begin + 2) return std::nullopt;
  }
  return bytes;
}

std::string ToHex(const std::array<std::uint8_t, 16>& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (std::uint8_t byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

}  // namespace

void DigestLog::Add(const ObjectKey& key, const Digest& digest) {
  if (digest.kind != Digest::Kind::kMd5) return;
  if (auto md5 = FromHex(digest.hex)) entries_.push_back({HashOf(key), *md5});
}

void DigestLog::Seal() {
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.key_hash < b.key_hash; });
}

Digest DigestLog::Find(const ObjectKey& key) const {
  const std::uint64_t hash = HashOf(key);
  auto after = std::upper_bound(entries_.begin(), entries_.end(), hash,
                                [](std::uint64_t h, const Entry& e) { return h < e.key_hash; });
  if (after == entries_.begin() || std::prev(after)->key_hash != hash) return {};
  return {Digest::Kind::kMd5, ToHex(std::prev(after)->md5)};
}

}  // namespace mbk
