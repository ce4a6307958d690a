#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/object_store.h"

namespace mbk {

/// Remembers the MD5 of each object that a run wrote, in 24 bytes an object, until objects.json is
/// written. Add from one thread at a time; look up once all are added.
class DigestLog {
 public:
  /// Other kinds than MD5, and none, are not kept.
  void Add(const ObjectKey& key, const Digest& digest);
  /// Make look-ups possible. Of two entries for a key the later wins.
  void Seal();
  Digest Find(const ObjectKey& key) const;

 private:
  struct Entry {
    std::uint64_t key_hash = 0;
    std::array<std::uint8_t, 16> md5{};
  };
  std::vector<Entry> entries_;
};

}  // namespace mbk
