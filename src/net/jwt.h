#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

/// JSON Web Tokens signed with RS256 (RFC 7515, RFC 7518 §3.3), as service accounts prove who they are.
namespace mbk {

/// RFC 4648 §5 without padding.
std::string Base64UrlEncode(std::string_view bytes);

/// An RSA key that signs. Copies share the key. Thread-safe.
class RsaPrivateKey {
 public:
  /// From PEM, PKCS #8 or PKCS #1, not encrypted. kInvalidArgument otherwise; the message holds nothing of
  /// `pem`.
  static Result<RsaPrivateKey> FromPem(std::string_view pem);

  /// RSASSA-PKCS1-v1_5 with SHA-256.
  Result<std::string> SignSha256(std::string_view data) const;

 private:
  explicit RsaPrivateKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;  // EVP_PKEY; OpenSSL's headers stay out of ours
};

/// `header` and `claims` are JSON texts; the header has to say "alg":"RS256".
Result<std::string> SignJwt(std::string_view header, std::string_view claims, const RsaPrivateKey& key);

}  // namespace mbk
