#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

/// Digests, HMAC and base64 on OpenSSL's EVP, and XXH3 of xxHash. Free functions are thread-safe.
namespace mbk {

using Sha256Bytes = std::array<std::uint8_t, 32>;

std::string HexEncode(std::string_view bytes);
std::string HexEncode(const Sha256Bytes& bytes);

/// Lower-case hex digest of `data`.
std::string Md5Hex(std::string_view data);
std::string Sha256Hex(std::string_view data);
std::string Xxh128Hex(std::string_view data);
/// The raw 16 bytes, as Content-MD5 wants them (then in base64).
std::string Md5Raw(std::string_view data);

/// HMAC-SHA256; `key` of any length.
Sha256Bytes HmacSha256(std::string_view key, std::string_view data);
Sha256Bytes HmacSha256(const Sha256Bytes& key, std::string_view data);

/// The raw 20 bytes of HMAC-SHA1, which Signature V2 is made of.
std::string HmacSha1(std::string_view key, std::string_view data);

/// RFC 4648 §4, padded, without line breaks.
std::string Base64Encode(std::string_view bytes);
/// kInvalidArgument for anything but padded base64 of one line.
Result<std::string> Base64Decode(std::string_view text);

namespace hash_internal {
/// A digest fed piece by piece. Movable, one thread at a time; of no use after Hex() or Raw().
class Streaming {
 public:
  void Update(std::string_view data);
  std::string Raw();
  std::string Hex() { return HexEncode(Raw()); }

 protected:
  explicit Streaming(const void* algorithm);

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;  // EVP_MD_CTX; OpenSSL's headers stay out of ours
};
}  // namespace hash_internal

class Md5 : public hash_internal::Streaming {
 public:
  Md5();
};

class Sha256 : public hash_internal::Streaming {
 public:
  Sha256();
};

/// XXH3 in 128 bits, seed 0, as `xxhsum -H2` prints it. It finds whatever goes wrong by accident at the speed
/// of memory, and nothing that somebody did on purpose (docs/adr/0021). Used like the others.
class Xxh128 {
 public:
  Xxh128();
  void Update(std::string_view data);
  std::string Hex() const;

 private:
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;  // XXH3_state_t; xxHash's header stays out of ours
};

}  // namespace mbk
