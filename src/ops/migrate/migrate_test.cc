#include "ops/migrate/migrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <vector>

#include "ops/create/create.h"
#include "ops/migrate/volume_keys.h"
#include "ops/testing/world.h"
#include "repository/lock_owner.h"
#include "store/testing/recording_sleeper.h"

namespace mbk {
namespace {

using opstest::World;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using zilliz::Job;
using zilliz::JobState;

constexpr const char* kUploads = "org/stage/";

// A control plane that remembers what it is asked, and answers what the test says.
class FakeCloud : public zilliz::Cloud {
 public:
  Result<zilliz::Volume> ApplyVolume(const zilliz::VolumeRequest& request, const CallContext&) override {
    applied.push_back(request);
    if (!apply.ok()) return apply;
    zilliz::Volume given = volume;
    given.upload_path = kUploads + request.path + "/";
    given.keys.value.session_token = std::to_string(applied.size());
    return given;
  }
  Result<std::string> StartMigration(const zilliz::MigrationRequest& request, const CallContext&) override {
    started.push_back(request);
    if (!start.ok()) return start;
    return std::string("job-1");
  }
  Result<Job> GetJob(const std::string& job_id, const CallContext& context) override {
    EXPECT_EQ(job_id, "job-1");
    if (before_answer) before_answer();
    MBK_TRY(context.Check());
    ++asked;
    const Result<Job> answer = jobs.front();
    if (jobs.size() > 1) jobs.pop_front();
    return answer;
  }

  zilliz::Volume volume{.name = "vol", .host = "s3.example", .bucket = "staging"};
  Status apply, start;
  std::deque<Result<Job>> jobs{Job{.state = JobState::kSuccessful, .percent = 100}};
  std::function<void()> before_answer;

  std::vector<zilliz::VolumeRequest> applied;
  std::vector<zilliz::MigrationRequest> started;
  int asked = 0;
};

class Migrate : public testing::Test {
 protected:
  Migrate() {
    world_.AddCollection({"default", "books"}, 1000, {{.id = 10, .has_deletes = true}, {.id = 11}});
    EXPECT_TRUE(RunCreate({.name = "nightly"}, world_.milvus, world_.backups, world_.run, {}).ok());
  }

  Result<MigrateReport> Run(MigrateOptions options = {}, const CallContext& context = {}) {
    if (options.name.empty()) options.name = "nightly";
    options.cluster_id = "in01-1";
    const CloudSide target{.cloud = cloud_,
                           .open_volume = [this](const zilliz::Volume&, zilliz::FetchKeys fetch) {
                             fetch_ = std::move(fetch);
                             return std::shared_ptr<ObjectStore>(staging_);
                           }};
    const RunServices run{
        .settings = world_.run.settings, .progress = world_.run.progress, .sleeper = sleeper_};
    return RunMigrate(options, world_.backups, target, run, context);
  }
  // What lies in the staging bucket, by its key below the upload path.
  std::map<std::string, std::string> Uploaded() const {
    std::map<std::string, std::string> below;
    const std::string prefix = kUploads + cloud_.applied.at(0).path + "/";
    for (const auto& [key, content] : staging_memory_->Contents()) {
      EXPECT_THAT(key, StartsWith(prefix));
      below[key.substr(prefix.size())] = content;
    }
    return below;
  }
  std::map<std::string, std::string> Backup() const {
    std::map<std::string, std::string> below;
    const std::string prefix = "backup/nightly/";
    for (const auto& [key, content] : world_.backup_memory->Contents())
      if (key.starts_with(prefix)) below[key.substr(prefix.size())] = content;
    return below;
  }

  World world_;
  FakeCloud cloud_;
  RecordingSleeper sleeper_;
  std::shared_ptr<MemoryStore> staging_memory_ = std::make_shared<MemoryStore>();
  std::shared_ptr<FaultyStore> staging_ = std::make_shared<FaultyStore>(staging_memory_);
  zilliz::FetchKeys fetch_;
};

TEST_F(Migrate, UploadsEveryByteThenStartsTheJobAndFollowsItToItsEnd) {
  cloud_.jobs = {Job{.state = JobState::kPending}, Job{.state = JobState::kRunning, .percent = 40},
                 Job{.state = JobState::kSuccessful, .percent = 100}};
  const Result<MigrateReport> report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(Uploaded(), Backup());
  EXPECT_EQ(report->objects, static_cast<std::int64_t>(Backup().size()));
  EXPECT_EQ(report->job_id, "job-1");
  EXPECT_EQ(report->job_state, JobState::kSuccessful);
  ASSERT_THAT(cloud_.started, SizeIs(1));
  EXPECT_EQ(cloud_.started[0].cluster_id, "in01-1");
  EXPECT_EQ(cloud_.started[0].volume, "vol");
  EXPECT_EQ(cloud_.started[0].path, cloud_.applied[0].path);
  EXPECT_EQ(cloud_.asked, 3);
  EXPECT_EQ(world_.run.progress.Get().step, Step::kDone);
}

TEST_F(Migrate, LeavesLocksAndPlaceholdersBehind) {
  const auto before = Backup();
  // Of a run that has committed, and did not come to remove it.
  world_.backup_memory->Set("backup/nightly/meta/lock.json", LockToJson(ThisProcess("create")));
  world_.backup_memory->Set("backup/nightly/meta/lock-7f.json", LockToJson(ThisProcess("create")));
  world_.backup_memory->Set("backup/nightly/binlogs/", "");
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Uploaded(), before);
}

TEST_F(Migrate, EndsWithTheStartOfTheJobWhenNotToldToWait) {
  const Result<MigrateReport> report = Run({.wait = false});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->job_id, "job-1");
  EXPECT_EQ(cloud_.asked, 0);
}

TEST_F(Migrate, ADryRunMeasuresAndAsksNothingOfTheCloud) {
  const Result<MigrateReport> report = Run({.dry_run = true});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->objects, static_cast<std::int64_t>(Backup().size()));
  EXPECT_THAT(cloud_.applied, IsEmpty());
  EXPECT_THAT(staging_memory_->Keys(), IsEmpty());
}

TEST_F(Migrate, RefusesABackupThatIsNotThereOrNotWholeBeforeTheCloudIsAsked) {
  EXPECT_EQ(Run({.name = "nope"}).status().code(), Code::kNotFound);
  const ObjectKey gone[] = {ObjectKey("backup/nightly/binlogs/delta_log/1000/2000/10/10/100")};
  ASSERT_TRUE(world_.backup_memory->Delete(gone, {}).ok());
  const Status refused = Run().status();
  EXPECT_EQ(refused.code(), Code::kDataLoss);
  EXPECT_THAT(refused.message(), HasSubstr("backup nightly is not whole"));
  EXPECT_THAT(cloud_.applied, IsEmpty());
}

TEST_F(Migrate, RefusesABackupThatIsLargerThanTheVolumeBeforeItUploads) {
  cloud_.volume.max_content_bytes = 99;
  const Status refused = Run().status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("at most 99"), HasSubstr("nothing was uploaded")));
  EXPECT_THAT(staging_memory_->Keys(), IsEmpty());
  EXPECT_THAT(cloud_.started, IsEmpty());
}

TEST_F(Migrate, PassesOnThatTheApiKeyIsRefused) {
  cloud_.apply = Status(Code::kPermissionDenied, "401: the key is wrong");
  EXPECT_EQ(Run().status(), cloud_.apply);
}

TEST_F(Migrate, SaysWhatStaysBehindWhenAnUploadFails) {
  staging_->Inject(
      {.operation = StoreOperation::kPut, .nth = 3, .status = {Code::kNotFound, "NoSuchBucket"}});
  const Status failed = Run().status();
  EXPECT_EQ(failed.code(), Code::kFailedPrecondition) << "not found is said of backups only";
  EXPECT_THAT(failed.message(), AllOf(HasSubstr("NoSuchBucket"), HasSubstr("no migration was started"),
                                      HasSubstr("migrate -n nightly -c in01-1")));
  EXPECT_THAT(cloud_.started, IsEmpty());
}

// Loses an object between its upload and the listing.
class Forgetful : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<ListPage> List(const ListRequest& request, const CallContext& context) override {
    MBK_TRY_ASSIGN(ListPage page, ForwardingStore::List(request, context));
    std::erase_if(page.objects,
                  [](const auto& object) { return object.key.str().ends_with("full_meta.json"); });
    return page;
  }
};

TEST_F(Migrate, StartsNothingWhenTheListingDiffersFromTheBackup) {
  Forgetful store(staging_memory_);
  const CloudSide target{.cloud = cloud_,
                         .open_volume = [&](const zilliz::Volume&, const zilliz::FetchKeys&) {
                           return std::shared_ptr<ObjectStore>(std::shared_ptr<void>(), &store);
                         }};
  const Status failed =
      RunMigrate({.name = "nightly", .cluster_id = "in01-1"}, world_.backups, target, world_.run, {})
          .status();
  EXPECT_EQ(failed.code(), Code::kDataLoss);
  EXPECT_THAT(failed.message(), HasSubstr("full_meta.json"));
  EXPECT_THAT(cloud_.started, IsEmpty());
}

TEST_F(Migrate, SaysThatAnUnansweredStartIsInDoubt) {
  cloud_.start = Status(Code::kUnavailable, "cut");
  EXPECT_THAT(Run().status().message(), HasSubstr("whether the migration was started is not known"));
}

TEST_F(Migrate, SaysThatAStartWhoseAnswerMakesNoSenseIsInDoubt) {
  cloud_.start = DataLoss("the answer has no usable jobId");
  EXPECT_THAT(Run().status().message(), HasSubstr("whether the migration was started is not known"));
}

TEST_F(Migrate, SaysThatARefusedStartStartedNothing) {
  cloud_.start = Status(Code::kFailedPrecondition, "cluster is suspended");
  EXPECT_THAT(Run().status().message(),
              AllOf(HasSubstr("cluster is suspended"), HasSubstr("no migration was started")));
}

TEST_F(Migrate, FailsWithTheReasonOfAJobThatFailed) {
  cloud_.jobs = {Job{.state = JobState::kFailed, .percent = 60, .reason = "no room in the cluster"}};
  const Status failed = Run().status();
  EXPECT_EQ(failed.code(), Code::kInternal);
  EXPECT_THAT(failed.message(), AllOf(HasSubstr("job-1"), HasSubstr("failed: no room in the cluster")));
}

TEST_F(Migrate, FailsWhenTheJobIsCanceled) {
  cloud_.jobs = {Job{.state = JobState::kCanceled}};
  EXPECT_THAT(Run().status().message(),
              HasSubstr("job-1 of backup nightly into cluster in01-1 was canceled"));
}

TEST_F(Migrate, AStopWhileTheJobRunsSaysThatItRunsOn) {
  cloud_.jobs = {Job{.state = JobState::kRunning}};
  std::stop_source stop;
  cloud_.before_answer = [&] { stop.request_stop(); };
  const Status stopped = Run({}, {.stop = stop.get_token()}).status();
  EXPECT_EQ(stopped.code(), Code::kCancelled);
  EXPECT_THAT(stopped.message(), HasSubstr("migration job job-1 was started and runs on"));
}

TEST_F(Migrate, AsksLessOftenWhileNothingChangesAndAtMostEveryFifteenSeconds) {
  cloud_.jobs = {Job{.state = JobState::kRunning}};
  for (int i = 0; i < 60; ++i) cloud_.jobs.emplace_back(Job{.state = JobState::kRunning, .percent = 1});
  cloud_.jobs.emplace_back(Job{.state = JobState::kSuccessful});
  ASSERT_TRUE(Run().ok());
  const std::vector<Milliseconds> slept = sleeper_.slept();
  EXPECT_EQ(slept.at(0), Milliseconds(1000));
  EXPECT_EQ(slept.at(2), Milliseconds(1000)) << "something changed";
  EXPECT_GT(slept.at(4), slept.at(3));
  EXPECT_EQ(slept.back(), Milliseconds(15'000));
}

TEST_F(Migrate, GivesTheStoreTheFirstKeysAndAppliesForNewOnes) {
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(fetch_({})->value.session_token, "1");
  EXPECT_THAT(cloud_.applied, SizeIs(1));
  EXPECT_EQ(fetch_({})->value.session_token, "2");
  ASSERT_THAT(cloud_.applied, SizeIs(2));
  EXPECT_EQ(cloud_.applied[1].path, cloud_.applied[0].path);
  EXPECT_EQ(cloud_.applied[1].cluster_id, cloud_.applied[0].cluster_id);
}

TEST(VolumeKeys, RefusesAVolumeThatHasMoved) {
  FakeCloud cloud;
  const zilliz::VolumeRequest request{.cluster_id = "in01-1", .path = "p"};
  VolumeKeys keys(cloud, request, *cloud.ApplyVolume(request, {}));
  ASSERT_TRUE(keys.Fetch({}).ok());
  cloud.volume.bucket = "another";
  EXPECT_EQ(keys.Fetch({}).status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(keys.volume_name(), "vol");
}

TEST(VolumeKeys, AppliesAtOnceWhenTheFirstKeysExpiredBeforeTheyWereAskedFor) {
  FakeCloud cloud;
  const std::chrono::system_clock::time_point expiry{std::chrono::seconds(1000)};
  cloud.volume.keys.expires = expiry;
  const zilliz::VolumeRequest request{.cluster_id = "in01-1", .path = "p"};
  VolumeKeys keys(cloud, request, *cloud.ApplyVolume(request, {}), [&] { return expiry; });
  EXPECT_EQ(keys.Fetch({})->value.session_token, "2");
}

TEST(VolumeKeys, KnowsTheNameThatWasGivenLast) {
  FakeCloud cloud;
  const zilliz::VolumeRequest request{.cluster_id = "in01-1", .path = "p"};
  VolumeKeys keys(cloud, request, *cloud.ApplyVolume(request, {}));
  ASSERT_TRUE(keys.Fetch({}).ok());
  cloud.volume.name = "vol-2";
  ASSERT_TRUE(keys.Fetch({}).ok());
  EXPECT_EQ(keys.volume_name(), "vol-2");
}

}  // namespace
}  // namespace mbk
