#include "zilliz/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mbk::zilliz {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Time = std::chrono::system_clock::time_point;
using std::chrono::seconds;

const Time kNow{seconds(1795759200)};  // 2026-11-27T06:00:00Z

json Given(json data) { return {{"code", 0}, {"data", std::move(data)}}; }

json VolumeData() {
  return {{"bucketName", "zilliz-staging"},
          {"cloud", "aws"},
          {"endpoint", "s3.us-west-2.amazonaws.com"},
          {"region", "aws-us-west-2"},
          {"uploadPath", "org/volume/0f3e"},
          {"volumeName", "vol-1"},
          {"condition", {{"maxContentLength", 1000}}},
          {"credentials",
           {{"tmpAK", "AKIA"},
            {"tmpSK", "hidden"},
            {"sessionToken", "tok"},
            {"expireTime", "2026-11-27T07:00:00Z"}}}};
}

Result<Volume> Parse(const json& data) { return ParseVolume(Given(data).dump(), kNow); }

TEST(ParseVolume, ReadsWhereToUploadToAndWithWhichKeys) {
  const Result<Volume> volume = Parse(VolumeData());
  ASSERT_TRUE(volume.ok()) << volume.status().message();
  EXPECT_EQ(volume->name, "vol-1");
  EXPECT_EQ(volume->cloud, StagingCloud::kAws);
  EXPECT_EQ(volume->host, "s3.us-west-2.amazonaws.com");
  EXPECT_EQ(volume->port, 0);
  EXPECT_EQ(volume->bucket, "zilliz-staging");
  EXPECT_EQ(volume->upload_path, "org/volume/0f3e/");
  EXPECT_EQ(volume->max_content_bytes, 1000);
  EXPECT_EQ(volume->keys.value, (AwsCredentials{"AKIA", "hidden", "tok"}));
  EXPECT_EQ(volume->keys.expires, kNow + seconds(3600));
}

TEST(ParseVolume, NeedsOnlyATokenForGoogle) {
  json data = VolumeData();
  data["cloud"] = "gcp";
  data["endpoint"] = "https://storage.googleapis.com/";
  data["credentials"] = {{"sessionToken", "ya29.x"}, {"expireTime", "2026-11-27T08:00:00+01:00"}};
  data.erase("condition");
  const Result<Volume> volume = Parse(data);
  ASSERT_TRUE(volume.ok()) << volume.status().message();
  EXPECT_EQ(volume->cloud, StagingCloud::kGcp);
  EXPECT_EQ(volume->host, "storage.googleapis.com");
  EXPECT_EQ(volume->keys.value, (AwsCredentials{"", "", "ya29.x"}));
  EXPECT_EQ(volume->keys.expires, kNow + seconds(3600));
  EXPECT_EQ(volume->max_content_bytes, 0);
}

TEST(ParseVolume, TakesAHostWithAPort) {
  json data = VolumeData();
  data["endpoint"] = "127.0.0.1:9000";
  const Result<Volume> volume = Parse(data);
  ASSERT_TRUE(volume.ok()) << volume.status().message();
  EXPECT_EQ(volume->host, "127.0.0.1");
  EXPECT_EQ(volume->port, 9000);
}

TEST(ParseVolume, RefusesAnEndpointWithoutTls) {
  json data = VolumeData();
  for (const char* endpoint :
       {"http://s3.amazonaws.com", "s3.amazonaws.com/bucket", "https://https://x", "a b", ""}) {
    data["endpoint"] = endpoint;
    EXPECT_EQ(Parse(data).status().code(), Code::kDataLoss) << endpoint;
  }
}

TEST(ParseVolume, RefusesKeysThatHaveExpiredAlready) {
  json data = VolumeData();
  data["credentials"]["expireTime"] = "2026-11-27T06:00:00Z";
  const Status refused = Parse(data).status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(), HasSubstr("clock"));
}

TEST(ParseVolume, RefusesACloudThatItDoesNotKnow) {
  json data = VolumeData();
  data["cloud"] = "azure";
  const Status refused = Parse(data).status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(), HasSubstr("azure"));
}

TEST(ParseVolume, RefusesAnswersInWhichSomethingIsMissingAndRepeatsNoSecret) {
  for (const char* field : {"bucketName", "uploadPath", "volumeName", "endpoint", "credentials"}) {
    json data = VolumeData();
    data.erase(field);
    const Status refused = Parse(data).status();
    EXPECT_EQ(refused.code(), Code::kDataLoss) << field;
    EXPECT_THAT(refused.message(), AllOf(HasSubstr(field), Not(HasSubstr("hidden"))));
  }
  for (const char* field : {"tmpAK", "tmpSK", "sessionToken", "expireTime"}) {
    json data = VolumeData();
    data["credentials"].erase(field);
    EXPECT_EQ(Parse(data).status().code(), Code::kDataLoss) << field;
  }
  json data = VolumeData();
  data["credentials"]["tmpSK"] = "hidden\r\nX-Header: y";
  EXPECT_THAT(Parse(data).status().message(), AllOf(HasSubstr("tmpSK"), Not(HasSubstr("hidden"))));
  for (const char* text : {"", "{", "[]", "{}", R"({"code":0,"data":null})", R"({"code":0,"data":[]})"})
    EXPECT_EQ(ParseVolume(text, kNow).status().code(), Code::kDataLoss) << text;
}

TEST(ParseJob, ReadsEveryDocumentedStatus) {
  const auto state = [](const char* status) {
    return ParseJob(Given({{"jobId", "job-1"}, {"status", status}}).dump())->state;
  };
  EXPECT_EQ(state("PENDING"), JobState::kPending);
  EXPECT_EQ(state("IN_PROGRESS"), JobState::kRunning);
  EXPECT_EQ(state("SUCCESSFUL"), JobState::kSuccessful);
  EXPECT_EQ(state("FAILED"), JobState::kFailed);
  EXPECT_EQ(state("CANCELING"), JobState::kRunning);
  EXPECT_EQ(state("CANCELED"), JobState::kCanceled);
  EXPECT_EQ(state("OF_TOMORROW"), JobState::kRunning);
}

TEST(ParseJob, ReadsProgressAsTextOrNumberAndTheReason) {
  const auto job = [](json progress) {
    return *ParseJob(
        Given({{"status", "FAILED"}, {"progress", std::move(progress)}, {"reason", "no\nroom"}}).dump());
  };
  EXPECT_EQ(job("40").percent, 40);
  EXPECT_EQ(job(41).percent, 41);
  EXPECT_EQ(job("40%").percent, 0);
  EXPECT_EQ(job(-1).percent, 0);
  EXPECT_EQ(job(1e9).percent, 0);
  EXPECT_EQ(job(std::int64_t{1} << 60).percent, 100);
  EXPECT_EQ(job(1).reason, "no room");
}

TEST(ParseJobId, ReadsTheId) {
  EXPECT_EQ(*ParseJobId(R"({"code":0,"data":{"jobId":"job-1"}})"), "job-1");
  EXPECT_EQ(ParseJobId(R"({"code":0,"data":{"jobId":7}})").status().code(), Code::kDataLoss);
}

Status Refusal(int status, const std::string& body) { return CheckAnswer({.status = status, .body = body}); }

TEST(CheckAnswer, TakesCodeZeroForSuccess) {
  EXPECT_TRUE(Refusal(200, R"({"code":0,"data":{}})").ok());
  EXPECT_EQ(Refusal(200, "<html>").code(), Code::kDataLoss);
  EXPECT_EQ(Refusal(200, R"({"data":{}})").code(), Code::kDataLoss);
}

TEST(CheckAnswer, TellsARefusedKeyFromOtherRefusals) {
  EXPECT_EQ(Refusal(401, "").code(), Code::kPermissionDenied);
  EXPECT_EQ(Refusal(403, "{}").code(), Code::kPermissionDenied);
  EXPECT_EQ(Refusal(200, R"({"code":21119,"message":"The apikey is illegal."})").code(),
            Code::kPermissionDenied);
  EXPECT_EQ(Refusal(200, R"({"code":1,"message":"Invalid API Key"})").code(), Code::kPermissionDenied);
  EXPECT_EQ(Refusal(404, R"({"code":404,"message":"no such cluster"})").code(), Code::kFailedPrecondition);
  EXPECT_EQ(Refusal(200, R"({"code":90102,"message":"no such cluster"})").code(), Code::kFailedPrecondition);
  EXPECT_EQ(Refusal(429, "").code(), Code::kThrottled);
  EXPECT_EQ(Refusal(502, "<html>").code(), Code::kUnavailable);
}

TEST(CheckAnswer, RepeatsTheServicesWordsOnOneLine) {
  const Status refused = Refusal(200, R"({"code":90102,"message":"no\nsuch cluster"})");
  EXPECT_EQ(refused.message(), "200, code 90102: no such cluster");
}

}  // namespace
}  // namespace mbk::zilliz
