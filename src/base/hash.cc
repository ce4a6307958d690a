#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <xxhash.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>  // with the widest instructions that this processor has
#endif

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>

#include "base/log.h"

namespace mbk {
namespace {

// OpenSSL refuses only when memory is gone or the algorithm is switched off: nothing can be signed then.
void MustSucceed(bool ok, const char* what) {
  if (ok) return;
  log::Error("OpenSSL: {} failed; is the algorithm disabled in openssl.cnf?", what);
  std::abort();
}

// Fetched once: in OpenSSL 3 EVP_md5() and EVP_get_digest() look the provider up at each use.
const EVP_MD* Md5Algorithm() {
  // Not as a security measure: S3 demands Content-MD5, so a FIPS default must not take it away.
  static const EVP_MD* algorithm = EVP_MD_fetch(nullptr, "MD5", "-fips");
  MustSucceed(algorithm != nullptr, "fetching MD5");
  return algorithm;
}

const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  MustSucceed(algorithm != nullptr, "fetching SHA256");
  return algorithm;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeContext>;

// Each thread keeps one context: a request is signed with some ten digests.
EVP_MD_CTX* ThreadContext() {
  thread_local ContextPtr context(EVP_MD_CTX_new());
  MustSucceed(context != nullptr, "EVP_MD_CTX_new");
  return context.get();
}

void DigestInto(const EVP_MD* algorithm, std::string_view first, std::string_view second, std::uint8_t* out) {
  EVP_MD_CTX* context = ThreadContext();
  MustSucceed(EVP_DigestInit_ex2(context, algorithm, nullptr) == 1 &&
                  EVP_DigestUpdate(context, first.data(), first.size()) == 1 &&
                  EVP_DigestUpdate(context, second.data(), second.size()) == 1 &&
                  EVP_DigestFinal_ex(context, out, nullptr) == 1,
              "digest");
}

std::string_view View(const Sha256Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Sha256Bytes Sha256Of(std::string_view first, std::string_view second = {}) {
  Sha256Bytes out;
  DigestInto(Sha256Algorithm(), first, second, out.data());
  return out;
}

std::string HexOf(const XXH128_hash_t& hash) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  return HexEncode(std::string_view(reinterpret_cast<const char*>(bytes.digest), sizeof(bytes.digest)));
}

}  // namespace

std::string HexEncode(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex(bytes.size() * 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto byte = static_cast<unsigned char>(bytes[i]);
    hex[2 * i] = kDigits[byte >> 4];
    hex[2 * i + 1] = kDigits[byte & 15];
  }
  return hex;
}

std::string HexEncode(const Sha256Bytes& bytes) { return HexEncode(View(bytes)); }

std::string Md5Raw(std::string_view data) {
  std::string out(16, '\0');
  DigestInto(Md5Algorithm(), data, {}, reinterpret_cast<std::uint8_t*>(out.data()));
  return out;
}

std::string Md5Hex(std::string_view data) { return HexEncode(Md5Raw(data)); }

std::string Sha256Hex(std::string_view data) { return HexEncode(Sha256Of(data)); }

std::string Xxh128Hex(std::string_view data) { return HexOf(XXH3_128bits(data.data(), data.size())); }

// RFC 2104 spelt out: four digest updates on a kept context, where EVP_MAC would allocate for each call.
Sha256Bytes HmacSha256(std::string_view key, std::string_view data) {
  constexpr std::size_t kBlock = 64;
  std::array<char, kBlock> inner{};
  if (key.size() > kBlock) {
    Sha256Bytes digest = Sha256Of(key);
    std::copy(digest.begin(), digest.end(), inner.begin());
  } else {
    std::copy(key.begin(), key.end(), inner.begin());
  }
  std::array<char, kBlock> outer = inner;
  for (char& c : inner) c ^= 0x36;
  for (char& c : outer) c ^= 0x5c;
  Sha256Bytes message = Sha256Of({inner.data(), kBlock}, data);
  return Sha256Of({outer.data(), kBlock}, View(message));
}

Sha256Bytes HmacSha256(const Sha256Bytes& key, std::string_view data) { return HmacSha256(View(key), data); }

std::string HmacSha1(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  MustSucceed(
      HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(), &size) != nullptr,
      "HMAC-SHA1");
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string Base64Encode(std::string_view bytes) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) / 2) {
    MustSucceed(false, "base64 of more than 1 GiB");
  }
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a NUL
  int written =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

Result<std::string> Base64Decode(std::string_view text) {
  const Status bad = InvalidArgument("not base64");
  if (text.size() % 4 != 0 || text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return bad;
  if (text.empty()) return std::string();
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  // EVP_DecodeBlock forgives surrounding blanks and '=' anywhere; the format does not.
  auto allowed = [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  if (!std::all_of(text.begin(), text.end() - static_cast<std::ptrdiff_t>(padding), allowed)) return bad;
  std::string bytes(text.size() / 4 * 3, '\0');
  int written =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (written < 0) return bad;
  bytes.resize(static_cast<std::size_t>(written) - padding);
  return bytes;
}

namespace hash_internal {

Streaming::Streaming(const void* algorithm) : context_(EVP_MD_CTX_new()) {
  auto* context = static_cast<EVP_MD_CTX*>(context_.get());
  MustSucceed(
      context != nullptr && EVP_DigestInit_ex2(context, static_cast<const EVP_MD*>(algorithm), nullptr) == 1,
      "digest");
}

void Streaming::Free::operator()(void* context) const { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context)); }

void Streaming::Update(std::string_view data) {
  MustSucceed(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), data.data(), data.size()) == 1,
              "digest");
}

std::string Streaming::Raw() {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  MustSucceed(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_.get()),
                                 reinterpret_cast<unsigned char*>(out.data()), &size) == 1,
              "digest");
  out.resize(size);
  return out;
}

}  // namespace hash_internal

Md5::Md5() : Streaming(Md5Algorithm()) {}
Sha256::Sha256() : Streaming(Sha256Algorithm()) {}

Xxh128::Xxh128() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_.get()));
}

void Xxh128::Free::operator()(void* state) const { XXH3_freeState(static_cast<XXH3_state_t*>(state)); }

void Xxh128::Update(std::string_view data) {
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_.get()), data.data(), data.size());
}

std::string Xxh128::Hex() const {
  return HexOf(XXH3_128bits_digest(static_cast<const XXH3_state_t*>(state_.get())));
}

}  // namespace mbk
