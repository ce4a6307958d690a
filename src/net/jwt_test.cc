#include "net/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/rsa_keys.h"

namespace mbk {
namespace {

using testing::HasSubstr;
using testing::Not;

// RFC 7515, appendix A.2: key, header, claims and the signature in it.
TEST(Jwt, SignsAsTheStandardDoes) {
  auto key = RsaPrivateKey::FromPem(nettest::kRfc7515Key);
  ASSERT_TRUE(key.ok()) << key.status().message();
  auto token =
      SignJwt(R"({"alg":"RS256"})",
              "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", *key);
  ASSERT_TRUE(token.ok()) << token.status().message();
  EXPECT_EQ(
      *token,
      "eyJhbGciOiJSUzI1NiJ9"
      ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
      ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujG"
      "bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0"
      "GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6Lb"
      "gGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
}

TEST(Jwt, EncodesForUrlsWithoutPadding) {
  EXPECT_EQ(Base64UrlEncode("\xFB\xFF\xBF"), "-_-_");
  EXPECT_EQ(Base64UrlEncode("a"), "YQ");
  EXPECT_EQ(Base64UrlEncode(""), "");
}

TEST(Jwt, RefusesKeysThatCannotSign) {
  const std::string cut(nettest::kRfc7515Key, 200);
  for (const std::string& pem :
       {std::string(), std::string("no key"), cut, std::string(nettest::kEncryptedKey)}) {
    auto key = RsaPrivateKey::FromPem(pem);
    EXPECT_EQ(key.status().code(), Code::kInvalidArgument);
    EXPECT_THAT(key.status().message(), Not(HasSubstr("MII")));
  }
  EXPECT_THAT(RsaPrivateKey::FromPem(nettest::kShortKey).status().message(), HasSubstr("2048 bits"));
}

}  // namespace
}  // namespace mbk
