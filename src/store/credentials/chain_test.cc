#include "store/credentials/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "store/credentials/testing/machine.h"

namespace mbk::credentials {
namespace {

using nettest::Answer;
using nettest::HttpImposter;
using nettest::SeenRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A source that answers what the test says, and counts.
struct Scripted {
  Result<Keys> answer = NotFound("nothing");
  int asked = 0;

  Source Make(const std::string& name, bool silence_is_absence = false) {
    return {.name = name,
            .fetch =
                [this](const CallContext&) {
                  ++asked;
                  return answer;
                },
            .silence_is_absence = silence_is_absence};
  }
};

Keys KeysNamed(const std::string& id) {
  return {.value = {.access_key_id = id, .secret_access_key = kSecret}};
}

TEST(Chain, TakesTheFirstThatHasKeysAndStaysWithIt) {
  Scripted first, second;
  second.answer = KeysNamed("second");
  const Fetch chain = Chain({first.Make("one"), second.Make("two")});
  EXPECT_EQ(chain({})->value.access_key_id, "second");
  first.answer = KeysNamed("first");
  EXPECT_EQ(chain({})->value.access_key_id, "second") << "the identity does not change in mid-run";
  EXPECT_EQ(first.asked, 1);
}

TEST(Chain, ListsEverySourceAndWhatItLacks) {
  Scripted first, second;
  first.answer = NotFound("no AWS_ACCESS_KEY_ID");
  second.answer = Status(Code::kUnavailable, "http://x: connection refused; check address and port");
  const Status none = Chain({first.Make("the environment"), second.Make("EC2 metadata", true)})({}).status();
  EXPECT_EQ(none,
            (Status{Code::kPermissionDenied,
                    "no credentials found (the environment: no AWS_ACCESS_KEY_ID; EC2 metadata: http://x: "
                    "connection refused)"}));
}

TEST(Chain, ASourceThatIsThereAndFailsEndsTheSearch) {
  Scripted broken, next;
  next.answer = KeysNamed("next");
  for (Code code : {Code::kInvalidArgument, Code::kPermissionDenied, Code::kUnavailable}) {
    broken.answer = Status(code, "why");
    const Status status = Chain({broken.Make("web identity"), next.Make("two")})({}).status();
    EXPECT_EQ(status, (Status{code, "credentials from web identity: why"}));
  }
  EXPECT_EQ(next.asked, 0);
}

TEST(Chain, SilenceOfAChosenSourceMayPass) {
  Scripted metadata;
  metadata.answer = KeysNamed("role");
  const Fetch chain = Chain({metadata.Make("metadata", true)});
  EXPECT_TRUE(chain({}).ok());
  metadata.answer = Status(Code::kUnavailable, "connection refused");
  EXPECT_EQ(chain({}).status().code(), Code::kUnavailable);
  metadata.answer = NotFound("the instance has no role");
  EXPECT_EQ(chain({}).status().code(), Code::kPermissionDenied) << "never the word for an absent object";
}

TEST(Chain, EndsWhenItIsTold) {
  Scripted metadata;
  metadata.answer = Status(Code::kCancelled, "stopped on request");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(Chain({metadata.Make("metadata", true)})({.stop = stop.get_token()}).status().code(),
            Code::kCancelled);
}

std::vector<std::string> NamesOf(const std::vector<Source>& sources) {
  std::vector<std::string> names;
  for (const Source& source : sources) names.push_back(source.name);
  return names;
}

TEST(SourcesOf, AreThoseOfTheCloud) {
  Machine machine;
  const Tools tools = machine.Make();
  EXPECT_THAT(NamesOf(SourcesOf(Cloud::kAws, "", tools)),
              ElementsAre("the environment", "web identity", "the shared files", "the container's agent",
                          "EC2 metadata at http://169.254.169.254"));
  EXPECT_THAT(NamesOf(SourcesOf(Cloud::kAws, "http://h:1/", tools)),
              ElementsAre("web identity", "the container's agent", "EC2 metadata at http://h:1"));
  EXPECT_THAT(
      NamesOf(SourcesOf(Cloud::kAliyun, "", tools)),
      ElementsAre("the environment", "OpenID Connect", "Alibaba ECS metadata at http://100.100.100.200"));
  EXPECT_THAT(NamesOf(SourcesOf(Cloud::kTencent, "", tools)),
              ElementsAre("the environment", "OpenID Connect",
                          "Tencent CVM metadata at http://metadata.tencentyun.com"));
  EXPECT_THAT(NamesOf(SourcesOf(Cloud::kHuawei, "http://h:1", tools)),
              ElementsAre("Huawei ECS metadata at http://h:1"));
}

TEST(SourcesOf, TheCloudsHaveVariablesOfTheirOwn) {
  const std::tuple<Cloud, const char*, const char*, const char*> variables[] = {
      {Cloud::kAws, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"},
      {Cloud::kAliyun, "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
       "ALIBABA_CLOUD_SECURITY_TOKEN"},
      {Cloud::kTencent, "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"},
      {Cloud::kHuawei, "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"}};
  for (const auto& [cloud, id, secret, token] : variables) {
    Machine machine;
    machine.env = {{id, "ASIA"}, {secret, kSecret}, {token, kToken}};
    Result<Keys> keys = Chain(SourcesOf(cloud, "", machine.Make()))({});
    ASSERT_TRUE(keys.ok()) << id << keys.status().message();
    EXPECT_EQ(keys->value, (AwsCredentials{"ASIA", kSecret, kToken}));
  }
}

TEST(SourcesOf, TogetherWithRefreshingKeysAreRenewedBeforeTheyExpire) {
  Machine machine;
  std::atomic<int> issued = 0;
  HttpImposter imds([&](const SeenRequest& seen) {
    if (seen.method == "PUT") return Answer(200, "s");
    if (seen.target.ends_with('/')) return Answer(200, "role");
    const char* expires = issued++ == 0 ? "2026-11-27T07:00:00Z" : "2026-11-27T08:00:00Z";
    return Answer(200, "{\"AccessKeyId\":\"key" + std::to_string(issued) +
                           "\",\"SecretAccessKey\":\"the-secret\",\"Expiration\":\"" + expires + "\"}");
  });
  Refreshing<AwsCredentials> keys(Chain(SourcesOf(Cloud::kAws, imds.Url(""), machine.Make())),
                                  [&] { return machine.now(); });
  EXPECT_EQ(keys.Get({})->access_key_id, "key1");
  machine.Pass(std::chrono::minutes(54));
  EXPECT_EQ(keys.Get({})->access_key_id, "key1");
  machine.Pass(std::chrono::minutes(2));
  EXPECT_EQ(keys.Get({})->access_key_id, "key2");
  EXPECT_EQ(issued, 2);
}

}  // namespace
}  // namespace mbk::credentials
