#include "transfer/digest_log.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <utility>

#include "base/hash.h"

namespace mbk {
namespace {

// 64 bits of a good hash: among a million keys two collide with a chance of 1 in 40 million.
std::uint64_t HashOf(const ObjectKey& key) { return std::hash<std::string>()(key.str()); }

template <std::size_t kBytes>
bool ReadHex(std::string_view hex, std::array<std::uint8_t, kBytes>& bytes) {
  if (hex.size() != 2 * kBytes) return false;
  for (std::size_t i = 0; i < kBytes; ++i) {
    const char* begin = hex.data() + 2 * i;
    if (std::from_chars(begin, begin + 2, bytes[i], 16).ptr != begin + 2) return false;
  }
  return true;
}

}  // namespace

template <std::size_t kBytes>
void DigestLog::Table<kBytes>::Add(std::uint64_t key_hash, std::string_view hex) {
  Entry entry{.key_hash = key_hash};
  if (ReadHex(hex, entry.digest)) entries_.push_back(entry);
}

template <std::size_t kBytes>
void DigestLog::Table<kBytes>::Seal() {
  std::ranges::stable_sort(entries_, {}, &Entry::key_hash);
}

template <std::size_t kBytes>
std::string DigestLog::Table<kBytes>::Find(std::uint64_t key_hash) const {
  auto after = std::ranges::upper_bound(entries_, key_hash, {}, &Entry::key_hash);
  if (after == entries_.begin() || std::prev(after)->key_hash != key_hash) return {};
  const auto& digest = std::prev(after)->digest;
  return HexEncode(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

void DigestLog::Add(const ObjectKey& key, const Digest& digest) {
  if (digest.kind == Digest::Kind::kMd5) md5_.Add(HashOf(key), digest.hex);
  if (digest.kind == Digest::Kind::kXxh128) xxh128_.Add(HashOf(key), digest.hex);
  if (digest.kind == Digest::Kind::kSha256) sha256_.Add(HashOf(key), digest.hex);
}

void DigestLog::Seal() {
  md5_.Seal();
  xxh128_.Seal();
  sha256_.Seal();
}

Digest DigestLog::Find(const ObjectKey& key) const {
  const std::uint64_t hash = HashOf(key);
  if (std::string hex = sha256_.Find(hash); !hex.empty()) return {Digest::Kind::kSha256, std::move(hex)};
  if (std::string hex = xxh128_.Find(hash); !hex.empty()) return {Digest::Kind::kXxh128, std::move(hex)};
  if (std::string hex = md5_.Find(hash); !hex.empty()) return {Digest::Kind::kMd5, std::move(hex)};
  return {};
}

}  // namespace mbk
