#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/object_store.h"

namespace mbk {

/// Remembers the MD5, XXH128 or SHA-256 of each object that a run wrote, in 24 or 40 bytes an object, until
/// objects.json is written. Add from one thread at a time; look up once all are added.
class DigestLog {
 public:
  /// Other kinds, and none, are not kept.
  void Add(const ObjectKey& key, const Digest& digest);
  /// Make look-ups possible. Of two entries for a key the later wins, of several kinds SHA-256, then XXH128.
  void Seal();
  Digest Find(const ObjectKey& key) const;

 private:
  /// Digests of one size.
  template <std::size_t kBytes>
  class Table {
   public:
    void Add(std::uint64_t key_hash, std::string_view hex);
    void Seal();
    /// In hex; empty when there is none.
    std::string Find(std::uint64_t key_hash) const;

   private:
    struct Entry {
      std::uint64_t key_hash = 0;
      std::array<std::uint8_t, kBytes> digest{};
    };
    std::vector<Entry> entries_;
  };

  Table<16> md5_;
  Table<16> xxh128_;
  Table<32> sha256_;
};

}  // namespace mbk
