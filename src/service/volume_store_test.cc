#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "net/testing/tls_transport.h"
#include "service/wire.h"
#include "store/testing/temp_directory.h"

namespace mbk::service {
namespace {

using nettest::Answer;
using nettest::HttpImposter;
using nettest::Reply;
using nettest::SeenRequest;
using testing::HasSubstr;
using testing::SizeIs;

// A store behind TLS that refuses the first keys, and writes down what it is asked.
class VolumeStore : public testing::Test {
 protected:
  VolumeStore() {
    tls_.WriteCertificate(ca_file_);
    volume_.port = server_.port();
  }
  Status Put() {
    auto store = MakeVolumeStore(
        volume_,
        [this](const CallContext&) -> Result<zilliz::Keys> {
          const std::string number = std::to_string(++fetched_);
          return zilliz::Keys{.value = {"AK" + number, "secret", "token" + number}};
        },
        ca_file_);
    if (!store.ok()) return store.status();
    return (*store)->Put({.key = ObjectKey("up/a"), .body = "x"}, {}).status();
  }

  const TempDirectory directory_;
  const std::string ca_file_ = directory_.path() + "/ca.pem";
  std::atomic<int> fetched_ = 0;
  Reply refusal_ = Answer(400, "<Error><Code>ExpiredToken</Code></Error>");
  std::atomic<int> asked_ = 0;
  nettest::SelfSignedServer tls_;
  HttpImposter server_{
      [this](const SeenRequest&) { return asked_++ == 0 ? refusal_ : Answer(200, "", {{"ETag", "\"e\""}}); },
      tls_.Transports()};
  zilliz::Volume volume_{.cloud = zilliz::StagingCloud::kAws, .host = "127.0.0.1", .bucket = "staging"};
};

TEST_F(VolumeStore, InAwsSignsWithTheSessionTokenAndRenewsExpiredKeysOnce) {
  const Status put = Put();
  ASSERT_TRUE(put.ok()) << put.message();
  ASSERT_THAT(server_.seen(), SizeIs(2));
  EXPECT_THAT(std::string(server_.seen()[0].headers.Get("authorization")), HasSubstr("Credential=AK1/"));
  EXPECT_EQ(server_.seen()[0].headers.Get("x-amz-security-token"), "token1");
  EXPECT_EQ(server_.seen()[1].headers.Get("x-amz-security-token"), "token2");
  EXPECT_EQ(server_.seen()[1].target, "/staging/up/a");
}

TEST_F(VolumeStore, InGooglesCloudBearsTheTokenAndRenewsIt) {
  volume_.cloud = zilliz::StagingCloud::kGcp;
  refusal_ = Answer(401, "<Error><Code>AuthenticationRequired</Code></Error>");
  const Status put = Put();
  ASSERT_TRUE(put.ok()) << put.message();
  ASSERT_THAT(server_.seen(), SizeIs(2));
  EXPECT_EQ(server_.seen()[0].headers.Get("authorization"), "Bearer token1");
  EXPECT_EQ(server_.seen()[1].headers.Get("authorization"), "Bearer token2");
  const SeenRequest again = server_.seen()[1];
  for (const auto& [name, value] : again.headers) EXPECT_FALSE(name.starts_with("x-amz-")) << name;
}

}  // namespace
}  // namespace mbk::service
