#include "zilliz/cloud_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "net/testing/http_imposter.h"
#include "store/testing/recording_sleeper.h"

namespace mbk::zilliz {
namespace {

using nettest::Answer;
using nettest::HttpImposter;
using nettest::Reply;
using nettest::SeenRequest;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kVolume =
    R"({"code":0,"data":{"bucketName":"b","cloud":"aws","endpoint":"127.0.0.1:9000","uploadPath":"u/","volumeName":"v",)"
    R"("credentials":{"tmpAK":"a","tmpSK":"s","sessionToken":"t","expireTime":"9999-12-31T00:00:00Z"}}})";

// A control plane that answers what the test says, one answer after the other, the last for ever.
class Cloud : public testing::Test {
 protected:
  void Answers(std::vector<Reply> replies) { replies_ = std::move(replies); }
  std::unique_ptr<zilliz::Cloud> Client() {
    return *MakeCloud({.endpoint = imposter_.Url("/"), .api_key = "the-key", .sleeper = &sleeper_});
  }

  std::vector<Reply> replies_;
  std::atomic<std::size_t> asked_ = 0;
  RecordingSleeper sleeper_;
  HttpImposter imposter_{
      [this](const SeenRequest&) { return replies_[std::min(asked_++, replies_.size() - 1)]; }};
};

TEST_F(Cloud, AppliesForAVolumeWithTheKeyInTheHeader) {
  Answers({Answer(200, kVolume)});
  const Result<Volume> volume = Client()->ApplyVolume({.cluster_id = "in01-1", .path = "p"}, {});
  ASSERT_TRUE(volume.ok()) << volume.status().message();
  EXPECT_EQ(volume->name, "v");
  ASSERT_THAT(imposter_.seen(), SizeIs(1));
  const SeenRequest seen = imposter_.seen()[0];
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/v2/volumes/apply");
  EXPECT_EQ(seen.headers.Get("authorization"), "Bearer the-key");
  EXPECT_EQ(seen.headers.Get("content-type"), "application/json");
  EXPECT_EQ(json::parse(seen.body), (json{{"clusterId", "in01-1"}, {"path", "p"}}));
}

TEST_F(Cloud, StartsAMigrationOfTheVolumesDirectory) {
  Answers({Answer(200, R"({"code":0,"data":{"jobId":"job-7"}})")});
  const auto id = Client()->StartMigration({.cluster_id = "in01-1", .volume = "v", .path = "p"}, {});
  ASSERT_TRUE(id.ok()) << id.status().message();
  EXPECT_EQ(*id, "job-7");
  const SeenRequest seen = imposter_.seen()[0];
  EXPECT_EQ(seen.target, "/v2/migrations/startByRemote");
  EXPECT_EQ(json::parse(seen.body), json::parse(R"({"source":{"stageName":"v","dataPath":"p"},
                                                    "destination":{"clusterId":"in01-1"}})"));
}

TEST_F(Cloud, AsksForAJobByItsId) {
  Answers({Answer(200, R"({"code":0,"data":{"jobId":"job/7","status":"IN_PROGRESS","progress":"30"}})")});
  const auto job = Client()->GetJob("job/7", {});
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->state, JobState::kRunning);
  EXPECT_EQ(job->percent, 30);
  EXPECT_EQ(imposter_.seen()[0].method, "GET");
  EXPECT_EQ(imposter_.seen()[0].target, "/v2/jobs/job%2F7");
}

TEST_F(Cloud, NamesTheSettingOfARefusedKeyAndNotTheKey) {
  Answers({Answer(401, R"({"code":21119,"message":"The apikey is illegal."})")});
  const Status refused = Client()->ApplyVolume({}, {}).status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("/v2/volumes/apply"), HasSubstr("The apikey is illegal."),
                                       HasSubstr("zillizCloud.apiKey"), Not(HasSubstr("the-key"))));
  EXPECT_THAT(sleeper_.slept(), IsEmpty());
}

TEST_F(Cloud, AsksAgainWhereThatMayHelp) {
  Answers({Answer(503), Answer(429), Answer(200, kVolume)});
  EXPECT_TRUE(Client()->ApplyVolume({}, {}).ok());
  EXPECT_THAT(sleeper_.slept(), SizeIs(2));
}

TEST_F(Cloud, DoesNotStartAMigrationTwice) {
  Answers({{.hang_up = true}});
  const Status failed = Client()->StartMigration({}, {}).status();
  EXPECT_EQ(failed.code(), Code::kUnavailable);
  EXPECT_THAT(failed.message(), HasSubstr("may have been carried out"));
  EXPECT_THAT(imposter_.seen(), SizeIs(1));
}

TEST_F(Cloud, StartsAMigrationAgainThatWasRefusedForItsRate) {
  Answers({Answer(429), Answer(200, R"({"code":0,"data":{"jobId":"job-7"}})")});
  EXPECT_TRUE(Client()->StartMigration({}, {}).ok());
  EXPECT_THAT(imposter_.seen(), SizeIs(2));
}

TEST_F(Cloud, GivesUpOnAnAnswerWithoutEnd) {
  Answers({Answer(200, std::string(2 << 20, ' '))});
  EXPECT_EQ(Client()->GetJob("j", {}).status().code(), Code::kDataLoss);
}

TEST_F(Cloud, EndsAtOnceWhenAStopIsAskedFor) {
  Answers({{.silent = true}});
  std::stop_source stop;
  std::jthread stopper([&] {
    while (imposter_.seen().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(Client()->GetJob("j", {.stop = stop.get_token()}).status().code(), Code::kCancelled);
}

TEST(CheckOptions, WantsAKeyAndAUrl) {
  const auto refused = [](std::string endpoint, std::string key) {
    return CheckOptions({.endpoint = std::move(endpoint), .api_key = std::move(key)});
  };
  EXPECT_TRUE(refused("https://api.cloud.zilliz.com", "k").ok());
  EXPECT_THAT(refused("https://api.cloud.zilliz.com", "").message(), HasSubstr("ZILLIZ_CLOUD_API_KEY"));
  EXPECT_THAT(refused("https://api.cloud.zilliz.com", "se cret\n").message(),
              AllOf(HasSubstr("zillizCloud.apiKey"), Not(HasSubstr("cret"))));
  for (const char* endpoint : {"", "api.cloud.zilliz.com", "ftp://x", "https://user:pw@x"})
    EXPECT_THAT(refused(endpoint, "k").message(), HasSubstr("zillizCloud.endpoint")) << endpoint;
}

}  // namespace
}  // namespace mbk::zilliz
