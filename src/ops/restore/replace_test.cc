#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "ops/check/leftovers_check.h"
#include "ops/create/create.h"
#include "ops/l0compact/l0compact.h"
#include "ops/load/temporary_name.h"
#include "ops/restore/restore.h"
#include "ops/runs/record.h"
#include "ops/testing/advised.h"
#include "ops/testing/row_backup.h"
#include "ops/testing/world.h"
#include "ops/verify/verify.h"

// What a restore does to collections that stand, and what stands when it fails at any of its steps.
namespace mbk {
namespace {

using milvustest::Failure;
using milvustest::MockCollection;
using milvustest::SeenCall;
using opstest::World;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const CollectionName kA{"default", "a"}, kB{"default", "b"}, kC{"default", "c"};

bool IsAboutTemporary(const SeenCall& call) { return call.request.find("_mbk_") != std::string::npos; }
// The temporary name that a call is about.
CollectionName TemporaryIn(const SeenCall& call) {
  const std::size_t at = call.request.find("_mbk_");
  return {"default", call.request.substr(at, call.request.find('"', at) - at)};
}

// A backup of three collections with one segment each, and a server on which all three stand with other rows.
class Replace : public testing::Test {
 protected:
  static constexpr std::int64_t kOldRows = 77;

  explicit Replace(milvustest::MockOptions options = {}) : world_(std::move(options)) {
    std::int64_t id = 1000;
    for (const CollectionName& name : {kA, kB, kC}) {
      world_.AddCollection(name, id, {{.id = id * 10}});
      world_.server.EditCollection(name, [&](MockCollection& collection) {
        collection.indexes = {{.field_name = "v",
                               .index_name = "v_idx",
                               .params = {{"index_type", "FLAT"}, {"metric_type", "L2"}}}};
      });
      ++id;
    }
    EXPECT_TRUE(RunCreate({.name = "nightly"}, world_.milvus, world_.backups, world_.run, {}).ok());
    for (const CollectionName& name : {kA, kB, kC}) {
      world_.server.EditCollection(name, [](MockCollection& old) { old.imported_rows = kOldRows; });
      old_ids_[name] = world_.server.FindCollection(name)->description.collection_id;
    }
    world_.server.EditCollection(kA, [](MockCollection& old) { old.description.aliases = {"lib", "shelf"}; });
    before_ = world_.milvus_memory->Contents();
  }

  static load::Options Over() { return {.rebuild_index = true, .drop_exist_collection = true}; }
  Result<RestoreReport> Run(load::Options load = Over(), const CallContext& context = {}) {
    return RunRestore({.name = "nightly", .load = std::move(load)}, world_.backups, world_.target, world_.run,
                      context);
  }

  bool OldStands(const CollectionName& name) const {
    const auto found = world_.server.FindCollection(name);
    return found && found->description.collection_id == old_ids_.at(name) &&
           found->StoredRows() == kOldRows && found->indexes.size() == 1 &&
           found->description.schema.name == name.name;
  }
  bool NewStands(const CollectionName& name) const {
    const auto found = world_.server.FindCollection(name);
    return found && found->description.collection_id != old_ids_.at(name) && found->StoredRows() == 5;
  }
  std::vector<std::string> Aliases(const CollectionName& name) const {
    return world_.server.FindCollection(name)->description.aliases;
  }
  // Names on the server that only runs give.
  std::vector<std::string> Temporary() const {
    std::vector<std::string> temporary;
    const std::vector<std::string> all = world_.client->ListCollections("default", {}).value();
    for (const std::string& name : all)
      if (load::IsTemporaryName(name)) temporary.push_back(name);
    return temporary;
  }
  void ExpectNothingLeft() const {
    EXPECT_THAT(Temporary(), IsEmpty());
    EXPECT_EQ(world_.milvus_memory->Contents(), before_) << "neither staged files nor a record";
  }
  // What an import job may still read, or fill, stays, with the record that finds it again; nothing else
  // does.
  void ExpectOnlyWhatJobsUseLeft() const {
    std::string records;
    for (const auto& [key, content] : world_.milvus_memory->Contents()) {
      if (before_.contains(key)) continue;
      EXPECT_TRUE(key.starts_with("restore-temp-") || key.starts_with("mbk-runs/")) << key;
      if (key.starts_with("mbk-runs/")) records += content;
    }
    for (const std::string& name : Temporary()) EXPECT_THAT(records, HasSubstr(name));
  }
  void RemoveWhatRunsLeft() {
    for (const std::string& name : Temporary())
      EXPECT_TRUE(world_.client->DropCollection({"default", name}, {}).ok());
    for (const auto& [key, content] : world_.milvus_memory->Contents()) {
      const ObjectKey keys[] = {ObjectKey(key)};
      if (before_.contains(key)) continue;
      ASSERT_TRUE(world_.milvus_memory->Delete(keys, {}).ok());
    }
  }
  void ExpectAllOld() const {
    for (const CollectionName& name : {kA, kB, kC}) EXPECT_TRUE(OldStands(name)) << name.Full();
    EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf"));
    ExpectNothingLeft();
  }
  static const load::Outcome& OutcomeOf(const RestoreReport& report, const CollectionName& target) {
    return *std::find_if(report.collections.begin(), report.collections.end(),
                         [&](const load::Outcome& outcome) { return outcome.target == target; });
  }
  void FailAll(const std::string& rpc,
               Failure failure = {.code = 65535, .error_code = 1, .reason = "etcd is full"}) {
    failure.rpc = rpc;
    failure.times = 1000;
    world_.server.Fail(failure);
  }

  World world_;
  std::map<CollectionName, std::int64_t> old_ids_;
  std::map<std::string, std::string> before_;
};

TEST_F(Replace, ANewCollectionTakesNameAndAliasesAndTheOldOneGoes) {
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_TRUE(report->status.ok()) << report->status.message();
  for (const CollectionName& name : {kA, kB, kC}) EXPECT_TRUE(NewStands(name)) << name.Full();
  EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf")) << "though the backup has none";
  EXPECT_THAT(OutcomeOf(*report, kA).moved_aliases, UnorderedElementsAre("lib", "shelf"));
  EXPECT_EQ(OutcomeOf(*report, kA).left, load::Left::kMade);
  ExpectNothingLeft();
}

TEST_F(Replace, TheOldOneAnswersUntilTheNewOneIsWhole) {
  std::mutex mutex;
  bool always = true;
  world_.OnCall([&](const SeenCall& call) {
    std::scoped_lock lock(mutex);
    const bool before_swap = call.rpc == "Import" || call.rpc == "GetImportState" ||
                             call.rpc == "CreateIndex" || call.rpc == "CreateCollection" ||
                             call.rpc == "GetCollectionStatistics";
    // One collection after the other takes its name: the last one is old all the time.
    if (before_swap) always = always && OldStands(kC);
  });
  ASSERT_TRUE(Run().value().status.ok());
  std::scoped_lock lock(mutex);
  EXPECT_TRUE(always);
}

TEST_F(Replace, TwiceIsAsGoodAsOnce) {
  ASSERT_TRUE(Run().value().status.ok());
  ASSERT_TRUE(Run().value().status.ok());
  for (const CollectionName& name : {kA, kB, kC}) EXPECT_TRUE(NewStands(name)) << name.Full();
  EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf"));
  ExpectNothingLeft();
}

// Safety 1: for each step on the way, what fails leaves the old ones.
class ReplaceFailsAt : public Replace, public testing::WithParamInterface<std::string> {};

TEST_P(ReplaceFailsAt, TheOldOnesStay) {
  // An import that is refused has not begun, and needs no files.
  if (GetParam() == "Import")
    FailAll("Import", {.code = 1100, .error_code = 1, .reason = "no such field"});
  else
    FailAll(GetParam());
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_FALSE(report->status.ok());
  for (const load::Outcome& outcome : report->collections) EXPECT_EQ(outcome.left, load::Left::kOldKept);
  // A job whose state cannot be asked may still read its files.
  if (GetParam() == "GetImportState") {
    ExpectOnlyWhatJobsUseLeft();
    RemoveWhatRunsLeft();
  }
  ExpectAllOld();
}

INSTANTIATE_TEST_SUITE_P(Server, ReplaceFailsAt,
                         testing::Values("CreateCollection", "CreatePartition", "Import", "GetImportState",
                                         "CreateIndex"),
                         [](const auto& info) { return info.param; });

TEST_F(Replace, AnImportThatMayHaveBeenTakenKeepsItsFiles) {
  FailAll("Import");
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_FALSE(report->status.ok());
  EXPECT_NE(world_.milvus_memory->Contents(), before_);
  ExpectOnlyWhatJobsUseLeft();
  RemoveWhatRunsLeft();
  ExpectAllOld();
}

TEST_F(Replace, StagingThatFailsLeavesTheOldOnes) {
  world_.milvus_store.Inject(
      {.operation = StoreOperation::kCopy, .times = 1000, .status = Internal("disk full")});
  ASSERT_FALSE(Run().value().status.ok());
  ExpectAllOld();
}

TEST_F(Replace, AnImportThatFailsLeavesTheOldOnes) {
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "Import")
      world_.server.ScriptImports({{.state = ImportState::kFailed, .failed_reason = "does not parse"}});
  });
  ASSERT_FALSE(Run().value().status.ok());
  ExpectAllOld();
}

TEST_F(Replace, TooFewRowsLeaveTheOldOnes) {
  world_.ImportJobsBring(4);
  ASSERT_EQ(Run().value().status.code(), Code::kDataLoss);
  ExpectAllOld();
}

TEST_F(Replace, RowsThatTheServerDoesNotHaveInSpiteOfItsJobsLeaveTheOldOnes) {
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "GetCollectionStatistics") return;
    for (const std::string& name : Temporary())
      world_.server.EditCollection({"default", name}, [](MockCollection& made) { made.imported_rows = 0; });
  });
  const auto report = Run();
  EXPECT_EQ(report->status.code(), Code::kDataLoss);
  EXPECT_THAT(report->status.message(), HasSubstr("Milvus has 0 rows of it, the metadata promise 5"));
  ExpectAllOld();
}

TEST_F(Replace, PromisesWithoutFilesAreRefusedBeforeAnythingIsTouched) {
  // Safety 2, as far as a restore over old rows is concerned.
  Backup backup;
  Collection collection{.db_name = "default", .name = "a"};
  collection.partitions = {{.name = "_default", .segments = {{.segment_id = 1, .num_rows = 500}}}};
  backup.collections = {collection};
  load::Plan plan = load::MakePlan(backup, Over()).value();
  const Status checked = load::CheckPromises(plan);
  EXPECT_EQ(checked.code(), Code::kDataLoss);
  EXPECT_THAT(checked.message(), HasSubstr("promise 500 rows, but name files for 0"));
}

// First, middle and last of three.
class ReplaceOneFails : public Replace, public testing::WithParamInterface<int> {};

TEST_P(ReplaceOneFails, TheOthersAreReplacedAndItsOldOneStays) {
  std::atomic<int> created = 0;
  world_.run.settings.collection_concurrency = 1;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "Import") {
      const bool fails = created++ == GetParam();
      if (fails) world_.server.ScriptImports({{.state = ImportState::kFailed, .failed_reason = "broken"}});
    }
  });
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  const CollectionName names[] = {kA, kB, kC};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(OldStands(names[i]), i == GetParam()) << i;
    EXPECT_EQ(NewStands(names[i]), i != GetParam()) << i;
  }
  EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf"));
  ExpectNothingLeft();
}

INSTANTIATE_TEST_SUITE_P(OfThree, ReplaceOneFails, testing::Values(0, 1, 2));

// A stop at each call of a run: the old one, or the new one, whole; and nothing else.
class ReplaceStops : public Replace {
 protected:
  // How many calls a whole run makes, and what they are.
  std::vector<std::string> StopAt(std::size_t call_number) {
    std::stop_source stop;
    std::atomic<std::size_t> calls = 0;
    std::mutex mutex;
    std::vector<std::string> seen;
    world_.OnCall([&](const SeenCall& call) {
      std::scoped_lock lock(mutex);
      seen.push_back(call.rpc);
      if (++calls == call_number) stop.request_stop();
    });
    load::Options one = Over();
    one.source_filter = Filter::Parse("a").value();
    const auto report = Run(one, {.stop = stop.get_token()});
    world_.OnCall(nullptr);
    ended_ = report.status();
    std::scoped_lock lock(mutex);
    return seen;
  }
  Status ended_;
};

TEST_F(ReplaceStops, AtEveryCallOneOfTheTwoStandsWhole) {
  const std::size_t all = StopAt(0).size();
  ASSERT_GT(all, 20u);
  for (std::size_t i = 1; i <= all; ++i) {
    const auto standing = world_.server.FindCollection(kA)->description.collection_id;
    const std::vector<std::string> seen = StopAt(i);
    const auto now = world_.server.FindCollection(kA);
    ASSERT_TRUE(now.has_value()) << "stopped at call " << i << ": " << seen[i - 1];
    EXPECT_TRUE(now->description.collection_id == standing || now->StoredRows() == 5) << i << seen[i - 1];
    EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf")) << i << seen[i - 1];
    const bool waits =
        ended_.message().find("import jobs are, or may be, at work in it") != std::string::npos;
    EXPECT_EQ(Temporary().empty(), !waits) << "stopped at call " << i << ": " << seen[i - 1];
    if (world_.milvus_memory->Contents() == before_) continue;
    ExpectOnlyWhatJobsUseLeft();
    EXPECT_THAT(ended_.message(), HasSubstr("restore-temp-")) << i << seen[i - 1];
    RemoveWhatRunsLeft();
  }
}

TEST_F(ReplaceStops, SaysOfEachCollectionWhatBecameOfIt) {
  std::stop_source stop;
  std::atomic<int> renames = 0;
  world_.run.settings.collection_concurrency = 1;
  world_.OnCall([&](const SeenCall& call) {
    // The probe, and the two of the first collection.
    if (call.rpc == "RenameCollection" && ++renames == 3) stop.request_stop();
  });
  const Status ended = Run(Over(), {.stop = stop.get_token()}).status();
  EXPECT_EQ(ended.code(), Code::kCancelled);
  EXPECT_TRUE(NewStands(kA)) << "between the renames no stop is obeyed";
  EXPECT_THAT(ended.message(), AllOf(HasSubstr("complete: default.a"),
                                     HasSubstr("as before, with their old rows: default.b, default.c"),
                                     Not(HasSubstr("drop them"))));
  EXPECT_TRUE(OldStands(kB) && OldStands(kC));
  ExpectOnlyWhatJobsUseLeft();  // jobs of the other two may read them
}

TEST_F(Replace, TheSecondRenameThatFailsGivesTheNameBack) {
  std::atomic<int> renames = 0;
  world_.OnCall([&](const SeenCall& call) {
    // Each collection: the old one aside, then the new one, which fails; then back.
    if (call.rpc == "RenameCollection" && call.request.find(R"("newName":"a")") != std::string::npos &&
        call.request.find("_old") == std::string::npos && renames++ == 0)
      world_.server.Fail(
          {.rpc = "RenameCollection", .code = 65535, .error_code = 1, .reason = "etcd is slow"});
  });
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(OutcomeOf(*report, kA).status.message(), HasSubstr("the old collection has its name"));
  EXPECT_TRUE(OldStands(kA));
  EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf"));
  EXPECT_TRUE(NewStands(kB) && NewStands(kC));
  ExpectNothingLeft();
}

TEST_F(Replace, ARenameWhoseAnswerGetsLostIsDecidedByIds) {
  std::atomic<int> renames = 0;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "RenameCollection" || ++renames != 2) return;
    // Carried out, and then the connection breaks.
    const auto old = world_.server.FindCollection(kA);
    MockCollection aside = *old;
    aside.description.collection_name = aside.description.schema.name = TemporaryIn(call).name;
    world_.server.RemoveCollection(kA);
    world_.server.AddCollection("default", std::move(aside));
    world_.server.Fail({.rpc = "RenameCollection", .grpc_code = 14, .reason = "connection reset"});
  });
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(report->status.ok()) << report->status.message();
  EXPECT_TRUE(NewStands(kA));
  ExpectNothingLeft();
}

// Servers make definitions one after the other, also those whose caller has gone.
TEST_F(Replace, ACollectionThatIsMadeAfterItWasGivenUpIsDropped) {
  std::mutex mutex;
  std::string waits;
  bool came = false;
  world_.run.settings.collection_concurrency = 1;
  world_.OnCall([&](const SeenCall& call) {
    std::scoped_lock lock(mutex);
    if (call.rpc == "CreateCollection" && waits.empty() && !came) {
      const std::size_t at = call.request.find("_mbk_");
      waits = call.request.substr(at, call.request.find('"', at) - at);
      world_.server.Fail({.rpc = "CreateCollection", .grpc_code = 4, .reason = "Deadline Exceeded"});
    } else if (!waits.empty() && (call.rpc == "DropCollection" || call.rpc == "CreateCollection")) {
      MockCollection made = *world_.server.FindCollection(kA);
      made.description.collection_name = made.description.schema.name = std::exchange(waits, "");
      made.description.collection_id = 4711;
      made.description.aliases.clear();
      world_.server.AddCollection("default", std::move(made));
      came = true;
    }
  });
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(came);
  EXPECT_THAT(OutcomeOf(*report, kA).status.message(), HasSubstr("no answer in time"));
  EXPECT_EQ(OutcomeOf(*report, kA).left, load::Left::kOldKept);
  EXPECT_TRUE(OldStands(kA));
  EXPECT_TRUE(NewStands(kB) && NewStands(kC));
  ExpectNothingLeft();
}

TEST_F(Replace, AnAliasThatCannotMoveGivesTheNameBack) {
  world_.server.Fail({.rpc = "AlterAlias", .code = 65535, .error_code = 1, .reason = "etcd is slow"});
  const auto report = Run();
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(OutcomeOf(*report, kA).status.ok());
  EXPECT_TRUE(OldStands(kA));
  EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf"));
  ExpectNothingLeft();
}

// The first alias has moved, the second does not, and then the first does not move back.
class ReplaceAliases : public Replace {
 protected:
  void TheSecondAndThoseBehindItFail(int times) {
    world_.OnCall([this, times](const SeenCall& call) {
      if (call.rpc == "AlterAlias" && ++altered_ == 2)
        world_.server.Fail(
            {.rpc = "AlterAlias", .times = times, .code = 65535, .error_code = 1, .reason = "etcd is slow"});
    });
  }
  std::atomic<int> altered_ = 0;
};

TEST_F(ReplaceAliases, OneThatDoesNotMoveBackAtOnceIsNotDroppedWithTheNewOne) {
  TheSecondAndThoseBehindItFail(2);
  const auto report = Run();
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(OutcomeOf(*report, kA).status.message(), HasSubstr("the old collection has its name"));
  EXPECT_EQ(OutcomeOf(*report, kA).left, load::Left::kOldKept);
  EXPECT_TRUE(OldStands(kA));
  EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf"));
  ExpectNothingLeft();
}

TEST_F(ReplaceAliases, OneThatDoesNotMoveBackAtAllKeepsTheNewOne) {
  TheSecondAndThoseBehindItFail(1000);
  const auto report = Run();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(OutcomeOf(*report, kA).left, load::Left::kBehind);
  ASSERT_THAT(Temporary(), SizeIs(1));
  EXPECT_THAT(OutcomeOf(*report, kA).behind,
              AllOf(HasSubstr(Temporary().front()), HasSubstr("etcd is slow")));
  EXPECT_TRUE(OldStands(kA));
  EXPECT_THAT(Aliases(kA), ElementsAre("shelf"));
  EXPECT_THAT(Aliases({"default", Temporary().front()}), ElementsAre("lib"));
  EXPECT_THAT(opstest::AdvisedWords("put right with", report->advice),
              ElementsAre("milvus-backup", "check", "--leftovers", "--clean"));
}

// Nobody answers any more, and the rename that was sent may come at any time.
TEST_F(Replace, ARenameThatMayStillComeKeepsBoth) {
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "RenameCollection" && call.request.find(R"("oldName":"a")") != std::string::npos)
      FailAll("RenameCollection", {.grpc_code = 14, .reason = "connection reset"});
  });
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  const load::Outcome& a = OutcomeOf(*report, kA);
  EXPECT_EQ(a.left, load::Left::kBehind);
  EXPECT_THAT(a.behind, HasSubstr("still be carried out is not known"));
  EXPECT_TRUE(OldStands(kA));
  EXPECT_THAT(Temporary(), Not(IsEmpty()));
  EXPECT_THAT(world_.milvus_memory->Keys(), testing::Contains(testing::StartsWith("mbk-runs/")));
}

// Dropped first on a server that renames: from then on the new one is the only copy.
class ReplaceDroppingFirst : public Replace {
 protected:
  static load::Options First() {
    load::Options options = Over();
    options.drop_first = true;
    return options;
  }
  runs::RecordedCollection RecordedNow() const {
    for (const auto& [key, content] : world_.milvus_memory->Contents())
      if (key.starts_with("mbk-runs/")) return runs::RecordFromJson(content).value().collections.at(0);
    return {};
  }
};

TEST_F(ReplaceDroppingFirst, TheRecordSaysBeforeTheDropWhatTheNewOneIsFor) {
  std::mutex mutex;
  runs::RecordedCollection recorded;
  world_.OnCall([&](const SeenCall& call) {
    std::scoped_lock lock(mutex);
    if (call.rpc == "DropCollection" && call.request.find(R"("a")") != std::string::npos)
      recorded = RecordedNow();
  });
  const auto report = Run(First());
  ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message();
  world_.OnCall(nullptr);
  EXPECT_TRUE(recorded.drop_first);
  EXPECT_EQ(recorded.old_id, old_ids_[kA]);
  EXPECT_THAT(recorded.old_aliases, UnorderedElementsAre("lib", "shelf"));
  EXPECT_TRUE(load::IsTemporaryName(recorded.temporary));
  EXPECT_NE(recorded.collection_id, 0);
  for (const CollectionName& name : {kA, kB, kC}) EXPECT_TRUE(NewStands(name)) << name.Full();
  EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf"));
  EXPECT_THAT(OutcomeOf(*report, kA).moved_aliases, UnorderedElementsAre("lib", "shelf"));
  ExpectNothingLeft();
}

TEST_F(ReplaceDroppingFirst, AWholeNewOneThatDoesNotGetTheNameStays) {
  std::atomic<bool> failing = false;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "RenameCollection" && call.request.find(R"("newName":"a")") != std::string::npos &&
        !failing.exchange(true))
      world_.server.Fail(
          {.rpc = "RenameCollection", .code = 65535, .error_code = 1, .reason = "etcd is slow"});
  });
  const auto report = Run(First());
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_THAT(Temporary(), SizeIs(1));
  const CollectionName made{"default", Temporary().front()};
  EXPECT_EQ(world_.server.FindCollection(made)->StoredRows(), 5);
  EXPECT_EQ(OutcomeOf(*report, kA).left, load::Left::kBehind);
  EXPECT_THAT(OutcomeOf(*report, kA).behind, AllOf(HasSubstr("dropped first"), HasSubstr(made.name)));
  EXPECT_TRUE(RecordedNow().proved);
  EXPECT_THAT(opstest::AdvisedWords("put right with", report->advice),
              ElementsAre("milvus-backup", "check", "--leftovers", "--clean"));
  EXPECT_TRUE(OldStands(kB) && OldStands(kC));
}

// Whatever its proof fails for, also when the backup is gone by then.
class KeepsTheOnlyCopy : public ReplaceDroppingFirst {
 protected:
  void DeleteTheBackup() {
    for (const std::string& key : world_.backup_memory->Keys()) {
      const ObjectKey keys[] = {ObjectKey(key)};
      ASSERT_TRUE(world_.backup_memory->Delete(keys, {}).ok());
    }
  }
  // The new `a` stands with its rows under its temporary name, and the record says what it is.
  void ExpectKept(const load::Outcome& a) {
    EXPECT_FALSE(a.status.ok());
    ASSERT_THAT(Temporary(), SizeIs(1));
    EXPECT_EQ(world_.server.FindCollection({"default", Temporary().front()})->StoredRows(), 5);
    EXPECT_EQ(a.left, load::Left::kBehind);
    EXPECT_THAT(a.behind, AllOf(HasSubstr("dropped first"), HasSubstr(Temporary().front()),
                                HasSubstr("the 5 rows that came")));
    EXPECT_TRUE(RecordedNow().filled);
    EXPECT_FALSE(RecordedNow().done);
    EXPECT_FALSE(world_.server.FindCollection(kA).has_value());
    EXPECT_TRUE(OldStands(kB) && OldStands(kC));
  }
  // As the record of a run that is over.
  void LetTheRunBeDead() {
    for (const auto& [key, content] : world_.milvus_memory->Contents()) {
      if (!key.starts_with("mbk-runs/")) continue;
      runs::Record record = runs::RecordFromJson(content).value();
      record.process.pid = (1 << 22) - 1;
      world_.milvus_memory->Set(key, runs::ToJson(record));
    }
  }
};

// Takes ops/restore/run.cc: "what is to be decided shows"
TEST_F(KeepsTheOnlyCopy, WhenTheBackupWasDeletedMeanwhile) {
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "GetImportState") DeleteTheBackup();
  });
  const auto report = Run(First());
  world_.OnCall(nullptr);
  ASSERT_TRUE(report.ok()) << report.status().message();
  ExpectKept(OutcomeOf(*report, kA));
  EXPECT_THAT(opstest::AdvisedWords("what is to be decided shows", report->advice),
              ElementsAre("milvus-backup", "check", "--leftovers"))
      << report->advice;
  LetTheRunBeDead();
  const CollectionName made{"default", Temporary().front()};
  const LeftoversReport listed = CheckLeftovers(world_.target, false, world_.run, {}).value();
  ASSERT_THAT(listed.runs, SizeIs(1));
  EXPECT_THAT(listed.runs[0].findings,
              ElementsAre(AllOf(HasSubstr(made.name), HasSubstr("it has 5 rows"),
                                HasSubstr("rename_collection(\"" + made.name + "\", \"a\")"))));
  const LeftoversReport cleaned = CheckLeftovers(world_.target, true, world_.run, {}).value();
  EXPECT_THAT(cleaned.runs.at(0).mended.done, IsEmpty());
  EXPECT_TRUE(world_.server.FindCollection(made).has_value());
  ASSERT_TRUE(world_.client->RenameCollection(made, "a", {}).ok());
  EXPECT_TRUE(NewStands(kA));
}

TEST_F(KeepsTheOnlyCopy, WhenItsIndexIsNotMade) {
  FailAll("CreateIndex");
  const auto report = Run(First());
  ASSERT_TRUE(report.ok()) << report.status().message();
  ExpectKept(OutcomeOf(*report, kA));
}

TEST_F(KeepsTheOnlyCopy, WhenItsRowsCannotBeCounted) {
  std::atomic<bool> imports = false;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "Import" && !imports.exchange(true)) FailAll("GetCollectionStatistics");
  });
  const auto report = Run(First());
  ASSERT_TRUE(report.ok()) << report.status().message();
  ExpectKept(OutcomeOf(*report, kA));
}

TEST_F(KeepsTheOnlyCopy, WhenTheRunIsStopped) {
  std::stop_source stop;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "CreateIndex") stop.request_stop();
  });
  const Status ended = Run(First(), {.stop = stop.get_token()}).status();
  EXPECT_EQ(ended.code(), Code::kCancelled);
  ASSERT_THAT(Temporary(), SizeIs(1));
  EXPECT_EQ(world_.server.FindCollection({"default", Temporary().front()})->StoredRows(), 5);
  EXPECT_THAT(ended.message(),
              AllOf(HasSubstr("stays as default." + Temporary().front()), HasSubstr("check --leftovers")));
  EXPECT_TRUE(RecordedNow().filled);
}

TEST_F(KeepsTheOnlyCopy, WhenTheStoreOfTheRecordFailsForAWhile) {
  std::atomic<bool> counted = false;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "CreateIndex" && !counted.exchange(true))
      world_.milvus_store.Inject({.operation = StoreOperation::kPut, .status = Internal("disk full")});
  });
  const auto report = Run(First());
  ASSERT_TRUE(report.ok()) << report.status().message();
  ExpectKept(OutcomeOf(*report, kA));
  EXPECT_TRUE(RecordedNow().proved) << "a cleaning gives it the name";
  EXPECT_THAT(opstest::AdvisedWords("put right with", report->advice),
              ElementsAre("milvus-backup", "check", "--leftovers", "--clean"));
}

TEST_F(ReplaceDroppingFirst, WhatImportsStillFillIsNotSaidToBeDroppedAgain) {
  std::stop_source stop;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "GetImportState") stop.request_stop();
  });
  const Status ended = Run(First(), {.stop = stop.get_token()}).status();
  world_.OnCall(nullptr);
  ASSERT_THAT(Temporary(), SizeIs(1));
  EXPECT_THAT(ended.message(), AllOf(HasSubstr(Temporary().front() + " stays: import jobs are"),
                                     HasSubstr("the old collection default.a was dropped first"),
                                     Not(HasSubstr("dropped again"))));
}

TEST_F(ReplaceDroppingFirst, ADropThatNobodyAnsweredIsNotSaidToHaveDoneNothing) {
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "DropCollection" && call.request.find(R"("a")") != std::string::npos)
      for (const char* rpc : {"DropCollection", "RenameCollection"})
        FailAll(rpc, {.grpc_code = 14, .reason = "connection reset"});
  });
  const auto report = Run(First());
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(OutcomeOf(*report, kA).left, load::Left::kBehind);
  EXPECT_THAT(
      OutcomeOf(*report, kA).behind,
      AllOf(HasSubstr("whether the old collection was dropped is not known"), HasSubstr("default.a")));
  EXPECT_TRUE(RecordedNow().drop_first);
  EXPECT_FALSE(RecordedNow().done);
  EXPECT_TRUE(OldStands(kB) && OldStands(kC));
}

TEST_F(ReplaceDroppingFirst, ADropIsNotRepeatedOverWhatHasTheNameSince) {
  std::atomic<int> drops = 0;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "DropCollection" || call.request.find(R"("a")") == std::string::npos || ++drops > 1)
      return;
    MockCollection theirs = *world_.server.FindCollection(kA);
    theirs.description.collection_id = 4711;
    theirs.imported_rows = 12;
    world_.server.AddCollection("default", std::move(theirs));
    world_.server.Fail({.rpc = "DropCollection", .grpc_code = 14, .reason = "connection reset"});
  });
  const auto report = Run(First());
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(drops, 1);
  EXPECT_EQ(world_.server.FindCollection(kA)->StoredRows(), 12);
  EXPECT_EQ(OutcomeOf(*report, kA).left, load::Left::kBehind);
}

TEST_F(ReplaceDroppingFirst, ADropWhoseAnswerGotLostIsDoneOrMadeAgain) {
  for (const bool carried_out : {true, false}) {
    std::atomic<int> drops = 0;
    world_.OnCall([&](const SeenCall& call) {
      if (call.rpc != "DropCollection" || call.request.find(R"("b")") == std::string::npos || ++drops > 1)
        return;
      if (carried_out) world_.server.RemoveCollection(kB);
      world_.server.Fail({.rpc = "DropCollection", .grpc_code = 14, .reason = "connection reset"});
    });
    const auto report = Run(First());
    world_.OnCall(nullptr);
    ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message();
    EXPECT_EQ(drops, carried_out ? 1 : 2);
    EXPECT_TRUE(NewStands(kB));
    ExpectNothingLeft();
  }
}

TEST_F(Replace, WhatSomebodyElsePutUnderTheNameMeanwhileIsNotDropped) {
  std::atomic<bool> exchanged = false;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "Import" || exchanged.exchange(true)) return;
    MockCollection other = *world_.server.FindCollection(kA);
    other.description.collection_id = 4711;
    other.imported_rows = 12;
    world_.server.AddCollection("default", std::move(other));
  });
  const auto report = Run();
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(OutcomeOf(*report, kA).status.ok());
  EXPECT_EQ(world_.server.FindCollection(kA)->description.collection_id, 4711);
  EXPECT_EQ(world_.server.FindCollection(kA)->StoredRows(), 12);
  ExpectNothingLeft();
}

TEST_F(Replace, AnOldOneThatCannotBeDroppedIsNamedAndTheNewOneStays) {
  std::atomic<bool> failing = false;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "DropCollection" && call.request.find("_old") != std::string::npos &&
        !failing.exchange(true))
      world_.server.Fail({.rpc = "DropCollection", .code = 65535, .error_code = 1, .reason = "etcd is slow"});
  });
  const auto report = Run();
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(NewStands(kA));
  EXPECT_THAT(OutcomeOf(*report, kA).warnings,
              ElementsAre(AllOf(HasSubstr("_old"), HasSubstr("etcd is slow"))));
  EXPECT_THAT(Temporary(), SizeIs(1));
}

TEST_F(Replace, ANameThatIsAnAliasIsRefusedBeforeAnythingIsMade) {
  load::Options onto_alias = Over();
  onto_alias.source_filter = Filter::Parse("b").value();
  onto_alias.renamer = Renamer::FromRules("b:lib").value();
  const Status refused = Run(onto_alias).status();
  EXPECT_EQ(refused.code(), Code::kAlreadyExists);
  EXPECT_THAT(refused.message(), HasSubstr("default.lib is an alias of the collection a"));
  EXPECT_EQ(world_.Calls("CreateCollection"), 0u);
  ExpectAllOld();
}

TEST_F(Replace, ANameOfARunIsRefused) {
  load::Options onto = Over();
  onto.source_filter = Filter::Parse("b").value();
  onto.renamer = Renamer::FromRules("b:_mbk_0123456789ab_1").value();
  EXPECT_EQ(Run(onto).status().code(), Code::kInvalidArgument);
}

TEST_F(Replace, ADryRunNamesWhatIsReplacedAndAliasesThatMove) {
  const auto report = RunRestore({.name = "nightly", .load = Over(), .dry_run = true}, world_.backups,
                                 world_.target, world_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->collections, Each(Field(&load::Outcome::replaces, true)));
  EXPECT_THAT(OutcomeOf(*report, kA).moved_aliases, ElementsAre("lib", "shelf"));
  ExpectAllOld();
}

TEST_F(Replace, ALoadedOneIsReplacedByOneThatIsLoadedAlready) {
  world_.server.EditCollection(kA, [](MockCollection& old) { old.loaded_percent = 100; });
  EXPECT_TRUE(RunCreate({.name = "loaded"}, world_.milvus, world_.backups, world_.run, {}).ok());
  std::atomic<bool> loaded_first = false, renamed = false;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "LoadCollection" && call.request.find("_mbk_") != std::string::npos)
      loaded_first = !renamed;
    if (call.rpc == "RenameCollection" && call.request.find(R"("newName":"a")") != std::string::npos)
      renamed = true;
  });
  load::Options load = Over();
  load.restore_load_state = true;
  const auto report =
      RunRestore({.name = "loaded", .load = load}, world_.backups, world_.target, world_.run, {});
  ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message() << report->status.message();
  EXPECT_TRUE(loaded_first);
  EXPECT_EQ(world_.server.FindCollection(kA)->loaded_percent, 100);
  EXPECT_THAT(OutcomeOf(*report, kA).notes, ElementsAre(HasSubstr("memory of both")));
}

// Takes ops/load/builder.cc: "load it: Milvus loads no collection without indexes"
TEST_F(Replace, ALoadedOneIsNotReplacedByOneThatCannotBeLoaded) {
  world_.server.EditCollection(kA, [](MockCollection& old) { old.loaded_percent = 100; });
  EXPECT_TRUE(RunCreate({.name = "loaded"}, world_.milvus, world_.backups, world_.run, {}).ok());
  load::Options load = Over();
  load.source_filter = Filter::Parse("a").value();
  load.restore_load_state = true;
  load.rebuild_index = false;
  const auto run = [&] {
    world_.server.Fail({.rpc = "LoadCollection", .code = 700, .reason = "index not found[collection=1]"});
    return RunRestore({.name = "loaded", .load = load}, world_.backups, world_.target, world_.run, {})
        .value();
  };
  const RestoreReport refused = run();
  EXPECT_THAT(refused.status.message(),
              AllOf(HasSubstr("add --rebuild_index"), Not(HasSubstr("memory for both"))));
  EXPECT_THAT(OutcomeOf(refused, kA).notes, IsEmpty());
  EXPECT_EQ(world_.server.FindCollection(kA)->loaded_percent, 100);
  load.restore_load_state = false;
  EXPECT_EQ(run().status, Status()) << "it stands without";
}

TEST_F(Replace, RbacComesLastSoThatAFailureBeforeItChangedNoUser) {
  world_.server.SetRbac({.users = {{.name = "ann"}}});
  ASSERT_TRUE(RunCreate({.name = "rbac", .rbac = true}, world_.milvus, world_.backups, world_.run, {}).ok());
  std::mutex mutex;
  std::vector<std::string> order;
  world_.OnCall([&](const SeenCall& call) {
    std::scoped_lock lock(mutex);
    order.push_back(call.rpc);
  });
  ASSERT_TRUE(RunRestore({.name = "rbac", .load = Over(), .rbac = true}, world_.backups, world_.target,
                         world_.run, {})
                  .ok());
  std::scoped_lock lock(mutex);
  EXPECT_EQ(order.back(), "RestoreRBAC");
}

// Servers on which nothing can be renamed.
class ReplaceWithoutRename : public Replace {
 protected:
  ReplaceWithoutRename() : Replace({.has_rename = false}) {}
  static load::Options First() {
    load::Options options = Over();
    options.drop_first = true;
    return options;
  }
};

TEST_F(ReplaceWithoutRename, IsRefusedBeforeAnyChange) {
  const Status refused = Run().status();
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("--drop_first"));
  EXPECT_EQ(world_.Calls("CreateCollection"), 0u);
  ExpectAllOld();
}

TEST_F(ReplaceWithoutRename, BuildsUnderTheFinalNameWhereNothingStands) {
  load::Options beside{.renamer = Renamer::FromSuffix("_bak").value()};
  ASSERT_TRUE(Run(beside).value().status.ok());
  EXPECT_EQ(world_.server.FindCollection({"default", "a_bak"})->StoredRows(), 5);
  ExpectAllOld();
}

TEST_F(ReplaceWithoutRename, RemovesWhatFailedUnderTheFinalName) {
  world_.ImportJobsBring(4);
  load::Options beside{.renamer = Renamer::FromSuffix("_bak").value()};
  const auto report = Run(beside);
  EXPECT_THAT(report->collections, Each(Field(&load::Outcome::left, load::Left::kDropped)));
  EXPECT_FALSE(world_.server.FindCollection({"default", "a_bak"}).has_value());
  ExpectAllOld();
}

TEST_F(ReplaceWithoutRename, DropsFirstWhenThatIsSaidAfterATrial) {
  const auto report = Run(First());
  ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message();
  for (const CollectionName& name : {kA, kB, kC}) EXPECT_TRUE(NewStands(name)) << name.Full();
  EXPECT_THAT(Aliases(kA), UnorderedElementsAre("lib", "shelf"));
  ExpectNothingLeft();
}

TEST_F(ReplaceWithoutRename, ASchemaThatIsRefusedLeavesTheOldOnes) {
  FailAll("CreateCollection", {.code = 1100, .error_code = 1, .reason = "type not supported"});
  ASSERT_FALSE(Run(First()).value().status.ok());
  ExpectAllOld();
}

TEST_F(ReplaceWithoutRename, ATrialThatCannotBeDroppedIsNamedWithWhatDropsIt) {
  FailAll("DropCollection");
  const auto report = Run(First());
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_THAT(Temporary(), SizeIs(1));
  EXPECT_EQ(OutcomeOf(*report, kA).left, load::Left::kBehind);
  EXPECT_THAT(OutcomeOf(*report, kA).behind, HasSubstr(Temporary().front()));
  EXPECT_THAT(opstest::AdvisedWords("put right with", report->advice),
              ElementsAre("milvus-backup", "check", "--leftovers", "--clean"))
      << report->advice;
  for (const CollectionName& name : {kA, kB, kC}) EXPECT_TRUE(OldStands(name)) << name.Full();
}

// What has its final name no cleaning drops.
TEST_F(ReplaceWithoutRename, WhatCannotBeDroppedUnderItsOwnNameIsNotSaidToGoWithACleaning) {
  world_.ImportJobsBring(4);
  FailAll("DropCollection");
  load::Options beside{.renamer = Renamer::FromSuffix("_bak").value()};
  const auto report = Run(beside);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->collections, Each(Field(&load::Outcome::left, load::Left::kBehind)));
  EXPECT_THAT(opstest::AdvisedWords("how to remove it by hand shows", report->advice),
              ElementsAre("milvus-backup", "check", "--leftovers"))
      << report->advice;
  EXPECT_THAT(report->advice, Not(HasSubstr("--clean")));
}

TEST_F(ReplaceWithoutRename, GoesNoFurtherThanTheFirstFailure) {
  world_.ImportJobsBring(4);
  const auto report = Run(First());
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(OutcomeOf(*report, kB).status.message(), HasSubstr("not begun"));
  EXPECT_TRUE(OldStands(kB) && OldStands(kC));
}

TEST_F(Replace, WithoutTheRightToRenameItIsRefusedBeforeAnyChange) {
  FailAll("RenameCollection",
          {.grpc_code = 7, .reason = "PrivilegeRenameCollection: permission deny to ann"});
  const Status refused = Run().status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("--drop_first"), HasSubstr("permission deny to ann")));
  EXPECT_EQ(world_.Calls("CreateCollection"), 0u);
  ExpectAllOld();
}

TEST_F(Replace, WithoutTheRightOnOtherNamesItIsBuiltUnderItsOwn) {
  FailAll("RenameCollection", {.grpc_code = 7, .reason = "permission deny to ann"});
  const auto report = Run({.renamer = Renamer::FromSuffix("_bak").value()});
  ASSERT_TRUE(report.ok() && report->status.ok());
  EXPECT_EQ(world_.server.FindCollection({"default", "b_bak"})->StoredRows(), 5);
  EXPECT_THAT(report->collections.front().notes, ElementsAre(HasSubstr("permission deny to ann")));
  EXPECT_EQ(world_.Calls("DropCollection"), 0u);
}

TEST_F(ReplaceWithoutRename, WhatSomebodyElseMadeMeanwhileIsLeftAlone) {
  for (const CollectionName& name : {kA, kB, kC}) world_.server.RemoveCollection(name);
  std::atomic<int> looks = 0;
  world_.OnCall([&](const SeenCall& call) {
    // In the preflight nothing had the name.
    const bool looks_at_c =
        call.rpc == "DescribeCollection" && call.request.find("\"c\"") != std::string::npos;
    if (!looks_at_c || ++looks != 2) return;
    MockCollection theirs;
    theirs.description.schema.name = theirs.description.collection_name = "c";
    theirs.description.schema.fields = {backuptest::Field(100, "id", DataType::kInt64),
                                        backuptest::Field(101, "v", DataType::kFloatVector)};
    theirs.imported_rows = 7;
    world_.server.AddCollection("default", std::move(theirs));
  });
  load::Options one;
  one.source_filter = Filter::Parse("c").value();
  const auto report = Run(one);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(OutcomeOf(*report, kC).status.message(), HasSubstr("made by somebody else"));
  EXPECT_EQ(world_.server.FindCollection(kC)->StoredRows(), 7);
}

TEST_F(ReplaceWithoutRename, RowsThatOthersWroteIntoItKeepWhatFailed) {
  for (const CollectionName& name : {kA, kB, kC}) world_.server.RemoveCollection(name);
  world_.ImportJobsBring(4);
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "Import")
      world_.server.EditCollection(kB, [](MockCollection& made) { made.rows_in_memory = 3; });
  });
  load::Options one;
  one.source_filter = Filter::Parse("b").value();
  const auto report = Run(one);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(OutcomeOf(*report, kB).left, load::Left::kBehind);
  EXPECT_THAT(OutcomeOf(*report, kB).behind, AllOf(HasSubstr("7 rows"), HasSubstr("this run brought 4")));
  EXPECT_TRUE(world_.server.FindCollection(kB).has_value());
}

// Without a proof that all of its rows are the run's it stays.
class ReplaceUnderOwnName : public ReplaceWithoutRename {
 protected:
  static load::Options Beside() { return {.renamer = Renamer::FromSuffix("_bak").value()}; }
  void ExpectStays(std::string_view why) {
    const auto report = Run(Beside());
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_THAT(report->collections, Each(AllOf(Field(&load::Outcome::left, load::Left::kBehind),
                                                Field(&load::Outcome::behind, HasSubstr(std::string(why))))));
    EXPECT_TRUE(world_.server.FindCollection({"default", "a_bak"}).has_value());
    EXPECT_EQ(world_.Calls("DropCollection"), 0u);
  }
};

TEST_F(ReplaceUnderOwnName, IsNotDroppedWhileRowsMayStillCome) {
  FailAll("GetImportState");
  ExpectStays("still to come");
}

TEST_F(ReplaceUnderOwnName, IsNotDroppedWhereTheServerDoesNotCount) {
  world_.ImportJobsBring(4);
  FailAll("GetCollectionStatistics", {.grpc_code = 12, .reason = "unknown method"});
  ExpectStays("unknown method");
}

TEST_F(ReplaceUnderOwnName, IsNotDroppedWithFewerRowsThanCame) {
  world_.ImportJobsBring(4);
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "Flush")
      world_.server.EditCollection({"default", "a_bak"},
                                   [](MockCollection& made) { made.imported_rows = 2; });
  });
  load::Options one = Beside();
  one.source_filter = Filter::Parse("a").value();
  const auto report = Run(one);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->collections.at(0).behind, HasSubstr("it holds 2 rows, and this run brought 4"));
  EXPECT_EQ(world_.Calls("DropCollection"), 0u);
}

TEST_F(ReplaceUnderOwnName, GoesWithoutRowsWhenNoneCame) {
  world_.milvus_store.Inject(
      {.operation = StoreOperation::kCopy, .times = 1000, .status = Internal("disk full")});
  const auto report = Run(Beside());
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->collections, Each(Field(&load::Outcome::left, load::Left::kDropped)));
  EXPECT_FALSE(world_.server.FindCollection({"default", "a_bak"}).has_value());
}

TEST_F(ReplaceUnderOwnName, StaysWhereTheOldOneWasDroppedFirst) {
  FailAll("CreateIndex");
  const auto report = Run(First());
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(NewStands(kA));
  EXPECT_EQ(OutcomeOf(*report, kA).left, load::Left::kBehind);
  EXPECT_THAT(opstest::AdvisedWords("what is to be decided shows", report->advice),
              ElementsAre("milvus-backup", "check", "--leftovers"))
      << report->advice;
  EXPECT_TRUE(OldStands(kB) && OldStands(kC));
}

TEST_F(ReplaceUnderOwnName, SaysThatTheOldOneIsGoneWhereSomebodyElseTakesItsName) {
  std::atomic<bool> made = false;
  world_.OnCall([&](const SeenCall& call) {
    // Looked at before the new one is made.
    if (call.rpc != "DescribeCollection" || world_.server.FindCollection(kA) || made.exchange(true)) return;
    MockCollection theirs = *world_.server.FindCollection(kB);
    theirs.description.collection_id = 4711;
    theirs.description.collection_name = theirs.description.schema.name = "a";
    theirs.imported_rows = 12;
    world_.server.AddCollection("default", std::move(theirs));
  });
  const auto report = Run(First());
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(world_.server.FindCollection(kA)->StoredRows(), 12);
  EXPECT_NE(OutcomeOf(*report, kA).left, load::Left::kUntouched);
  EXPECT_THAT(OutcomeOf(*report, kA).behind, HasSubstr("was dropped first"));
}

// The files of a backup with rows and deletes in it, and an old collection of that name.
class ReplaceCounted : public testing::Test {
 protected:
  static constexpr std::int64_t kOldRows = 77;

  ReplaceCounted() {
    UseRows([&] { AddRowsWithDeletes(); });
    MockCollection old{.description = {.schema = backup_.books().schema, .collection_id = 9'000}};
    old.imported_rows = kOldRows;
    world_.server.AddCollection("default", std::move(old));
  }
  Result<RestoreReport> Run(load::Options load = {.drop_exist_collection = true}) {
    return RunRestore({.name = "nightly", .load = std::move(load)}, world_.backups, world_.target, world_.run,
                      {});
  }
  std::int64_t RowsNow() { return world_.server.FindCollection(kBooks)->StoredRows(); }

  void AddRowsWithDeletes() {
    backup_.AddSegment(0, opstest::Books(0, 5), {{0, opstest::kNow + 1}, {1, opstest::kNow + 1}});
  }
  /// Nothing but what `add` puts into the collection is in the backup.
  void UseRows(const std::function<void()>& add) {
    for (Partition& partition : backup_.books().partitions) partition.segments.clear();
    backup_.books().l0_segments.clear();
    for (const std::string& key : backup_.DataKeys()) backup_.Remove(key);
    add();
    backup_.Commit();
    for (const std::string& key : world_.backup_memory->Keys()) {
      const ObjectKey keys[] = {ObjectKey(key)};
      ASSERT_TRUE(world_.backup_memory->Delete(keys, {}).ok());
    }
    for (const auto& [key, content] : backup_.store().Contents()) world_.backup_memory->Set(key, content);
  }
  /// What the server says of a collection that is being built, whatever its jobs brought.
  void ServerStores(std::int64_t rows) {
    world_.OnCall([this, rows](const SeenCall& call) {
      if (call.rpc == "GetCollectionStatistics" && IsAboutTemporary(call))
        world_.server.EditCollection(TemporaryIn(call),
                                     [&](MockCollection& made) { made.imported_rows = rows; });
    });
  }

  const CollectionName kBooks{"default", "books"};
  opstest::RowBackup backup_;
  World world_;
};

TEST_F(ReplaceCounted, FewerRowsAreRightWhereDeletesExplainThem) {
  world_.ImportJobsBring(3);
  const auto report = Run();
  ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message() << report->status.message();
  EXPECT_EQ(RowsNow(), 3);
}

TEST_F(ReplaceCounted, FewerRowsThanDeletesExplainLeaveTheOldOnes) {
  for (const std::int64_t brought : {0, 1, 2, 4, 5}) {
    world_.ImportJobsBring(brought);
    const auto report = Run();
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_EQ(report->status.code(), Code::kDataLoss) << brought;
    EXPECT_THAT(report->status.message(), HasSubstr("3 of the source's 5 are not deleted"));
    EXPECT_EQ(RowsNow(), kOldRows) << brought;
  }
}

// The jobs' own word is no proof: what is stored is counted, too.
TEST_F(ReplaceCounted, RowsThatTheServerDoesNotHaveInSpiteOfItsJobsLeaveTheOldOnesWithDeletesToo) {
  ServerStores(0);
  world_.ImportJobsBring(3);
  EXPECT_EQ(Run().value().status.code(), Code::kDataLoss);
  EXPECT_EQ(RowsNow(), kOldRows);
}

TEST_F(ReplaceCounted, DeletesOfL0ExplainFewerStoredRowsButNoMore) {
  UseRows([&] {
    backup_.AddSegment(0, opstest::Books(0, 5), {});
    backup_.AddL0(0, {{0, opstest::kNow + 1}, {1, opstest::kNow + 1}});
  });
  for (const std::int64_t stored : {0, 2, 6}) {
    ServerStores(stored);
    const auto report = Run();
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_EQ(report->status.code(), Code::kDataLoss) << stored;
    EXPECT_EQ(RowsNow(), kOldRows) << stored;
  }
  // Two are removed by the time that they are counted, one, or none.
  for (const std::int64_t stored : {3, 4, 5}) {
    ServerStores(stored);
    const auto report = Run();
    ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message() << report->status.message();
    EXPECT_EQ(RowsNow(), stored);
  }
}

// The older half of each field's files is lost: as many as before, but for the rows that the metadata
// promise.
TEST_F(ReplaceCounted, FilesWithFewerRowsThanTheMetadataPromiseLeaveTheOldOnes) {
  UseRows([&] {
    AddRowsWithDeletes();
    backup_.books().partitions[0].segments[0].num_rows = 9;
  });
  world_.ImportJobsBring(3);
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->status.code(), Code::kDataLoss);
  EXPECT_THAT(report->status.message(), HasSubstr("hold 5 rows, the metadata promise 9"));
  EXPECT_EQ(RowsNow(), kOldRows);
}

TEST_F(ReplaceCounted, RowsThatRanOutAreSaidAndNoneTakeTheOldOnesPlace) {
  UseRows([&] {
    backup_.AddSegment(0, opstest::Books(0, 5), {});
    backup_.books().properties = {{"collection.ttl.seconds", "60"}};
  });
  ServerStores(0);
  const auto none = Run();
  ASSERT_TRUE(none.ok()) << none.status().message();
  EXPECT_EQ(none->status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(none->status.message(), HasSubstr("0 of the 5 rows"));
  EXPECT_EQ(RowsNow(), kOldRows);
  ServerStores(2);
  const auto some = Run();
  ASSERT_TRUE(some.ok() && some->status.ok()) << some.status().message() << some->status.message();
  EXPECT_THAT(some->collections.front().warnings, testing::Contains(HasSubstr("2 of the 5 rows")));
  EXPECT_EQ(RowsNow(), 2);
}

TEST_F(ReplaceCounted, RowsThatMilvusWouldNotShowAnyMoreReplaceNone) {
  UseRows([&] {
    backup_.AddSegment(0, opstest::Books(0, 5), {});
    backup_.books().properties = {{"collection.ttl.seconds", "60"}};
    backup_.books().backup_physical_timestamp = 1'700'000'000;
  });
  const Status refused = Run().status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("collection.ttl.seconds"), HasSubstr("--via insert")));
  EXPECT_EQ(RowsNow(), kOldRows);
  const auto beside = Run({.renamer = Renamer::FromSuffix("_bak").value()});
  ASSERT_TRUE(beside.ok() && beside->status.ok()) << beside.status().message();
  EXPECT_THAT(beside->collections.front().warnings, ElementsAre(HasSubstr("Milvus hides them")));
}

TEST_F(ReplaceCounted, ABackupThatIsDeletedUnderTheImportLeavesTheOldOnes) {
  world_.ImportJobsBring(3);
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "GetImportState") return;
    const ObjectKey keys[] = {backup_.layout().Meta("backup_meta.json")};
    ASSERT_TRUE(world_.backup_memory->Delete(keys, {}).ok());
  });
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_FALSE(report->status.ok());
  EXPECT_EQ(RowsNow(), kOldRows);
}

// Takes ops/load/import_poller.cc: "if it ended itself over a damaged file, this finds which"
TEST_F(ReplaceCounted, AFileOverWhichTheServerMayHaveEndedItselfIsFoundAsIsSaid) {
  // As it lay with the source, so that the backup has it as it was written.
  const std::string damaged = backup_.DataKeys().back();
  ASSERT_THAT(damaged, HasSubstr("/insert_log/"));
  std::string file = backup_.store().Contents().at(damaged);
  file.replace(file.size() / 2, std::string::npos, file.size() - file.size() / 2, '\0');
  backup_.store().Set(damaged, std::move(file));
  backup_.Commit();
  for (const auto& [key, content] : backup_.store().Contents()) world_.backup_memory->Set(key, content);
  world_.server.Fail(
      {.rpc = "GetImportState", .times = 1'000, .grpc_code = 14, .reason = "connection refused"});
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(RowsNow(), kOldRows);
  const auto words = opstest::AdvisedWords("if it ended itself over a damaged file, this finds which",
                                           report->collections.front().status.message());
  ASSERT_THAT(words, ElementsAre("milvus-backup", "verify", "-n", testing::_, "--level", "rows"))
      << report->collections.front().status.message();
  const auto before = world_.backup_memory->Contents();
  const auto found =
      RunVerify({.name = words[3], .level = VerifyLevel::kRows}, world_.backups, world_.run, {});
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_THAT(found->damage, testing::Contains(HasSubstr(damaged)));
  EXPECT_EQ(world_.backup_memory->Contents(), before);
}

TEST_F(ReplaceCounted, ABackupWithoutRowsReplacesRowsOnlyWhenThatIsMeant) {
  UseRows([] {});
  const Status refused = Run().status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("has 77 rows"), HasSubstr("--meta_only")));
  EXPECT_EQ(RowsNow(), kOldRows);
  world_.target.state_directory = testing::TempDir() + "mbk-replace-counted-test";
  const auto meant = Run({.meta_only = true, .drop_exist_collection = true});
  ASSERT_TRUE(meant.ok() && meant->status.ok()) << meant.status().message();
  EXPECT_EQ(RowsNow(), 0);
  EXPECT_THAT(meant->collections.front().notes, ElementsAre(HasSubstr("has 77 rows")));
}

// Rows into collections of the user's.
class Append : public Replace {
 protected:
  static load::Options Into() { return {.skip_create_collection = true}; }
};

TEST_F(Append, IntoACollectionWithRowsIsRefusedUnlessItIsMeant) {
  const Status refused = Run(Into()).status();
  EXPECT_EQ(refused.code(), Code::kAlreadyExists);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("--append"), HasSubstr("77"), HasSubstr("twice")));
  ExpectAllOld();
  load::Options append = Into();
  append.append = true;
  ASSERT_TRUE(Run(append).value().status.ok());
  EXPECT_EQ(world_.server.FindCollection(kB)->StoredRows(), kOldRows + 5);
}

TEST_F(Append, IntoOneWhoseRowsNothingTellsIsRefusedUnlessItIsMeant) {
  FailAll("GetCollectionStatistics", {.grpc_code = 12, .reason = "unknown method"});
  FailAll("Query", {.code = 101, .error_code = 1, .reason = "collection not loaded"});
  const Status refused = Run(Into()).status();
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("how many rows"), HasSubstr("collection not loaded")));
  ExpectAllOld();
  load::Options append = Into();
  append.append = true;
  ASSERT_TRUE(Run(append).value().status.ok());
  EXPECT_EQ(world_.server.FindCollection(kB)->StoredRows(), kOldRows + 5);
}

TEST_F(Append, IntoAnEmptyOneNeedsNoWord) {
  for (const CollectionName& name : {kA, kB, kC})
    world_.server.EditCollection(name, [](MockCollection& old) { old.imported_rows = 0; });
  const auto report = Run(Into());
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_TRUE(report->status.ok());
  EXPECT_EQ(world_.server.FindCollection(kB)->StoredRows(), 5);
}

TEST_F(Append, RowsThatAreInMemoryAloneAreSeen) {
  for (const CollectionName& name : {kA, kB, kC})
    world_.server.EditCollection(name, [](MockCollection& old) {
      old.imported_rows = 0;
      old.rows_in_memory = 3;
    });
  const auto report = Run(Into());
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->status.code(), Code::kAlreadyExists) << report->status.message();
  EXPECT_THAT(report->status.message(), AllOf(HasSubstr("has rows already (3)"), HasSubstr("--append")));
  for (const CollectionName& name : {kA, kB, kC})
    EXPECT_EQ(world_.server.FindCollection(name)->StoredRows(), 3);
  EXPECT_EQ(world_.Calls("Import"), 0u);
}

TEST_F(Append, AnotherSchemaIsRefusedByTheNameOfTheField) {
  load::Options append = Into();
  append.append = true;
  const auto edit = [&](const std::function<void(FieldSchema&)>& change) {
    world_.server.EditCollection(kB, [&](MockCollection& old) { change(old.description.schema.fields[1]); });
  };
  edit([](FieldSchema& v) { v.type_params = {{"dim", "16"}}; });
  EXPECT_THAT(Run(append).status().message(), AllOf(HasSubstr("field v"), HasSubstr("dimension 16")));
  edit([](FieldSchema& v) {
    v.type_params = {{"dim", "8"}};
    v.field_id = 102;
  });
  EXPECT_THAT(Run(append).status().message(), AllOf(HasSubstr("field v"), HasSubstr("id 102")));
  edit([](FieldSchema& v) { v.name = "w"; });
  EXPECT_THAT(Run(append).status().message(), HasSubstr("no field v"));
  EXPECT_EQ(world_.Calls("Import"), 0u);
}

TEST_F(Append, AFailureSaysThatRowsMayBeIn) {
  world_.ImportJobsBring(4);
  load::Options append = Into();
  append.append = true;
  const auto report = Run(append);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->collections, Each(Field(&load::Outcome::left, load::Left::kAppended)));
  EXPECT_EQ(world_.Calls("DropCollection"), 0u);
}

TEST_F(Append, IndexesAreReplacedOneByOneAfterTheRows) {
  std::mutex mutex;
  std::vector<std::string> order;
  world_.OnCall([&](const SeenCall& call) {
    std::scoped_lock lock(mutex);
    if (call.rpc == "DropIndex" || call.rpc == "CreateIndex" || call.rpc == "Import")
      order.push_back(call.rpc);
  });
  load::Options indexes = Into();
  indexes.append = indexes.drop_exist_index = indexes.rebuild_index = true;
  indexes.source_filter = Filter::Parse("b").value();
  ASSERT_TRUE(Run(indexes).value().status.ok());
  std::scoped_lock lock(mutex);
  EXPECT_THAT(order, ElementsAre("Import", "DropIndex", "CreateIndex"));
}

TEST_F(Append, AnIndexWhoseSuccessorIsRefusedComesBack) {
  std::atomic<int> creations = 0;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "CreateIndex" && creations++ == 0)
      world_.server.Fail(
          {.rpc = "CreateIndex", .code = 1100, .error_code = 1, .reason = "index type unknown"});
  });
  load::Options indexes = Into();
  indexes.append = indexes.drop_exist_index = indexes.rebuild_index = true;
  indexes.source_filter = Filter::Parse("b").value();
  const auto report = Run(indexes);
  ASSERT_TRUE(report.ok() && report->status.ok());
  EXPECT_THAT(world_.server.FindCollection(kB)->indexes, SizeIs(1));
  EXPECT_THAT(report->collections.at(0).warnings,
              ElementsAre(HasSubstr("index type unknown"), HasSubstr("has its old index v_idx again")));
}

// It was dropped all the same.
TEST_F(Append, AnIndexWhoseDropWasAnsweredByAnInternalErrorComesBack) {
  for (Failure failure : {Failure{.code = 65535, .error_code = 1, .reason = "etcd is slow"},
                          Failure{.grpc_code = 13, .reason = "stream terminated"}}) {
    failure.rpc = "DropIndex";
    world_.OnCall([&](const SeenCall& call) {
      if (call.rpc != "DropIndex") return;
      world_.server.EditCollection(kB, [](MockCollection& old) { old.indexes.clear(); });
      world_.server.Fail(failure);
    });
    load::Options indexes = Into();
    indexes.append = indexes.drop_exist_index = indexes.rebuild_index = true;
    indexes.source_filter = Filter::Parse("b").value();
    const auto report = Run(indexes);
    world_.OnCall(nullptr);
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_FALSE(report->status.ok());
    EXPECT_THAT(world_.server.FindCollection(kB)->indexes, SizeIs(1)) << failure.reason;
    EXPECT_THAT(report->collections.at(0).warnings,
                testing::Contains(HasSubstr("has its old index v_idx again")));
  }
}

TEST_F(Append, AnIndexWhoseDropWentUnansweredAndWasMadeAgainIsReplaced) {
  std::atomic<int> drops = 0;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "DropIndex") return;
    world_.server.EditCollection(kB, [](MockCollection& old) { old.indexes.clear(); });
    world_.server.Fail(drops++ == 0 ? Failure{.rpc = "DropIndex", .grpc_code = 14, .reason = "cut"}
                                    : Failure{.rpc = "DropIndex", .code = 700, .reason = "index not found"});
  });
  load::Options indexes = Into();
  indexes.append = indexes.drop_exist_index = indexes.rebuild_index = true;
  indexes.source_filter = Filter::Parse("b").value();
  const auto report = Run(indexes);
  ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message();
  EXPECT_EQ(drops, 2);
  EXPECT_THAT(world_.server.FindCollection(kB)->indexes, SizeIs(1));
}

TEST_F(Append, ALoadedCollectionIsReleasedOnlyWhenThatIsSaid) {
  world_.server.EditCollection(kB, [](MockCollection& old) { old.loaded_percent = 100; });
  load::Options indexes = Into();
  indexes.append = indexes.drop_exist_index = indexes.rebuild_index = true;
  indexes.source_filter = Filter::Parse("b").value();
  EXPECT_THAT(Run(indexes).status().message(), HasSubstr("--release"));
  EXPECT_EQ(world_.Calls("ReleaseCollection"), 0u);
  indexes.release = true;
  ASSERT_TRUE(Run(indexes).value().status.ok());
  EXPECT_EQ(world_.Calls("ReleaseCollection"), 1u);
  EXPECT_EQ(world_.server.FindCollection(kB)->loaded_percent, 100);
}

TEST_F(Append, ACollectionWhoseReleaseFailsIsLoadedAgain) {
  world_.server.EditCollection(kB, [](MockCollection& old) { old.loaded_percent = 100; });
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "ReleaseCollection") return;
    // Carried out, and not answered.
    world_.server.EditCollection(kB, [](MockCollection& old) { old.loaded_percent.reset(); });
    world_.server.Fail(
        {.rpc = "ReleaseCollection", .code = 65535, .error_code = 1, .reason = "etcd is slow"});
  });
  load::Options indexes = Into();
  indexes.append = indexes.drop_exist_index = indexes.rebuild_index = indexes.release = true;
  indexes.source_filter = Filter::Parse("b").value();
  const auto report = Run(indexes);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->status.message(), HasSubstr("etcd is slow"));
  EXPECT_EQ(world_.server.FindCollection(kB)->loaded_percent, 100);
  EXPECT_EQ(world_.Calls("DropIndex"), 0u);
}

// Deletes of L0 segments, which Milvus applies to all rows of a collection.
class AppendDeletes : public ReplaceCounted {
 protected:
  AppendDeletes() {
    UseRows([&] { AddRowsWithDeletesInL0(); });
    // Of runs that import nothing.
    world_.target.state_directory = testing::TempDir() + "mbk-append-deletes-test";
  }
  void AddRowsWithDeletesInL0() {
    backup_.AddSegment(0, opstest::Books(0, 5));
    AddL0();
  }
  void AddL0() { backup_.AddL0(std::nullopt, {{0, opstest::kNow + 1}, {1, opstest::kNow + 1}}); }
  void EditTarget(const std::function<void(MockCollection&)>& edit) {
    world_.server.EditCollection(kBooks, edit);
  }
  static load::Options Into() { return {.skip_create_collection = true}; }
  static load::Options Append() { return {.skip_create_collection = true, .append = true}; }
};

TEST_F(AppendDeletes, AreNotImportedIntoACollectionThatHasRows) {
  const std::function<void()> backups[] = {[&] { AddRowsWithDeletesInL0(); }, [&] { AddL0(); }};
  for (const auto& add : backups) {
    UseRows(add);
    for (const load::Options& load : {Into(), Append()}) {
      const Status refused = Run(load).status();
      EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
      EXPECT_THAT(refused.message(), AllOf(HasSubstr("default collection books has rows already (77)"),
                                           HasSubstr("every older row of their keys")));
    }
  }
  EXPECT_EQ(world_.Calls("Import"), 0u);
  EXPECT_EQ(RowsNow(), kOldRows);
}

TEST_F(AppendDeletes, AreNotImportedWhereRowsAreInMemoryAlone) {
  EditTarget([](MockCollection& old) {
    old.imported_rows = 0;
    old.rows_in_memory = 3;
  });
  for (const load::Options& load : {Into(), Append()}) {
    const auto report = Run(load);
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_THAT(report->status.message(),
                AllOf(HasSubstr("has rows already (3)"), HasSubstr("every older row of their keys")));
    EditTarget([](MockCollection& old) {
      old.imported_rows = 0;
      old.rows_in_memory = 3;
    });
  }
  EXPECT_EQ(world_.Calls("Import"), 0u);
}

TEST_F(AppendDeletes, AreImportedIntoOneThatIsEmptyAndNotLoaded) {
  EditTarget([](MockCollection& old) {
    old.imported_rows = 0;
    old.loaded_percent = 100;
  });
  const Status refused = Run(Into()).status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("books is loaded"), HasSubstr("release it first")));
  EXPECT_EQ(world_.Calls("Import"), 0u);
  EditTarget([](MockCollection& old) { old.loaded_percent.reset(); });
  const auto report = Run(Into());
  ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message() << report->status.message();
  EXPECT_EQ(world_.Calls("Import"), 2u);
  EXPECT_EQ(RowsNow(), 5);
}

// Takes ops/load/place.cc: "with --via insert they are applied here"
TEST_F(AppendDeletes, HoldForTheRowsOfTheBackupAloneAsIsSaid) {
  EXPECT_THAT(Run(Append()).status().message(), AllOf(HasSubstr("--via insert"), HasSubstr("l0compact")));
  EditTarget([](MockCollection& old) { old.loaded_percent = 100; });
  load::Options insert = Append();
  insert.via = load::Via::kInsert;
  const auto inserted = Run(insert);
  ASSERT_TRUE(inserted.ok() && inserted->status.ok())
      << inserted.status().message() << inserted->status.message();
  EXPECT_EQ(RowsNow(), kOldRows + 3);
  EXPECT_EQ(world_.Calls("Import") + world_.Calls("Delete"), 0u);

  ASSERT_TRUE(RunL0Compact({.name = "nightly"}, world_.backups, world_.run, {}).ok());
  world_.ImportJobsBring(3);
  const auto imported = RunRestore({.name = "nightly_l0compacted", .load = Append()}, world_.backups,
                                   world_.target, world_.run, {});
  ASSERT_TRUE(imported.ok() && imported->status.ok())
      << imported.status().message() << imported->status.message();
  EXPECT_EQ(RowsNow(), kOldRows + 3 + 3);
  for (const SeenCall& call : world_.server.seen("Import"))
    EXPECT_THAT(call.request, Not(HasSubstr("l0_import")));
}

// Field case 49: a server that calls indexes of a type that it does not know finished, and puts nothing into
// them.
class ReplaceUnknownIndex : public Replace {
 protected:
  ReplaceUnknownIndex() {
    world_.OnCall([this](const SeenCall& call) {
      if (call.rpc != "DescribeIndex") return;
      world_.server.EditCollection(CollectionIn(call),
                                   [](MockCollection& made) { made.builds_indexes = IsAuto(made); });
    });
  }
  static CollectionName CollectionIn(const SeenCall& call) {
    const std::string key = R"("collection_name":")";
    const std::size_t at = call.request.find(key) + key.size();
    return {"default", call.request.substr(at, call.request.find('"', at) - at)};
  }
  static bool IsAuto(const MockCollection& made) {
    return made.indexes.size() == 1 && *FindValue(made.indexes[0].params, "index_type") == "AUTOINDEX";
  }
  bool IsIndexedByTheServersChoice(const CollectionName& name) const {
    return IsAuto(*world_.server.FindCollection(name));
  }
  // What `restore` makes of the words of a command.
  static RestoreOptions Restore(const std::vector<std::string>& words) {
    RestoreOptions options;
    std::map<std::string, bool*> switches{{"--skip_create_collection", &options.load.skip_create_collection},
                                          {"--meta_only", &options.load.meta_only},
                                          {"--rebuild_index", &options.load.rebuild_index},
                                          {"--drop_exist_index", &options.load.drop_exist_index},
                                          {"--use_auto_index", &options.load.use_auto_index},
                                          {"--release", &options.load.release}};
    EXPECT_GE(words.size(), 2u);
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (const auto found = switches.find(words[i]); found != switches.end())
        *found->second = true;
      else if (words[i] == "-n")
        options.name = words[++i];
      else if (words[i] == "-c")
        options.load.source_filter = Filter::Parse(words[++i]).value();
      else if (words[i] == "-r")
        options.load.renamer = Renamer::FromRules(words[++i]).value();
      else
        ADD_FAILURE() << words[i];
    }
    return options;
  }
};

// Takes ops/load/prove.cc: "choose another, e.g. with --use_auto_index"
TEST_F(ReplaceUnknownIndex, LeavesTheOldOneWithItsOwnAndReplacesItAsIsSaid) {
  const auto report = Run();
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->status.message(),
              AllOf(HasSubstr("0 of 5 rows"), HasSubstr("e.g. with --use_auto_index")));
  ExpectAllOld();
  load::Options advised = Over();
  advised.use_auto_index = true;
  const auto again = Run(advised);
  ASSERT_TRUE(again.ok() && again->status.ok()) << again.status().message() << again->status.message();
  for (const CollectionName& name : {kA, kB, kC}) {
    EXPECT_TRUE(NewStands(name)) << name.Full();
    EXPECT_TRUE(IsIndexedByTheServersChoice(name)) << name.Full();
  }
  ExpectNothingLeft();
}

// Takes ops/load/prove.cc: "another type, which the server chooses, comes with"
TEST_F(ReplaceUnknownIndex, OfANewOneIsNamedAndReplacedAsIsSaid) {
  // Of a run that imports nothing.
  world_.target.state_directory = testing::TempDir() + "mbk-replace-unknown-index-test";
  for (const bool loaded : {false, true}) {
    const std::string kind = loaded ? "loaded" : "idle";
    world_.server.EditCollection(kB, [&](MockCollection& old) {
      old.loaded_percent = loaded ? std::optional<std::int64_t>(100) : std::nullopt;
    });
    ASSERT_TRUE(RunCreate({.name = kind}, world_.milvus, world_.backups, world_.run, {}).ok());
    const load::Options beside{.renamer = Renamer::FromSuffix("_" + kind).value(),
                               .rebuild_index = true,
                               .restore_load_state = true};
    const auto report =
        RunRestore({.name = kind, .load = beside}, world_.backups, world_.target, world_.run, {});
    ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message();

    const CollectionName made{"default", "b_" + kind}, other{"default", "c_" + kind};
    ASSERT_THAT(OutcomeOf(*report, made).warnings, ElementsAre(HasSubstr("0 of 5 rows")));
    const std::string said = OutcomeOf(*report, made).warnings[0];
    const auto words = opstest::AdvisedWords("another type, which the server chooses, comes with", said);
    ASSERT_THAT(words, AllOf(SizeIs(testing::Gt(2u)), testing::Contains("restore"))) << said;
    EXPECT_EQ(std::count(words.begin(), words.end(), "--release"), loaded ? 1 : 0) << said;

    const auto before = world_.server.FindCollection(made);
    const auto taken = RunRestore(Restore(words), world_.backups, world_.target, world_.run, {});
    ASSERT_TRUE(taken.ok() && taken->status.ok()) << taken.status().message() << taken->status.message();
    const auto now = world_.server.FindCollection(made);
    EXPECT_TRUE(IsIndexedByTheServersChoice(made));
    EXPECT_EQ(now->description.collection_id, before->description.collection_id);
    EXPECT_EQ(now->StoredRows(), 5);
    EXPECT_EQ(now->loaded_percent.value_or(0), loaded ? 100 : 0);
    EXPECT_FALSE(IsIndexedByTheServersChoice(other)) << "nothing else is touched";
  }
  ExpectAllOld();
}

TEST_F(ReplaceUnknownIndex, OfACollectionThatStandsIsNamedThoughNoRowsCome) {
  world_.target.state_directory = testing::TempDir() + "mbk-replace-unknown-index-test";
  for (const bool loaded : {false, true}) {
    world_.server.EditCollection(kB, [&](MockCollection& old) { old.loaded_percent = loaded ? 100 : 0; });
    const auto report = Run({.source_filter = Filter::Parse("b").value(),
                             .rebuild_index = true,
                             .meta_only = true,
                             .drop_exist_index = true,
                             .skip_create_collection = true,
                             .release = true});
    ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message();
    ASSERT_THAT(OutcomeOf(*report, kB).warnings, ElementsAre(HasSubstr("0 of 77 rows")));
    const std::string said = OutcomeOf(*report, kB).warnings[0];
    const auto words = opstest::AdvisedWords("another type, which the server chooses, comes with", said);
    EXPECT_EQ(std::count(words.begin(), words.end(), "--release"), loaded ? 1 : 0) << said;
  }
}

TEST_F(Replace, AnIndexThatIsFinishedWithNothingInItIsNamed) {
  for (const CollectionName& name : {kA, kB, kC}) world_.server.RemoveCollection(name);
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "DescribeIndex")
      world_.server.EditCollection(kB, [](MockCollection& made) { made.builds_indexes = false; });
  });
  testing::internal::CaptureStderr();
  const auto report = Run();
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(report.ok() && report->status.ok()) << report->status.message();
  EXPECT_THAT(OutcomeOf(*report, kB).warnings, ElementsAre(HasSubstr("0 of 5 rows")));
  EXPECT_THAT(said, AllOf(HasSubstr("default.b: index v_idx of field v has 0 of 5 rows in it"),
                          HasSubstr("it is waited for, 5 minutes at most")))
      << "five minutes are not waited in silence";
}

// An answer without them says nothing.
TEST_F(Replace, IndexesThatTheServerDoesNotNameAreNotBuilt) {
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "DescribeIndex" && IsAboutTemporary(call))
      world_.server.EditCollection(TemporaryIn(call), [](MockCollection& made) { made.indexes.clear(); });
  });
  const auto report = Run();
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->status.message(), HasSubstr("does not name them"));
  ExpectAllOld();
}

TEST_F(Replace, AnIndexIsBuiltBeforeTheOldCollectionGoes) {
  constexpr int kLooks = 7;
  std::mutex mutex;
  int looks = 0;
  int swaps_of_a = 0;
  bool swapped_early = false;
  world_.OnCall([&](const SeenCall& call) {
    std::scoped_lock lock(mutex);
    if (call.rpc == "CreateIndex")
      world_.server.EditCollection(TemporaryIn(call),
                                   [](MockCollection& made) { made.looks_until_built = kLooks; });
    if (call.rpc == "DescribeIndex" && IsAboutTemporary(call)) ++looks;
    const bool swaps = call.rpc == "RenameCollection" && call.request.find("\"a\"") != std::string::npos;
    if (!swaps) return;
    ++swaps_of_a;
    swapped_early = swapped_early || looks <= kLooks;
  });
  ASSERT_TRUE(Run().value().status.ok());
  std::scoped_lock lock(mutex);
  EXPECT_EQ(swaps_of_a, 2) << "aside, and into its place";
  EXPECT_FALSE(swapped_early);
}

}  // namespace
}  // namespace mbk
