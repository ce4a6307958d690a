#include "net/url.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mbk {
namespace {

TEST(PercentEncode, KeepsOnlyUnreserved) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a b/c+d=e%f&ü"), "a%20b%2Fc%2Bd%3De%25f%26%C3%BC");
  EXPECT_EQ(PercentEncode(std::string_view("\0*", 2)), "%00%2A");
  EXPECT_EQ(PercentEncodePath("/a b//c/../ü"), "/a%20b//c/../%C3%BC");
}

RC_GTEST_PROP(PercentEncode, DecodesToItself, (const std::string& text)) {
  RC_ASSERT(PercentDecode(PercentEncode(text)).value() == text);
  RC_ASSERT(FormDecode(PercentEncodePath(text)).value() == text);
}

TEST(PercentDecode, OnlyFormsTurnPlusIntoSpace) {
  EXPECT_EQ(PercentDecode("a+b%2B").value(), "a+b+");
  EXPECT_EQ(FormDecode("a+b%2B").value(), "a b+");
}

TEST(PercentDecode, RefusesHalfAnEscape) {
  for (std::string_view text : {"%", "%4", "a%4", "%zz", "%4g"}) {
    EXPECT_EQ(PercentDecode(text).status().code(), Code::kInvalidArgument) << text;
  }
  EXPECT_EQ(PercentDecode("%41").value(), "A");
}

TEST(CanonicalQuery, SortsByEncodedNameThenValue) {
  EXPECT_EQ(CanonicalQuery({{"prefix", "a b"}, {"list-type", "2"}, {"b", "2"}, {"b", "1"}}),
            "b=1&b=2&list-type=2&prefix=a%20b");
  EXPECT_EQ(CanonicalQuery({{"uploads", ""}}), "uploads=");
  EXPECT_EQ(CanonicalQuery({}), "");
}

TEST(Endpoint, LeavesOutTheSchemesOwnPort) {
  EXPECT_EQ((Endpoint{false, "h", 80}.Origin()), "http://h");
  EXPECT_EQ((Endpoint{true, "h", 443}.Origin()), "https://h");
  EXPECT_EQ((Endpoint{true, "h", 0}.Origin()), "https://h");
  EXPECT_EQ((Endpoint{false, "h", 9000}.Origin()), "http://h:9000");
  EXPECT_EQ((Endpoint{false, "::1", 9000}.Origin()), "http://[::1]:9000");
  EXPECT_EQ((Endpoint{false, "h", 443}.Origin()), "http://h:443");
}

TEST(ParseUrl, TakesWhatPeopleWrite) {
  EXPECT_EQ(ParseUrl("localhost:19530")->endpoint, (Endpoint{false, "localhost", 19530}));
  EXPECT_EQ(ParseUrl("https://milvus.example")->endpoint, (Endpoint{true, "milvus.example", 0}));
  EXPECT_EQ(ParseUrl("http://[fe80::1]:9091")->endpoint, (Endpoint{false, "fe80::1", 9091}));
  EXPECT_EQ(ParseUrl("http://h:1/base/x")->path, "/base/x");
  EXPECT_EQ(ParseUrl("http://h")->path, "");
}

TEST(ParseUrl, RefusesWhatIsNoAddress) {
  for (std::string_view text :
       {"", "http://", "ftp://h", "h:0", "h:65536", "h:x", "[::1", "[::1]x", "h h", "http://h?a=b"}) {
    EXPECT_EQ(ParseUrl(text).status().code(), Code::kInvalidArgument) << text;
  }
}

TEST(ParseUrl, NeverRepeatsAPassword) {
  Status refused = ParseUrl("http://root:s3cret@h").status();
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_EQ(refused.message().find("s3cret"), std::string::npos);
}

TEST(IsLoopback, IsThisMachineAndNoNameThatLooksLikeIt) {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"})
    EXPECT_TRUE(IsLoopback(host)) << host;
  for (const char* host :
       {"", "127.example.com", "127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "::2"})
    EXPECT_FALSE(IsLoopback(host)) << host;
}

}  // namespace
}  // namespace mbk
