#include "net/jwt.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/hash.h"

namespace mbk {
namespace {

// Below this, RS256 is not to be used (RFC 7518 §3.3), and Google takes no such key.
constexpr int kLeastBits = 2048;

// OpenSSL would ask for the password of an encrypted key at the terminal.
int NoPassword(char*, int, int, void*) { return 0; }

EVP_PKEY* KeyOf(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

}  // namespace

std::string Base64UrlEncode(std::string_view bytes) {
  std::string text = Base64Encode(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

Result<RsaPrivateKey> RsaPrivateKey::FromPem(std::string_view pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                &BIO_free);
  EVP_PKEY* read = bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassword, nullptr) : nullptr;
  if (read == nullptr) return InvalidArgument("no private key in PEM without password");
  std::shared_ptr<void> key(read, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); });
  if (EVP_PKEY_get_base_id(read) != EVP_PKEY_RSA) return InvalidArgument("the private key is not of RSA");
  if (EVP_PKEY_get_bits(read) < kLeastBits) return InvalidArgument("the RSA key has less than 2048 bits");
  return RsaPrivateKey(std::move(key));
}

Result<std::string> RsaPrivateKey::SignSha256(std::string_view data) const {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, KeyOf(key_)) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, data.size()) != 1) {
    return Internal("OpenSSL does not sign with SHA-256 and RSA");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                     data.size()) != 1) {
    return Internal("OpenSSL does not sign with this RSA key");
  }
  signature.resize(size);
  return signature;
}

Result<std::string> SignJwt(std::string_view header, std::string_view claims, const RsaPrivateKey& key) {
  std::string token = Base64UrlEncode(header) + "." + Base64UrlEncode(claims);
  MBK_TRY_ASSIGN(std::string signature, key.SignSha256(token));
  return token + "." + Base64UrlEncode(signature);
}

}  // namespace mbk
