#include "ops/runs/run_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "manifest/keys.h"
#include "store/forwarding_store.h"
#include "store/memory/memory_store.h"
#include "store/testing/faulty_store.h"

namespace mbk::runs {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kServer = "milvus:19530";

class RunRecordTest : public testing::Test {
 protected:
  std::shared_ptr<RecordPlace> Place() { return RecordsInStore(store_, ""); }

  Result<std::unique_ptr<RunRecord>> Start(HeartbeatTimes times = {}) {
    return RunRecord::Start(Place(), {.verb = "restore", .server = kServer, .root = "files"}, {},
                            std::move(times));
  }

  /// What a run that is killed now would leave.
  Record Written(const RunRecord& record) {
    return RecordFromJson(Place()->Read(record.run_id(), {}).value().json).value();
  }

  /// Waits until `holds`, as long as a test may.
  template <class Condition>
  static bool Eventually(Condition holds) {
    for (const Deadline deadline = Deadline::After(std::chrono::seconds(20)); !deadline.Passed();) {
      if (holds()) return true;
      std::this_thread::yield();
    }
    return false;
  }

  /// A clock that stands until the test moves it.
  std::atomic<std::int64_t> now_ms_ = 1'000'000;
  HeartbeatTimes TimesOfTest() {
    return {.every = milliseconds(5), .lost_after = milliseconds(240'000), .now = [this] {
              return milliseconds(now_ms_);
            }};
  }

  std::shared_ptr<MemoryStore> memory_ = std::make_shared<MemoryStore>();
  FaultyStore store_{memory_};
  const RecordedCollection docs_{
      .target = {"default", "docs"}, .temporary = "_mbk_0123456789ab_1", .collection_id = 7, .created = true};
};

TEST_F(RunRecordTest, LiesBesideTheStagingTreesBeforeAnythingIsMade) {
  const auto record = Start().value();
  EXPECT_TRUE(IsRunId(record->run_id())) << record->run_id();
  EXPECT_THAT(memory_->Keys(), ElementsAre("mbk-runs/" + record->run_id() + ".json"));
  const Record written = Written(*record);
  EXPECT_EQ(written.verb, "restore");
  EXPECT_EQ(written.server, kServer);
  EXPECT_EQ(written.root, "files");
  EXPECT_EQ(written.process, ThisProcessIdentity());
  EXPECT_THAT(written.collections, IsEmpty());
}

TEST_F(RunRecordTest, WhatIsUpdatedIsWrittenWhenTheCallReturns) {
  const auto record = Start().value();
  RecordedCollection docs = docs_;
  docs.collection_id = 0;
  ASSERT_TRUE(record->Update(0, docs, {}).ok());
  EXPECT_THAT(Written(*record).collections, ElementsAre(docs));
  ASSERT_TRUE(record->Update(0, docs_, {}).ok());
  EXPECT_THAT(Written(*record).collections, ElementsAre(docs_));
  ASSERT_TRUE(record->NoteStaging("restore-temp-x/", {}).ok());
  const std::int64_t jobs[] = {1, 2};
  ASSERT_TRUE(record->NoteImports(jobs, {}).ok());
  EXPECT_THAT(Written(*record).staging, ElementsAre("restore-temp-x/"));
  EXPECT_THAT(Written(*record).jobs, ElementsAre(1, 2));
}

TEST_F(RunRecordTest, CollectionsAreKnownByTheirPlaceInThePlan) {
  const auto record = Start().value();
  ASSERT_TRUE(record->Update(2, docs_, {}).ok());
  EXPECT_THAT(Written(*record).collections, SizeIs(3));
  EXPECT_EQ(Written(*record).collections[2], docs_);
}

TEST_F(RunRecordTest, AnUpdateThatIsNotWrittenFails) {
  const auto record = Start().value();
  store_.Inject({.operation = StoreOperation::kPut});
  EXPECT_EQ(record->Update(0, docs_, {}).code(), Code::kUnavailable);
  EXPECT_TRUE(record->Lost().ok()) << "once is not for ever";
  EXPECT_TRUE(record->Update(0, docs_, {}).ok());
}

TEST_F(RunRecordTest, IsRemovedWhenAllIsDone) {
  const auto record = Start().value();
  RecordedCollection docs = docs_;
  ASSERT_TRUE(record->Update(0, docs, {}).ok());
  ASSERT_TRUE(record->NoteStaging("restore-temp-x/", {}).ok());
  docs.done = true;
  ASSERT_TRUE(record->Update(0, docs, {}).ok());
  ASSERT_TRUE(record->ForgetStaging("restore-temp-x/", {}).ok());
  ASSERT_TRUE(record->Finish({}).ok());
  EXPECT_THAT(memory_->Keys(), IsEmpty());
}

TEST_F(RunRecordTest, WhatIsNotDoneStaysRecorded) {
  std::string id;
  {
    const auto record = Start().value();
    id = record->run_id();
    RecordedCollection other = docs_;
    other.target.name = "other";
    other.done = true;
    ASSERT_TRUE(record->Update(0, other, {}).ok());
    ASSERT_TRUE(record->Update(1, docs_, {}).ok());
    ASSERT_TRUE(record->Finish({}).ok());
  }
  EXPECT_THAT(RecordFromJson(Place()->Read(id, {}).value().json).value().collections, ElementsAre(docs_));
}

TEST_F(RunRecordTest, OneThatNamesNothingGoesWithItsRun) {
  {
    const auto record = Start().value();
  }
  EXPECT_THAT(memory_->Keys(), IsEmpty());
}

TEST_F(RunRecordTest, IsRenewedFromAThreadOfItsOwn) {
  const auto record = Start({.every = milliseconds(1)}).value();
  const std::int64_t first = Written(*record).heartbeat;
  EXPECT_TRUE(Eventually([&] { return Written(*record).heartbeat > first + 2; }));
}

TEST_F(RunRecordTest, ARunThatCannotRenewStopsBeforeItsLeaseEnds) {
  const auto record = Start(TimesOfTest()).value();
  const CallContext guarded = record->Guarded({});
  EXPECT_TRUE(guarded.Check().ok());
  store_.Inject({.operation = StoreOperation::kPut, .times = 1'000'000});
  now_ms_ += 200'000;
  EXPECT_TRUE(Eventually([&] { return store_.fired() > 1; })) << "it is tried again";
  EXPECT_TRUE(record->Lost().ok());
  now_ms_ += 41'000;
  EXPECT_TRUE(Eventually([&] { return guarded.stop.stop_requested(); }));
  EXPECT_EQ(record->Lost().code(), Code::kLocked);
  EXPECT_EQ(record->Update(0, docs_, {}).code(), Code::kLocked);
  EXPECT_EQ(record->Finish({}).code(), Code::kLocked);
}

TEST_F(RunRecordTest, ARunThatWasSuspendedForALeaseChangesNothingMore) {
  const auto record =
      Start({.every = std::chrono::hours(1), .now = [this] { return milliseconds(now_ms_); }}).value();
  now_ms_ += 301'000;  // a clock that went on while the machine slept
  const auto before = memory_->Contents();
  EXPECT_EQ(record->Lost().code(), Code::kLocked) << "said without any request";
  EXPECT_EQ(record->Update(0, docs_, {}).code(), Code::kLocked);
  EXPECT_EQ(memory_->Contents(), before);
}

TEST_F(RunRecordTest, ARunWhoseRecordWasTakenOverChangesNothingMore) {
  const auto record = Start().value();
  ASSERT_TRUE(record->Update(0, docs_, {}).ok());
  const auto successor = RunRecord::TakeOver(Place(), Written(*record), {}).value();
  const CallContext guarded = record->Guarded({});
  const Status lost = record->Update(0, docs_, {});
  EXPECT_EQ(lost.code(), Code::kLocked);
  EXPECT_THAT(lost.message(), HasSubstr("taken over"));
  EXPECT_TRUE(guarded.stop.stop_requested());
  EXPECT_EQ(record->Finish({}).code(), Code::kLocked);
  EXPECT_EQ(Written(*record).holder, successor->Snapshot().holder) << "the successor's record stands";
}

TEST_F(RunRecordTest, ARunWhoseRecordWasRemovedChangesNothingMore) {
  const auto record = Start().value();
  ASSERT_TRUE(Place()->Remove(record->run_id(), {}).ok());
  EXPECT_EQ(record->Update(0, docs_, {}).code(), Code::kLocked);
  EXPECT_THAT(memory_->Keys(), IsEmpty()) << "and does not come back";
}

TEST_F(RunRecordTest, ARecordThatChangedMeanwhileIsNotTakenOver) {
  const auto record = Start().value();
  const Record seen = Written(*record);
  ASSERT_TRUE(record->Update(0, docs_, {}).ok());
  EXPECT_EQ(RunRecord::TakeOver(Place(), seen, {}).status().code(), Code::kLocked);
  EXPECT_TRUE(record->Update(0, docs_, {}).ok()) << "the loser leaves it as it is";
}

// Lets another run in between the read and the write of a record.
class Meanwhile : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    if (auto act = std::exchange(act_, {})) act();
    return ForwardingStore::Put(request, context);
  }
  void BeforeTheNextPut(std::function<void()> act) { act_ = std::move(act); }

 private:
  std::function<void()> act_;
};

TEST_F(RunRecordTest, OfTwoThatTakeItOverOneWinsHoweverTheyMeet) {
  Record seen{.run_id = "0123456789ab", .holder = "0123456789ab", .verb = "restore"};
  const auto place = Place();
  ASSERT_TRUE(place->Write(seen.run_id, ToJson(seen), {}).ok());
  Meanwhile store(memory_);
  std::unique_ptr<RunRecord> winner;
  store.BeforeTheNextPut([&] { winner = RunRecord::TakeOver(place, seen, {}).value(); });
  EXPECT_EQ(RunRecord::TakeOver(RecordsInStore(store, ""), seen, {}).status().code(), Code::kLocked);
  EXPECT_EQ(Written(*winner).holder, winner->Snapshot().holder) << "the loser has written nothing";
  EXPECT_TRUE(winner->Update(0, docs_, {}).ok());
}

TEST_F(RunRecordTest, ARunThatIsOvertakenBetweenItsLookAndItsWriteWritesNothing) {
  Meanwhile store(memory_);
  const auto record =
      RunRecord::Start(RecordsInStore(store, ""), {.verb = "restore", .server = kServer}, {}).value();
  std::unique_ptr<RunRecord> successor;
  store.BeforeTheNextPut([&] { successor = RunRecord::TakeOver(Place(), Written(*record), {}).value(); });
  EXPECT_EQ(record->Update(0, docs_, {}).code(), Code::kLocked);
  EXPECT_EQ(Written(*record).holder, successor->Snapshot().holder);
}

TEST_F(RunRecordTest, AWriteWhoseAnswerGotLostIsNoOtherRuns) {
  const auto record = Start().value();
  store_.Inject({.operation = StoreOperation::kPut,
                 .kind = Fault::Kind::kAnswerLost,
                 .status = FailedPrecondition("the retry found another version")});
  EXPECT_TRUE(record->Update(0, docs_, {}).ok());
  EXPECT_EQ(store_.fired(), 1);
  EXPECT_THAT(Written(*record).collections, ElementsAre(docs_));
}

TEST_F(RunRecordTest, AStopOfTheRunEndsWhatIsGuarded) {
  const auto record = Start().value();
  std::stop_source stop;
  const CallContext guarded = record->Guarded({.stop = stop.get_token()});
  stop.request_stop();
  EXPECT_EQ(guarded.Check().code(), Code::kCancelled);
  EXPECT_TRUE(record->Lost().ok());
}

class RecordsInDirectoryTest : public testing::Test {
 protected:
  RecordsInDirectoryTest() { std::filesystem::remove_all(top_); }
  ~RecordsInDirectoryTest() override { std::filesystem::remove_all(top_); }

  static mode_t ModeOf(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
  }

  const std::string top_ = testing::TempDir() + "mbk-runs-test";
  const std::string id_ = "0123456789ab";
  std::shared_ptr<RecordPlace> place_ = RecordsInDirectory(top_ + "/state", kServer).value();
};

TEST_F(RecordsInDirectoryTest, OnlyThisUserReadsThem) {
  ASSERT_TRUE(place_->Write(id_, "{}", {}).ok());
  const std::string directory = top_ + "/state/milvus:19530";
  EXPECT_EQ(place_->Where(id_), directory + "/0123456789ab.json");
  EXPECT_EQ(ModeOf(directory), 0700U);
  EXPECT_EQ(ModeOf(top_ + "/state"), 0700U);
  EXPECT_EQ(ModeOf(place_->Where(id_)), 0600U);
}

TEST_F(RecordsInDirectoryTest, AreWrittenReadListedAndRemoved) {
  EXPECT_THAT(place_->List({}).value(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(top_)) << "reading makes nothing";
  ASSERT_TRUE(place_->Write(id_, "one", {}).ok());
  ASSERT_TRUE(place_->Write(id_, "two", {}).ok());
  std::ofstream(top_ + "/state/milvus:19530/notes.txt") << "the user's";
  EXPECT_EQ(place_->Read(id_, {}).value().json, "two");
  EXPECT_THAT(place_->List({}).value(), ElementsAre(id_));
  ASSERT_TRUE(place_->Remove(id_, {}).ok());
  ASSERT_TRUE(place_->Remove(id_, {}).ok());
  EXPECT_EQ(place_->Read(id_, {}).status().code(), Code::kNotFound);
  EXPECT_TRUE(std::filesystem::exists(top_ + "/state/milvus:19530/notes.txt"));
}

TEST_F(RecordsInDirectoryTest, OneServersAreNotAnothers) {
  ASSERT_TRUE(place_->Write(id_, "one", {}).ok());
  EXPECT_THAT(RecordsInDirectory(top_ + "/state", "milvus:19531").value()->List({}).value(), IsEmpty());
}

TEST_F(RecordsInDirectoryTest, AServersNameLeadsNowhereElse) {
  const auto odd = RecordsInDirectory(top_ + "/state", "../../x").value();
  EXPECT_THAT(odd->Where(id_), HasSubstr(top_ + "/state/_.._.._x/"));
}

TEST_F(RecordsInDirectoryTest, AgeIsThatOfTheFileSystem) {
  ASSERT_TRUE(place_->Write(id_, "one", {}).ok());
  EXPECT_LT(place_->Age(id_, {}).value().value(), std::chrono::minutes(1));
  std::filesystem::last_write_time(place_->Where(id_),
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_GT(place_->Age(id_, {}).value().value(), std::chrono::minutes(59));
  EXPECT_THAT(place_->List({}).value(), ElementsAre(id_)) << "the probe is gone";
}

TEST_F(RecordsInDirectoryTest, WithoutADirectoryItIsSaidHowToNameOne) {
  EXPECT_THAT(RecordsInDirectory("", kServer).status().message(), HasSubstr("XDG_STATE_HOME"));
  EXPECT_FALSE(RecordsInDirectory("relative", kServer).ok());
}

}  // namespace
}  // namespace mbk::runs
