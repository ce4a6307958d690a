// The whole chain against moto's metadata service of an EC2 instance. moto does not insist on a session,
// which the scripted servers of source_test.cc do.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "store/credentials/chain.h"
#include "store/testing/real_servers.h"

namespace mbk::credentials {
namespace {

TEST(Moto, GivesTheChainTheKeysOfItsInstance) {
  if (conformance::Variable("MBK_TEST_MOTO").empty()) {
    if (!conformance::Variable("MBK_REQUIRE_SERVERS").empty()) FAIL() << "MBK_TEST_MOTO names no server";
    GTEST_SKIP() << "MBK_TEST_MOTO names no server; testing/servers/with_stores starts one";
  }
  const conformance::Server moto = conformance::ServerOf("MBK_TEST_MOTO").value();
  Tools tools = SystemTools("");
  tools.env = [&](const std::string& name) -> std::optional<std::string> {
    if (name != "AWS_EC2_METADATA_SERVICE_ENDPOINT") return std::nullopt;
    return moto.endpoint.Origin();
  };
  const Fetch fetch = Chain(SourcesOf(Cloud::kAws, "", tools));
  const Result<Keys> keys = fetch({});
  ASSERT_EQ(keys.status(), Status()) << keys.status().message();
  // What moto has written in its source.
  EXPECT_EQ(keys->value.access_key_id, "test-key");
  EXPECT_EQ(keys->value.secret_access_key, "test-secret-key");
  EXPECT_EQ(keys->value.session_token, "test-session-token");
  const auto left = keys->expires - std::chrono::system_clock::now();
  EXPECT_GT(left, std::chrono::hours(23));
  EXPECT_LT(left, std::chrono::hours(25));
}

}  // namespace
}  // namespace mbk::credentials
