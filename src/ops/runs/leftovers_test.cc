#include "ops/runs/leftovers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <optional>

#include "manifest/keys.h"
#include "ops/testing/advised.h"
#include "ops/testing/world.h"
#include "store/testing/temp_directory.h"

namespace mbk::runs {
namespace {

using opstest::World;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const std::string kRun = "0123456789ab";
const std::string kTemporary = "_mbk_0123456789ab_1";
const std::string kAside = "_mbk_0123456789ab_1_old";
const std::string kTree = "restore-temp-0123456789ab-default-docs/";
const CollectionName kDocs{"default", "docs"};
constexpr std::int64_t kOld = 10, kNew = 20, kThird = 30;

class LeftoversTest : public testing::Test {
 protected:
  LeftoversTest() { target_.reach.flags = "--config b.yaml"; }

  static ProcessIdentity GoneProcess() {
    ProcessIdentity process = ThisProcessIdentity();
    process.pid = (1 << 22) - 1;
    return process;
  }
  static ProcessIdentity ElsewhereProcess() {
    ProcessIdentity process = ThisProcessIdentity();
    process.host = "elsewhere";
    return process;
  }

  Record RecordOf(std::vector<RecordedCollection> collections) {
    return {.run_id = kRun,
            .holder = kRun,
            .verb = "restore",
            .server = world_.client->address(),
            .root = world_.milvus.root,
            .process = GoneProcess(),
            .started_s = 1'795'000'000,
            .heartbeat = 5,
            .collections = std::move(collections)};
  }
  void Leave(const Record& record) {
    world_.milvus_memory->Set(RunRecordKey("", record.run_id).str(), ToJson(record));
  }
  bool RecordIsGone() { return !world_.milvus_memory->Contents().contains(RunRecordKey("", kRun).str()); }

  /// docs, built under a temporary name, which replaces an old one.
  static RecordedCollection Replacing(bool proved = false) {
    return {.target = {"default", "docs"},
            .temporary = kTemporary,
            .collection_id = kNew,
            .aside = kAside,
            .old_id = kOld,
            .old_aliases = {"current"},
            .created = true,
            .proved = proved};
  }
  /// docs, built under a temporary name, which replaces an old one that was dropped before.
  static RecordedCollection DroppedFirst(bool proved = true) {
    RecordedCollection collection = Replacing(proved);
    collection.aside.clear();
    collection.drop_first = true;
    return collection;
  }
  /// Killed before it was proved.
  static RecordedCollection Filled() {
    RecordedCollection collection = DroppedFirst(false);
    collection.filled = true;
    return collection;
  }
  /// docs, built under a temporary name, where there was none.
  static RecordedCollection Fresh() {
    return {.target = {"default", "docs"}, .temporary = kTemporary, .collection_id = kNew, .created = true};
  }

  void Stands(const std::string& name, std::int64_t id, const std::vector<std::string>& aliases = {}) {
    world_.AddCollection({"default", name}, id, {});
    world_.server.EditCollection({"default", name},
                                 [&](milvustest::MockCollection& c) { c.description.aliases = aliases; });
  }
  void HoldsRows(const std::string& name, bool in_memory = false) {
    world_.server.EditCollection({"default", name}, [&](milvustest::MockCollection& c) {
      (in_memory ? c.rows_in_memory : c.imported_rows) = 7;
    });
  }
  /// Which collection has the name; 0: none.
  std::int64_t IdOf(const std::string& name) {
    const auto found = world_.server.FindCollection({"default", name});
    return found ? found->description.collection_id : 0;
  }

  FoundRuns Found() { return FindRuns(target_, {}).value(); }
  Mended Clean(const NextRun* next = nullptr) {
    const FoundRuns found = Found();
    EXPECT_THAT(found.runs, SizeIs(1));
    Result<Mended> mended = PutRight(found.runs.at(0), target_, next, world_.sleeper, {});
    EXPECT_TRUE(mended.ok()) << mended.status().message();
    return mended.ok() ? *mended : Mended();
  }
  Status Look(const NextRun& next) { return LookBeforeRun(next, target_, world_.sleeper, {}); }
  /// As it lies there, of a dead process again after somebody has put something right; `ago`: that is so long
  /// ago.
  void DiesAgain(Milliseconds ago = Milliseconds(0)) {
    Record again = RecordFromJson(world_.milvus_memory->Contents().at(RunRecordKey("", kRun).str())).value();
    again.process = GoneProcess();
    world_.milvus_memory->Set(RunRecordKey("", kRun).str(), ToJson(again), ago);
  }
  /// Takes the one command that `left` says behind `what`: a cleaning of this target.
  Mended TakeCleaning(std::string_view what, const std::vector<std::string>& left,
                      Milliseconds later = Milliseconds(0)) {
    std::string said;
    for (const std::string& one : left) said += one + "\n";
    EXPECT_THAT(opstest::AdvisedWords(what, said),
                ElementsAre("milvus-backup", "check", "--leftovers", "--clean", "--config", "b.yaml"))
        << said;
    DiesAgain(later);
    return Clean();
  }
  std::size_t Changes() const {
    return world_.Calls("DropCollection") + world_.Calls("RenameCollection") + world_.Calls("AlterAlias");
  }

  World world_;
  RecordedTarget target_ = RecordsOf(world_.target, &world_.milvus);
};

// The table of docs/adr/0023-what-a-killed-run-leaves.md, row by row.

TEST_F(LeftoversTest, BetweenTheRenamesTheOldOneGetsItsNameBack) {
  for (const bool proved : {false, true}) {
    Leave(RecordOf({Replacing(proved)}));
    Stands(kAside, kOld, {"current"});
    Stands(kTemporary, kNew);
    const Mended mended = Clean();
    EXPECT_THAT(mended.left, IsEmpty());
    EXPECT_THAT(mended.done, ElementsAre(HasSubstr("default.docs is the old collection again")));
    EXPECT_EQ(IdOf("docs"), kOld);
    EXPECT_EQ(IdOf("current"), kOld);
    EXPECT_EQ(IdOf(kTemporary), 0);
    EXPECT_EQ(IdOf(kAside), 0);
    EXPECT_TRUE(RecordIsGone());
    ASSERT_TRUE(world_.client->DropCollection({"default", "docs"}, {}).ok());
  }
}

TEST_F(LeftoversTest, AProvedNewOneGetsTheAliasesAndTheOldOneGoes) {
  Leave(RecordOf({Replacing(true)}));
  Stands("docs", kNew);
  Stands(kAside, kOld, {"current", "made later"});
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("docs"), kNew);
  EXPECT_EQ(IdOf("current"), kNew);
  EXPECT_EQ(IdOf("made later"), kNew);
  EXPECT_EQ(IdOf(kAside), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, ANewOneThatIsNotProvedLosesTheName) {
  Leave(RecordOf({Replacing(false)}));
  Stands("docs", kNew, {"current"});
  Stands(kAside, kOld);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("docs"), kOld);
  EXPECT_EQ(IdOf("current"), kOld);
  EXPECT_EQ(IdOf(kAside), 0);
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, WhereTheOldOneHasItsNameTheTemporaryOneGoes) {
  Leave(RecordOf({Replacing(true)}));
  Stands("docs", kOld, {"current"});
  Stands(kTemporary, kNew);
  EXPECT_THAT(Clean().done, ElementsAre(HasSubstr("is dropped")));
  EXPECT_EQ(IdOf("docs"), kOld);
  EXPECT_EQ(IdOf("current"), kOld);
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, AnAliasThatHadMovedComesBackBeforeTheNewOneGoes) {
  Leave(RecordOf({Replacing(true)}));
  Stands("docs", kOld);
  Stands(kTemporary, kNew, {"current"});
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("docs"), kOld);
  EXPECT_EQ(IdOf("current"), kOld);
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, AnAliasThatDoesNotComeBackKeepsTheNewOne) {
  Leave(RecordOf({Replacing(true)}));
  Stands("docs", kOld);
  Stands(kTemporary, kNew, {"current"});
  world_.server.Fail({.rpc = "AlterAlias", .code = 65535, .error_code = 1, .reason = "not today"});
  EXPECT_THAT(Clean().left, ElementsAre(HasSubstr("not today")));
  EXPECT_EQ(IdOf("current"), kNew);
  EXPECT_FALSE(RecordIsGone());
}

TEST_F(LeftoversTest, ANewOneThatIsFoundByAnAliasStaysBesideAThird) {
  Leave(RecordOf({Replacing(true)}));
  Stands("docs", kThird);
  Stands(kTemporary, kNew, {"current"});
  EXPECT_THAT(Clean().left, ElementsAre(AllOf(HasSubstr(kTemporary), HasSubstr("the aliases current"))));
  EXPECT_EQ(IdOf("current"), kNew);
  EXPECT_EQ(Changes(), 0U);
  EXPECT_FALSE(RecordIsGone());
}

// Of an old one that was dropped first.

TEST_F(LeftoversTest, TheOnlyCopyThatIsProvedTakesNameAndAliases) {
  Leave(RecordOf({DroppedFirst()}));
  Stands(kTemporary, kNew);
  const Mended mended = Clean();
  EXPECT_THAT(mended.left, IsEmpty());
  EXPECT_THAT(mended.done, ElementsAre(HasSubstr("default.docs is the new collection")));
  EXPECT_EQ(IdOf("docs"), kNew);
  EXPECT_EQ(IdOf("current"), kNew);
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_EQ(world_.Calls("DropCollection"), 0U);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, ANewOneThatHasTheNameGetsTheAliasesThatItLacks) {
  Leave(RecordOf({DroppedFirst()}));
  Stands("docs", kNew);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("current"), kNew);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, AnAliasOfAThirdStaysThere) {
  Leave(RecordOf({DroppedFirst()}));
  Stands(kTemporary, kNew);
  Stands("third", kThird, {"current"});
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("docs"), kNew);
  EXPECT_EQ(IdOf("current"), kThird);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, OneWithoutRowsGoesAndTheLostAliasesAreNamed) {
  Leave(RecordOf({DroppedFirst(false)}));
  Stands(kTemporary, kNew);
  EXPECT_THAT(Clean().done, ElementsAre(AllOf(HasSubstr("is dropped"), HasSubstr("the aliases current"))));
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

// Killed while they came, or before that was recorded.
TEST_F(LeftoversTest, RowsThatMayBeAllThereIsStay) {
  for (const bool in_memory : {false, true}) {
    Leave(RecordOf({DroppedFirst(false)}));
    Stands(kTemporary, kNew);
    HoldsRows(kTemporary, in_memory);
    EXPECT_THAT(Clean().left, ElementsAre(AllOf(HasSubstr("with what came (it has 7 rows"),
                                                HasSubstr("rename_collection"))));
    EXPECT_EQ(IdOf(kTemporary), kNew);
    EXPECT_EQ(Changes(), 0U);
    EXPECT_FALSE(RecordIsGone());
  }
}

TEST_F(LeftoversTest, BesideRowsThatHaveTheNameOtherRowsOfAKilledRunGo) {
  Leave(RecordOf({DroppedFirst(false)}));
  Stands(kTemporary, kNew);
  HoldsRows(kTemporary);
  Stands("docs", kThird);
  EXPECT_THAT(Clean().left, ElementsAre(HasSubstr(kTemporary)))
      << "an application has made it anew, and empty";
  EXPECT_EQ(IdOf(kTemporary), kNew);
  EXPECT_EQ(Changes(), 0U);
  DiesAgain();
  HoldsRows("docs");
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("docs"), kThird);
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, BeforeTheDropTheOldOneStaysAndTheTemporaryOneGoes) {
  Leave(RecordOf({DroppedFirst(false)}));
  Stands("docs", kOld, {"current"});
  Stands(kTemporary, kNew);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("docs"), kOld);
  EXPECT_EQ(IdOf("current"), kOld);
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, BesideAThirdTheOnlyCopyStays) {
  for (const RecordedCollection& collection : {DroppedFirst(), Filled()}) {
    Leave(RecordOf({collection}));
    Stands("docs", kThird);
    Stands(kTemporary, kNew);
    EXPECT_THAT(Clean().left, ElementsAre(HasSubstr(kTemporary)));
    EXPECT_EQ(Changes(), 0U);
    EXPECT_FALSE(RecordIsGone());
  }
}

// The backup that it came from may be gone by now.
TEST_F(LeftoversTest, AFilledOneThatIsNotProvedStaysAndWhatCanBeDoneIsNamed) {
  Leave(RecordOf({Filled()}));
  Stands(kTemporary, kNew);
  const NextRun next{.verb = "restore", .fills = {kDocs}, .replaces = {kDocs}};
  for (const NextRun* run : {&next, static_cast<const NextRun*>(nullptr)}) {
    EXPECT_THAT(Clean(run).left,
                ElementsAre(AllOf(HasSubstr("it has 0 rows"),
                                  HasSubstr("rename_collection(\"" + kTemporary + "\", \"docs\")"),
                                  HasSubstr("aliases of the old one: current"),
                                  HasSubstr("drop_collection(\"" + kTemporary + "\")"))));
    EXPECT_EQ(IdOf(kTemporary), kNew);
    EXPECT_EQ(Changes(), 0U);
    ASSERT_FALSE(RecordIsGone());
    DiesAgain();
  }
  // As was said.
  ASSERT_TRUE(world_.client->RenameCollection({"default", kTemporary}, "docs", {}).ok());
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("docs"), kNew);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, UnderItsOwnNameAFilledOneIsNamedWithTheAliasesOfTheOldOne) {
  RecordedCollection own = Filled();
  own.temporary.clear();
  Leave(RecordOf({own}));
  Stands("docs", kNew);
  EXPECT_THAT(Clean().left,
              ElementsAre(AllOf(HasSubstr("default.docs"), HasSubstr("aliases of the old one: current"),
                                testing::Not(HasSubstr("drop_collection")))));
  EXPECT_EQ(IdOf("docs"), kNew);
  EXPECT_EQ(Changes(), 0U);
}

TEST_F(LeftoversTest, UnderItsOwnNameTheOldOneThatStillStandsIsNotTakenForHalfFilled) {
  RecordedCollection own = DroppedFirst(false);
  own.temporary.clear();
  own.collection_id = 0;
  own.created = false;
  Leave(RecordOf({own}));
  Stands("docs", kOld);
  const Mended mended = Clean();
  EXPECT_THAT(mended.left, IsEmpty());
  EXPECT_EQ(Changes(), 0U);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, UnderItsOwnNameTheAliasesThatItLacksAreNamed) {
  RecordedCollection own = DroppedFirst();
  own.temporary.clear();
  Leave(RecordOf({own}));
  Stands("docs", kNew);
  EXPECT_THAT(Clean().left, ElementsAre(AllOf(HasSubstr("default.docs"), HasSubstr("it lacks current"))));
  EXPECT_EQ(Changes(), 0U);
  EXPECT_TRUE(RecordIsGone()) << "once said";
}

// The address leads to another server by now.
TEST_F(LeftoversTest, ARecordOfWhichNothingIsHereStaysUntilACleaning) {
  target_.side = nullptr;
  target_.state_directory = testing::TempDir() + "mbk-leftovers-elsewhere-test";
  const auto place = RecordsInDirectory(target_.state_directory, world_.client->address()).value();
  for (const RecordedCollection& collection : {Replacing(true), Replacing(false), DroppedFirst()}) {
    Record record = RecordOf({collection});
    record.root.clear();
    ASSERT_TRUE(place->Write(kRun, ToJson(record), {}).ok());
    Stands("docs", kThird);
    testing::internal::CaptureStderr();
    const Status looked = Look({.verb = "restore", .fills = {kDocs}, .replaces = {kDocs}});
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                AllOf(HasSubstr("is this the server that the run was on?"),
                      HasSubstr(collection.aside.empty() ? kTemporary : kAside)));
    ASSERT_TRUE(looked.ok()) << looked.message();
    const auto stays = place->Read(kRun, {});
    ASSERT_TRUE(stays.ok()) << stays.status().message();
    EXPECT_THAT(RecordFromJson(stays->json).value().collections, ElementsAre(collection));

    ASSERT_TRUE(place->Write(kRun, ToJson(record), {}).ok());
    EXPECT_THAT(Clean().left, SizeIs(1)) << "once said";
    EXPECT_EQ(place->Read(kRun, {}).status().code(), Code::kNotFound);
    EXPECT_EQ(Changes(), 0U);
  }
  std::filesystem::remove_all(target_.state_directory);
}

TEST_F(LeftoversTest, WhereNothingHadTheNameTheTemporaryOneGoes) {
  Leave(RecordOf({Fresh()}));
  Stands(kTemporary, kNew);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, ACollectionThatTookTheNameMeanwhileStays) {
  Leave(RecordOf({Fresh()}));
  Stands("docs", kThird);
  Stands(kTemporary, kNew);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("docs"), kThird);
  EXPECT_EQ(IdOf(kTemporary), 0);
}

TEST_F(LeftoversTest, WithAThirdUnderTheNameNothingOfTheUsersIsTouched) {
  Leave(RecordOf({Replacing(true)}));
  Stands("docs", kThird);
  Stands(kAside, kOld);
  Stands(kTemporary, kNew);
  const Mended mended = Clean();
  EXPECT_THAT(mended.done, IsEmpty());
  EXPECT_THAT(mended.left, ElementsAre(AllOf(HasSubstr(kAside),
                                             HasSubstr("rename_collection(\"" + kAside + "\", \"docs\")"))));
  EXPECT_EQ(Changes(), 0U);
  EXPECT_FALSE(RecordIsGone()) << "until somebody has looked";
}

TEST_F(LeftoversTest, WhatStandsAsideUnderAnotherIdIsNotTouched) {
  Leave(RecordOf({Replacing(true)}));
  Stands("docs", kNew);
  Stands(kAside, kThird);
  EXPECT_THAT(Clean().left, SizeIs(1));
  EXPECT_EQ(Changes(), 0U);
}

TEST_F(LeftoversTest, ATemporaryNameWithAnotherIdIsNotOurs) {
  Leave(RecordOf({Fresh()}));
  Stands(kTemporary, kThird);
  EXPECT_THAT(Clean().left, ElementsAre(HasSubstr("not of this run")));
  EXPECT_EQ(IdOf(kTemporary), kThird);
  EXPECT_EQ(Changes(), 0U);
}

TEST_F(LeftoversTest, BeforeTheIdIsKnownTheRandomNameProvesEnough) {
  RecordedCollection fresh = Fresh();
  fresh.collection_id = 0;
  Leave(RecordOf({fresh}));
  Stands(kTemporary, kNew);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, OneThatIsStillWaitingToBeMadeGoesToo) {
  RecordedCollection unknown = Fresh();
  unknown.collection_id = 0;
  Leave(RecordOf({unknown}));
  // The creation that the killed run had asked for comes to its turn before the drop does.
  world_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc == "DropCollection") Stands(kTemporary, kNew);
  });
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(world_.Calls("DropCollection"), 1U);
  EXPECT_EQ(IdOf(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, ATemporaryNameThatIsAnAliasDropsNothing) {
  for (const std::int64_t id : {kNew, std::int64_t{0}}) {
    RecordedCollection fresh = Fresh();
    fresh.collection_id = id;
    Leave(RecordOf({fresh}));
    Stands("precious", kNew, {kTemporary});
    EXPECT_THAT(Clean().left, SizeIs(1));
    EXPECT_EQ(IdOf("precious"), kNew);
    EXPECT_EQ(Changes(), 0U);
  }
}

TEST_F(LeftoversTest, WithTheOldOneUnderNeitherNameTheOnlyRowsThatAreLeftStay) {
  Leave(RecordOf({Replacing(true)}));
  Stands(kTemporary, kNew);
  EXPECT_THAT(Clean().left, ElementsAre(HasSubstr(kTemporary)));
  EXPECT_EQ(IdOf(kTemporary), kNew);
}

TEST_F(LeftoversTest, ARecordThatNamesACollectionOfSomebodyElseDropsNothing) {
  for (const auto& [temporary, aside] :
       std::vector<std::pair<std::string, std::string>>{{"precious", ""},
                                                        {"_mbk_ffffffffffff_1", ""},
                                                        {kTemporary, "precious"},
                                                        {kAside, kAside},
                                                        {"", kAside}}) {
    RecordedCollection forged = Replacing(true);
    forged.temporary = temporary;
    forged.aside = aside;
    Leave(RecordOf({forged}));
    for (const std::string& name : {temporary, aside})
      if (!name.empty()) Stands(name, name == aside ? kOld : kNew);
    Stands("docs", kNew);
    Clean();
    EXPECT_EQ(Changes(), 0U) << temporary << " " << aside;
    EXPECT_TRUE(temporary.empty() || IdOf(temporary) != 0);
    EXPECT_TRUE(aside.empty() || IdOf(aside) != 0);
  }
}

TEST_F(LeftoversTest, WhatIsDoneIsNotLookedAt) {
  RecordedCollection done = Fresh();
  done.done = true;
  Leave(RecordOf({done}));
  Stands(kTemporary, kNew);
  EXPECT_THAT(Clean().done, IsEmpty());
  EXPECT_EQ(IdOf(kTemporary), kNew);
}

// The same table where a server has no ids: Milvus Lite says 0 of every collection.
class LeftoversWithoutIdsTest : public LeftoversTest {
 protected:
  static RecordedCollection WithoutIds(RecordedCollection collection) {
    collection.collection_id = collection.old_id = 0;
    return collection;
  }
  /// `which` one it is the test alone knows.
  void StandsWithoutId(const std::string& name, std::int64_t which,
                       const std::vector<std::string>& aliases = {}) {
    Stands(name, which, aliases);
    world_.server.EditCollection({"default", name}, [&](milvustest::MockCollection& c) {
      c.description.collection_id = 0;
      c.description.created_timestamp = static_cast<std::uint64_t>(which);
    });
  }
  std::int64_t WhichIs(const std::string& name) {
    const auto found = world_.server.FindCollection({"default", name});
    return found ? static_cast<std::int64_t>(found->description.created_timestamp) : 0;
  }
};

TEST_F(LeftoversWithoutIdsTest, BetweenTheRenamesTheOldOneGetsItsNameBack) {
  for (const bool proved : {false, true}) {
    Leave(RecordOf({WithoutIds(Replacing(proved))}));
    StandsWithoutId(kAside, kOld, {"current"});
    StandsWithoutId(kTemporary, kNew);
    const Mended mended = Clean();
    EXPECT_THAT(mended.left, IsEmpty());
    EXPECT_THAT(mended.done, ElementsAre(HasSubstr("is to be loaded again if it was")))
        << "a rename releases it there";
    EXPECT_EQ(WhichIs("docs"), kOld);
    EXPECT_EQ(WhichIs("current"), kOld);
    EXPECT_EQ(WhichIs(kAside), 0);
    EXPECT_EQ(WhichIs(kTemporary), 0);
    EXPECT_TRUE(RecordIsGone());
    ASSERT_TRUE(world_.client->DropCollection(kDocs, {}).ok());
  }
}

TEST_F(LeftoversWithoutIdsTest, AProvedNewOneStaysAndTheOldOneGoes) {
  Leave(RecordOf({WithoutIds(Replacing(true))}));
  StandsWithoutId("docs", kNew);
  StandsWithoutId(kAside, kOld, {"current", "made later"});
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(WhichIs("docs"), kNew);
  EXPECT_EQ(WhichIs("current"), kNew);
  EXPECT_EQ(WhichIs("made later"), kNew);
  EXPECT_EQ(WhichIs(kAside), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversWithoutIdsTest, AnAliasThatWasGivenToAThirdMeanwhileStaysThere) {
  Leave(RecordOf({WithoutIds(Replacing(true))}));
  StandsWithoutId("docs", kNew);
  StandsWithoutId(kAside, kOld);
  StandsWithoutId("third", kThird, {"current"});
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(WhichIs("current"), kThird);
  EXPECT_EQ(WhichIs(kAside), 0);
}

TEST_F(LeftoversWithoutIdsTest, ANewOneThatIsNotProvedLosesTheName) {
  Leave(RecordOf({WithoutIds(Replacing(false))}));
  StandsWithoutId("docs", kNew, {"current"});
  StandsWithoutId(kAside, kOld);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(WhichIs("docs"), kOld);
  EXPECT_EQ(WhichIs("current"), kOld);
  EXPECT_EQ(WhichIs(kAside), 0);
  EXPECT_EQ(WhichIs(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversWithoutIdsTest, WhereTheOldOneHasItsNameTheTemporaryOneGoes) {
  Leave(RecordOf({WithoutIds(Replacing(true))}));
  StandsWithoutId("docs", kOld);
  StandsWithoutId(kTemporary, kNew);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(WhichIs("docs"), kOld);
  EXPECT_EQ(WhichIs(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversWithoutIdsTest, AnAliasThatHadMovedComesBackBeforeTheNewOneGoes) {
  Leave(RecordOf({WithoutIds(Replacing(true))}));
  StandsWithoutId("docs", kOld);
  StandsWithoutId(kTemporary, kNew, {"current"});
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(WhichIs("docs"), kOld);
  EXPECT_EQ(WhichIs("current"), kOld);
  EXPECT_EQ(WhichIs(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversWithoutIdsTest, TheOnlyCopyThatIsProvedTakesNameAndAliases) {
  Leave(RecordOf({WithoutIds(DroppedFirst())}));
  StandsWithoutId(kTemporary, kNew);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(WhichIs("docs"), kNew);
  EXPECT_EQ(WhichIs("current"), kNew);
  EXPECT_EQ(WhichIs(kTemporary), 0);
  EXPECT_EQ(world_.Calls("DropCollection"), 0U);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversWithoutIdsTest, WhereTheOldOneWasNotDroppedYetItStays) {
  Leave(RecordOf({WithoutIds(DroppedFirst(false))}));
  StandsWithoutId("docs", kOld, {"current"});
  StandsWithoutId(kTemporary, kNew);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(WhichIs("docs"), kOld);
  EXPECT_EQ(WhichIs("current"), kOld);
  EXPECT_EQ(WhichIs(kTemporary), 0);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversWithoutIdsTest, BesideAThirdTheOnlyCopyStays) {
  for (const RecordedCollection& collection : {DroppedFirst(), Filled()}) {
    Leave(RecordOf({WithoutIds(collection)}));
    StandsWithoutId("docs", kThird);
    StandsWithoutId(kTemporary, kNew);
    EXPECT_THAT(Clean().left, ElementsAre(HasSubstr(kTemporary)));
    EXPECT_EQ(WhichIs("docs"), kThird);
    EXPECT_EQ(WhichIs(kTemporary), kNew);
    EXPECT_EQ(Changes(), 0U);
    EXPECT_FALSE(RecordIsGone());
  }
}

TEST_F(LeftoversWithoutIdsTest, WhoeverHasTheNameWithoutAnOldOneStays) {
  for (const std::int64_t third : {std::int64_t{0}, kThird}) {
    Leave(RecordOf({WithoutIds(Fresh())}));
    if (third != 0) StandsWithoutId("docs", third);
    StandsWithoutId(kTemporary, kNew);
    EXPECT_THAT(Clean().left, IsEmpty());
    EXPECT_EQ(WhichIs("docs"), third);
    EXPECT_EQ(WhichIs(kTemporary), 0);
    EXPECT_TRUE(RecordIsGone());
  }
}

TEST_F(LeftoversWithoutIdsTest, WithAThirdUnderTheNameNothingIsTouched) {
  Leave(RecordOf({WithoutIds(Replacing(true))}));
  StandsWithoutId("docs", kThird);
  StandsWithoutId(kAside, kOld);
  StandsWithoutId(kTemporary, kNew);
  EXPECT_THAT(Clean().left, ElementsAre(HasSubstr("rename_collection(\"" + kAside + "\", \"docs\")")));
  EXPECT_EQ(Changes(), 0U);
  EXPECT_FALSE(RecordIsGone());
}

TEST_F(LeftoversWithoutIdsTest, WithTheOldOneUnderNeitherNameTheOnlyRowsThatAreLeftStay) {
  Leave(RecordOf({WithoutIds(Replacing(true))}));
  StandsWithoutId(kTemporary, kNew);
  EXPECT_THAT(Clean().left, ElementsAre(HasSubstr(kTemporary)));
  EXPECT_EQ(WhichIs(kTemporary), kNew);
  EXPECT_EQ(Changes(), 0U);
  EXPECT_FALSE(RecordIsGone());
}

TEST_F(LeftoversWithoutIdsTest, WhatHasItsFinalNameIsNeverDroppedByARecord) {
  RecordedCollection own = WithoutIds(Fresh());
  own.temporary.clear();
  Leave(RecordOf({own}));
  StandsWithoutId("docs", kNew);
  EXPECT_THAT(Clean().left, SizeIs(1));
  EXPECT_EQ(WhichIs("docs"), kNew);
  EXPECT_EQ(Changes(), 0U);
}

// Where a server does not rename.

// By then it may be anybody's: an application has used it, another run has filled it, or nobody made the
// record but who wants it dropped.
TEST_F(LeftoversTest, WhatHasItsFinalNameIsNeverDroppedByARecord) {
  RecordedCollection own = Fresh();
  own.temporary.clear();
  for (const bool replaces : {false, true}) {
    Leave(RecordOf({own}));
    Stands("docs", kNew);
    NextRun next{.verb = "restore", .fills = {{"default", "others"}}};
    if (replaces) next.replaces = {kDocs};
    EXPECT_THAT(Clean(&next).left, ElementsAre(AllOf(HasSubstr("default.docs"), HasSubstr("it has 0 rows"),
                                                     HasSubstr("drop_collection(\"docs\")"))));
    EXPECT_FALSE(RecordIsGone()) << "nobody has decided";
    DiesAgain();
    EXPECT_THAT(Clean().left, SizeIs(1));
    EXPECT_TRUE(RecordIsGone()) << "once said";
    EXPECT_EQ(IdOf("docs"), kNew);
    EXPECT_EQ(Changes(), 0U);
  }
}

TEST_F(LeftoversTest, ARunThatGoesOnWithAHalfFilledOneMakesItItsOwn) {
  RecordedCollection own = Fresh();
  own.temporary.clear();
  Leave(RecordOf({own}));
  Stands("docs", kNew);
  const NextRun appends{.verb = "restore", .fills = {kDocs}};
  EXPECT_THAT(Clean(&appends).left, ElementsAre(HasSubstr("not known to be whole")));
  EXPECT_EQ(IdOf("docs"), kNew);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, ACollectionOfTheUsersThatTookRowsIsNeverDropped) {
  RecordedCollection appended{.target = {"default", "docs"}, .collection_id = kNew};
  Leave(RecordOf({appended}));
  Stands("docs", kNew);
  EXPECT_THAT(Clean().left, ElementsAre(HasSubstr("rows of the killed run may stand in default.docs")));
  EXPECT_EQ(IdOf("docs"), kNew);
  EXPECT_EQ(Changes(), 0U);
  EXPECT_TRUE(RecordIsGone()) << "once said";
}

TEST_F(LeftoversTest, OneThatWasMadeAgainUnderItsOwnNameStays) {
  RecordedCollection own = Fresh();
  own.temporary.clear();
  Leave(RecordOf({own}));
  Stands("docs", kThird);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(IdOf("docs"), kThird);
}

// Failures on the way.

TEST_F(LeftoversTest, WhatFailsStaysRecordedAndTheRestIsPutRight) {
  RecordedCollection other = Fresh();
  other.target.name = "other";
  other.temporary = "_mbk_0123456789ab_2";
  other.collection_id = kThird;
  Leave(RecordOf({Fresh(), other}));
  Stands(kTemporary, kNew);
  Stands(other.temporary, kThird);
  world_.server.Fail({.rpc = "DropCollection", .code = 65535, .error_code = 1, .reason = "not today"});
  const Mended mended = Clean();
  EXPECT_THAT(mended.left, ElementsAre(HasSubstr("not today")));
  EXPECT_EQ(IdOf(kTemporary), kNew);
  EXPECT_EQ(IdOf(other.temporary), 0);
  const Record now =
      RecordFromJson(world_.milvus_memory->Contents().at(RunRecordKey("", kRun).str())).value();
  EXPECT_THAT(now.collections, ElementsAre(Fresh()));
}

TEST_F(LeftoversTest, AServerThatDoesNotAnswerIsNotTakenForAnEmptyOne) {
  Leave(RecordOf({Fresh()}));
  Stands(kTemporary, kNew);
  world_.server.Fail(
      {.rpc = "DescribeCollection", .times = 99, .code = 65535, .error_code = 1, .reason = "etcd is away"});
  EXPECT_THAT(Clean().left, ElementsAre(HasSubstr("etcd is away")));
  EXPECT_FALSE(RecordIsGone());
}

// Who is dead.

TEST_F(LeftoversTest, ARunWhoseProcessLivesIsLeftAlone) {
  Record record = RecordOf({Fresh()});
  record.process = ThisProcessIdentity();
  Leave(record);
  EXPECT_EQ(Found().runs.at(0).judgement.state, RunState::kAlive);
}

TEST_F(LeftoversTest, ARunOfAnotherHostIsDeadALeaseAfterItWasHeardOfByTheStoresClock) {
  std::int64_t now_ms = 1'000'000;  // decades behind that of this host
  MemoryStore store({.now_ms = [&] { return now_ms; }});
  Record record = RecordOf({Fresh()});
  record.process = ElsewhereProcess();
  const auto place = RecordsInStore(store, "");
  ASSERT_TRUE(place->Write(kRun, ToJson(record), {}).ok());
  now_ms += std::chrono::milliseconds(kLease).count() - 1;
  EXPECT_EQ(Judge(record, *place, {}).value().state, RunState::kMayLive);
  now_ms += 1;
  EXPECT_EQ(Judge(record, *place, {}).value().state, RunState::kDead);
  EXPECT_THAT(store.Keys(), SizeIs(1)) << "what told the time is gone";
}

TEST_F(LeftoversTest, ARunOfAnotherHostMayLiveWhereTheStoreTellsNoTimes) {
  MemoryStore store({.now_ms = [] { return 0; }});
  Record record = RecordOf({Fresh()});
  record.process = ElsewhereProcess();
  const auto place = RecordsInStore(store, "");
  ASSERT_TRUE(place->Write(kRun, ToJson(record), {}).ok());
  const Judgement judgement = Judge(record, *place, {}).value();
  EXPECT_EQ(judgement.state, RunState::kMayLive);
  EXPECT_FALSE(judgement.age.has_value());
}

TEST_F(LeftoversTest, ARecordThatMovesIsNotTakenOver) {
  Leave(RecordOf({Fresh()}));
  Stands(kTemporary, kNew);
  const FoundRuns found = Found();
  Record renewed = found.runs.at(0).record;
  ++renewed.heartbeat;
  Leave(renewed);
  EXPECT_EQ(PutRight(found.runs.at(0), target_, nullptr, world_.sleeper, {}).status().code(), Code::kLocked);
  EXPECT_EQ(IdOf(kTemporary), kNew);
}

TEST_F(LeftoversTest, RecordsOfAnotherMilvusInTheSameBucketAreNotItsOwn) {
  Record record = RecordOf({Fresh()});
  record.root = "files2";
  Leave(record);
  EXPECT_THAT(Found().runs, IsEmpty());
}

TEST_F(LeftoversTest, ARecordThatCannotBeReadIsNamedAndNothingIsTouched) {
  world_.milvus_memory->Set(RunRecordKey("", kRun).str(), "{garbage");
  Stands(kTemporary, kNew);
  const FoundRuns found = Found();
  EXPECT_THAT(found.runs, IsEmpty());
  EXPECT_THAT(found.unreadable, ElementsAre(testing::Field(&UnreadableRecord::where, HasSubstr(kRun))));
  EXPECT_THAT(FindStrays(target_, found, {}).value().collections, IsEmpty())
      << "its names are known by their run";
  EXPECT_EQ(Changes(), 0U);
}

TEST_F(LeftoversTest, ARecordUnderAnotherRunsNameIsNotBelieved) {
  world_.milvus_memory->Set(RunRecordKey("", "ffffffffffff").str(), ToJson(RecordOf({Fresh()})));
  EXPECT_THAT(Found().unreadable, SizeIs(1));
}

// Staged files.

class StagedLeftoversTest : public LeftoversTest {
 protected:
  void LeaveStaged(std::vector<RecordedCollection> collections, std::vector<std::int64_t> jobs = {}) {
    Record record = RecordOf(std::move(collections));
    record.staging = {kTree};
    record.jobs = std::move(jobs);
    Leave(record);
    world_.milvus_memory->Set(kTree + "binlogs/x", "x");
    world_.milvus_memory->Set("restore-temp-another/binlogs/x", "x");
  }
  bool StagedFilesAreThere() { return world_.milvus_memory->Contents().contains(kTree + "binlogs/x"); }
  bool OthersAreThere() {
    return world_.milvus_memory->Contents().contains("restore-temp-another/binlogs/x");
  }
  std::int64_t JobIn(ImportState state) { return JobThatGoes({{.state = state}}); }
  /// One step a look.
  std::int64_t JobThatGoes(std::vector<ImportProgress> steps) {
    // The world scripts each job as it is started.
    world_.server.OnCall({});
    world_.server.ScriptImports(std::move(steps));
    Stands("any", 99);
    return world_.client->Import({.target = {"default", "any"}, .paths = {"p", ""}}, {}).value();
  }
};

TEST_F(StagedLeftoversTest, GoWithTheRecord) {
  LeaveStaged({Fresh()});
  EXPECT_THAT(Clean().done, ElementsAre(AllOf(HasSubstr(kTree), HasSubstr("removed"))));
  EXPECT_FALSE(StagedFilesAreThere());
  EXPECT_TRUE(OthersAreThere());
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(StagedLeftoversTest, UnfinishedUploadsGoWithThemAndNoOthers) {
  LeaveStaged({Fresh()});
  ASSERT_TRUE(world_.milvus_memory->StartUpload(ObjectKey(kTree + "binlogs/y"), {}).ok());
  ASSERT_TRUE(world_.milvus_memory->StartUpload(ObjectKey("restore-temp-another/y"), {}).ok());
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_EQ(world_.milvus_memory->OpenUploads(), 1);
}

// Takes ops/runs/put_right.cc: "when it is over they go with"
TEST_F(StagedLeftoversTest, StayAsLongAsAJobReadsThemAndGoAsIsSaid) {
  // One look a second, one before the first, and one before the files would go.
  std::vector<ImportProgress> steps(kJobWait.count() + 2, {.state = ImportState::kStarted});
  steps.push_back({.state = ImportState::kCompleted});
  LeaveStaged({Fresh()}, {JobThatGoes(std::move(steps))});
  const Mended mended = Clean();
  EXPECT_THAT(mended.left, ElementsAre(HasSubstr("still reads them")));
  EXPECT_THAT(world_.sleeper.slept(), SizeIs(kJobWait.count()));
  EXPECT_TRUE(StagedFilesAreThere());
  EXPECT_FALSE(RecordIsGone());
  EXPECT_THAT(TakeCleaning("when it is over they go with", mended.left).left, IsEmpty());
  EXPECT_FALSE(StagedFilesAreThere());
  EXPECT_TRUE(OthersAreThere());
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(StagedLeftoversTest, GoWhenTheJobsAreOver) {
  for (const ImportState state : {ImportState::kCompleted, ImportState::kFailed}) {
    LeaveStaged({Fresh()}, {JobIn(state)});
    EXPECT_THAT(Clean().left, IsEmpty());
    EXPECT_FALSE(StagedFilesAreThere());
  }
}

// Those that wait for their turn fail when it comes.
TEST_F(StagedLeftoversTest, TheirCollectionGoesWhenTheJobsThatAreAtWorkInItAreOver) {
  const std::pair<ImportState, int> cases[] = {
      {ImportState::kStarted, 4}, {ImportState::kPersisted, 4}, {ImportState::kPending, 1}};
  for (const auto& [state, looks_before] : cases) {
    std::vector<ImportProgress> steps(3, {.state = state});
    steps.push_back({.state = ImportState::kCompleted});
    LeaveStaged({Fresh()}, {JobThatGoes(std::move(steps))});
    Stands(kTemporary, kNew);
    std::atomic<int> looks = 0, looks_at_drop = 0;
    world_.server.OnCall([&](const milvustest::SeenCall& call) {
      looks += call.rpc == "GetImportState" ? 1 : 0;
      if (call.rpc == "DropCollection") looks_at_drop = looks.load();
    });
    EXPECT_THAT(Clean().left, IsEmpty());
    EXPECT_EQ(looks_at_drop, looks_before) << ImportStateName(state);
    EXPECT_EQ(IdOf(kTemporary), 0);
  }
}

// Takes ops/runs/put_right.cc: "when that is over it goes with"
TEST_F(StagedLeftoversTest, TheirCollectionStaysAsLongAsAJobIsAtWorkInItAndGoesAsIsSaid) {
  std::vector<ImportProgress> steps(kJobWait.count() + 2, {.state = ImportState::kPersisted});
  steps.push_back({.state = ImportState::kCompleted});
  LeaveStaged({Fresh()}, {JobThatGoes(std::move(steps))});
  Stands(kTemporary, kNew);
  const Mended mended = Clean();
  EXPECT_THAT(mended.left,
              UnorderedElementsAre(HasSubstr("still at work in it"), HasSubstr("still reads them")));
  EXPECT_EQ(IdOf(kTemporary), kNew);
  EXPECT_THAT(world_.sleeper.slept(), SizeIs(kJobWait.count())) << "once for all that is waited for";
  EXPECT_THAT(TakeCleaning("when that is over it goes with", {mended.left.front()}).left, IsEmpty());
  EXPECT_EQ(IdOf(kTemporary), 0);
}

TEST_F(StagedLeftoversTest, StayWhenTheServerCannotSayWhetherAJobReadsThem) {
  LeaveStaged({Fresh()}, {JobIn(ImportState::kCompleted)});
  world_.server.Fail(
      {.rpc = "GetImportState", .times = 99, .code = 65535, .error_code = 1, .reason = "no answer"});
  EXPECT_THAT(Clean().left, ElementsAre(HasSubstr("no answer")));
  EXPECT_TRUE(StagedFilesAreThere());
}

// Takes ops/runs/put_right.cc: "s later they go with"
TEST_F(StagedLeftoversTest, OfACollectionThatStaysWaitALeaseAndGoAsIsSaid) {
  const std::string later = std::to_string(kLease.count()) + " s later they go with";
  for (const bool created : {false, true}) {
    LeaveStaged({{.target = kDocs, .collection_id = kNew, .created = created}});
    Stands("docs", kNew);
    Mended mended = Clean();
    for (int too_early = 0; too_early < 2; ++too_early) {
      EXPECT_THAT(mended.left, Contains(HasSubstr("an import may have begun")));
      EXPECT_TRUE(StagedFilesAreThere()) << too_early;
      ASSERT_FALSE(RecordIsGone()) << too_early;
      mended = TakeCleaning(later, mended.left);
    }
    mended = TakeCleaning(later, mended.left, kLease);
    EXPECT_THAT(mended.left, ElementsAre(HasSubstr("default.docs"))) << "once said";
    EXPECT_FALSE(StagedFilesAreThere());
    EXPECT_TRUE(OthersAreThere());
    EXPECT_TRUE(RecordIsGone());
    EXPECT_EQ(IdOf("docs"), kNew);
    EXPECT_EQ(Changes(), 0U);
  }
}

// Killed while the second of two was exchanged: the first was done with, and has no temporary name any more.
TEST_F(StagedLeftoversTest, DoNotWaitForACollectionThatIsDone) {
  RecordedCollection whole{
      .target = {"default", "first"}, .collection_id = kThird, .created = true, .proved = true, .done = true};
  LeaveStaged({whole, {}, Fresh()});
  Stands("first", kThird);
  Stands(kTemporary, kNew);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_FALSE(StagedFilesAreThere());
  EXPECT_EQ(IdOf("first"), kThird);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(StagedLeftoversTest, OfRowsThatWereAddedWaitALeaseThoughTheRunWasDoneWithThem) {
  LeaveStaged({{.target = {"default", "docs"}, .collection_id = kOld, .done = true}});
  Stands("docs", kOld);
  for (int cleanings = 0; cleanings < 3; ++cleanings) {
    EXPECT_THAT(Clean().left, Contains(HasSubstr("an import may have begun")));
    EXPECT_TRUE(StagedFilesAreThere());
    DiesAgain();
  }
  DiesAgain(kLease);
  EXPECT_THAT(Clean().left, IsEmpty());
  EXPECT_FALSE(StagedFilesAreThere());
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(StagedLeftoversTest, OfAnotherRunAreNotRemovedWhateverTheRecordSays) {
  for (const std::string& prefix : {std::string(), std::string("files/"), std::string("restore-temp-"),
                                    "restore-temp-" + kRun + "-x", std::string("restore-temp-another/")}) {
    LeaveStaged({});
    Record record = RecordOf({});
    record.staging = {prefix};
    Leave(record);
    const auto before = world_.milvus_memory->Keys();
    EXPECT_THAT(Clean().left, SizeIs(1)) << prefix;
    EXPECT_EQ(world_.milvus_memory->Keys(), before) << prefix;
  }
}

// What has no record.

TEST_F(LeftoversTest, NamesAndTreesWithoutARecordAreNamed) {
  Leave(RecordOf({Fresh()}));
  Stands(kTemporary, kNew);
  Stands("_mbk_ffffffffffff_1", 1);
  Stands("_mbk_ffffffffffff_2_old", 2);
  Stands("_mbk_mine", 3);
  world_.milvus_memory->Set("restore-temp-3f2a-default-docs/binlogs/x", "x");
  world_.milvus_memory->Set(kTree + "binlogs/x", "x");
  const Strays strays = FindStrays(target_, Found(), {}).value();
  ASSERT_THAT(strays.collections, SizeIs(2));
  EXPECT_EQ(strays.collections[0].name.name, "_mbk_ffffffffffff_1");
  EXPECT_FALSE(strays.collections[0].aside);
  EXPECT_EQ(strays.collections[1].name.name, "_mbk_ffffffffffff_2_old");
  EXPECT_TRUE(strays.collections[1].aside);
  EXPECT_THAT(strays.staging, ElementsAre(HasSubstr("restore-temp-3f2a-default-docs/")));
  EXPECT_EQ(Changes(), 0U);
}

// The next run.

TEST_F(LeftoversTest, TheNextRunOfTheSameVerbAndTargetPutsThemRight) {
  Leave(RecordOf({Replacing()}));
  Stands(kAside, kOld);
  Stands(kTemporary, kNew);
  ASSERT_TRUE(Look({.verb = "restore", .fills = {kDocs}}).ok());
  EXPECT_EQ(IdOf("docs"), kOld);
  EXPECT_TRUE(RecordIsGone());
}

// The exchange was done, the old one is all that is left: rows of the user's.
TEST_F(LeftoversTest, TheOldCollectionGoesOnlyWithARunThatMayDropIt) {
  const auto leave = [&] {
    Leave(RecordOf({Replacing(true)}));
    Stands("docs", kNew);
    Stands(kAside, kOld, {"current"});
  };
  leave();
  testing::internal::CaptureStderr();
  ASSERT_TRUE(Look({.verb = "restore", .fills = {kDocs}}).ok());
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("still stands under " + kAside),
                    HasSubstr("milvus-backup check --leftovers --clean --config b.yaml")));
  EXPECT_EQ(IdOf(kAside), kOld);
  EXPECT_EQ(IdOf("current"), kOld);
  EXPECT_EQ(Changes(), 0U);
  EXPECT_FALSE(RecordIsGone());
  DiesAgain();
  ASSERT_TRUE(Look({.verb = "restore", .fills = {kDocs}, .replaces = {kDocs}}).ok());
  EXPECT_EQ(IdOf(kAside), 0);
  EXPECT_EQ(IdOf("docs"), kNew);
  EXPECT_EQ(IdOf("current"), kNew);
  EXPECT_TRUE(RecordIsGone());
}

TEST_F(LeftoversTest, ARunThatWouldBeRefusedPutsNothingRight) {
  const NextRun refused{
      .verb = "restore", .fills = {kDocs}, .replaces = {kDocs}, .refused = [](const CallContext&) {
        return AlreadyExists("docs is there");
      }};
  Leave(RecordOf({Replacing(true)}));
  const std::string record = world_.milvus_memory->Contents().at(RunRecordKey("", kRun).str());
  Stands("docs", kNew);
  Stands(kAside, kOld);
  testing::internal::CaptureStderr();
  ASSERT_TRUE(Look(refused).ok());
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr(kAside), HasSubstr("milvus-backup check --leftovers --clean --config b.yaml")));
  EXPECT_EQ(IdOf(kAside), kOld);
  EXPECT_EQ(Changes(), 0U);
  EXPECT_EQ(world_.milvus_memory->Contents().at(RunRecordKey("", kRun).str()), record);
}

TEST_F(LeftoversTest, ARunThatWasKilledBeforeItMadeAnythingGoesWithTheNextOfItsVerb) {
  Leave(RecordOf({}));
  for (const auto& [verb, dry_run] :
       std::vector<std::pair<std::string, bool>>{{"clone", false}, {"restore", true}}) {
    ASSERT_TRUE(Look({.verb = verb, .fills = {kDocs}, .dry_run = dry_run}).ok());
    EXPECT_FALSE(RecordIsGone()) << verb;
  }
  ASSERT_TRUE(Look({.verb = "restore", .fills = {kDocs}}).ok());
  EXPECT_TRUE(RecordIsGone());
  EXPECT_EQ(Changes(), 0U);
}

TEST_F(LeftoversTest, OtherRunsOnlyNameThem) {
  Leave(RecordOf({Replacing()}));
  Stands(kAside, kOld);
  Stands(kTemporary, kNew);
  for (const auto& [verb, name, dry_run] : std::vector<std::tuple<std::string, std::string, bool>>{
           {"clone", "docs", false}, {"restore", "others", false}, {"restore", "docs", true}}) {
    testing::internal::CaptureStderr();
    ASSERT_TRUE(Look({.verb = verb, .fills = {{"default", name}}, .dry_run = dry_run}).ok());
    EXPECT_THAT(
        testing::internal::GetCapturedStderr(),
        AllOf(HasSubstr(kRun), HasSubstr("the rows that default.docs had stand whole under " + kAside),
              HasSubstr("milvus-backup check --leftovers --clean --config b.yaml")));
    EXPECT_EQ(Changes(), 0U);
    EXPECT_FALSE(RecordIsGone());
  }
}

TEST_F(LeftoversTest, ARunBesideALivingOneOnTheSameTargetLeavesItAlone) {
  Record record = RecordOf({Replacing()});
  for (const ProcessIdentity& process : {ThisProcessIdentity(), ElsewhereProcess()}) {
    record.process = process;
    Leave(record);
    Stands(kTemporary, kNew);
    Stands("docs", kOld);
    ASSERT_TRUE(Look({.verb = "restore", .fills = {kDocs}}).ok());
    EXPECT_EQ(Changes(), 0U);
    EXPECT_FALSE(RecordIsGone());
  }
}

TEST_F(LeftoversTest, ARunGoesOnWhenNobodyCanSayWhatIsLeft) {
  world_.milvus_store.Inject({.operation = StoreOperation::kList});
  EXPECT_TRUE(Look({.verb = "restore"}).ok());
}

// Where a run begins its record.

TEST_F(LeftoversTest, TheRecordOfARunLiesInTheTargetsStore) {
  const auto record = BeginRecord("clone", target_, {}).value();
  EXPECT_THAT(world_.milvus_memory->Keys(), ElementsAre(RunRecordKey("", record->run_id()).str()));
}

TEST_F(LeftoversTest, OrInTheStateDirectoryWhereTheStoreTakesNone) {
  target_.state_directory = testing::TempDir() + "mbk-leftovers-test";
  world_.milvus_store.Inject(
      {.operation = StoreOperation::kPut, .status = {Code::kPermissionDenied, "denied"}});
  const auto record = BeginRecord("restore", target_, {}).value();
  EXPECT_THAT(record->Where(), HasSubstr(target_.state_directory));
  ASSERT_THAT(Found().runs, SizeIs(1));
  EXPECT_EQ(Found().runs[0].record.run_id, record->run_id());
}

// Where records are looked for.

TEST_F(LeftoversTest, ARecordIsFoundByEachNameOfLoopback) {
  const TempDirectory state;
  target_.state_directory = state.path();
  const std::string port = world_.client->address().substr(world_.client->address().rfind(':'));
  for (const std::string host : {"localhost", "127.0.0.1", "::1", "[::1]"}) {
    Record record = RecordOf({Fresh()});
    record.server = host + port;
    record.root.clear();
    const auto place = RecordsInDirectory(state.path(), record.server).value();
    ASSERT_TRUE(place->Write(kRun, ToJson(record), {}).ok());
    const FoundRuns found = Found();
    EXPECT_THAT(found.runs, SizeIs(1)) << host;
    EXPECT_THAT(found.others, IsEmpty()) << host;
    Stands(kTemporary, kNew);
    EXPECT_THAT(Clean().left, IsEmpty());
    EXPECT_EQ(place->Read(kRun, {}).status().code(), Code::kNotFound);
  }
  EXPECT_FALSE(IsSameServer("localhost:19530", "localhost:19531"));
  EXPECT_FALSE(IsSameServer("127.0.0.2:19530", "127.0.0.1:19530"));
}

TEST_F(LeftoversTest, RecordsOfOtherServersAreNamedAndNotLookedAt) {
  const TempDirectory state;
  target_.state_directory = state.path();
  std::filesystem::create_directory(state.path() + "/nothing:19530");
  Record record = RecordOf({Fresh()});
  record.root.clear();
  record.server = "milvus:19530";
  ASSERT_TRUE(RecordsInDirectory(state.path(), record.server).value()->Write(kRun, ToJson(record), {}).ok());
  const auto unreadable = RecordsInDirectory(state.path(), "spoiled:19530").value();
  ASSERT_TRUE(unreadable->Write(kRun, "no record", {}).ok());
  Stands(kTemporary, kNew);
  const FoundRuns found = Found();
  EXPECT_THAT(found.runs, IsEmpty());
  EXPECT_THAT(found.unreadable, IsEmpty());
  EXPECT_THAT(found.unseen, IsEmpty());
  EXPECT_THAT(found.others, ElementsAre(OtherServer{"milvus:19530", state.path() + "/milvus:19530"},
                                        OtherServer{"spoiled:19530", state.path() + "/spoiled:19530"}));
}

TEST_F(LeftoversTest, WithoutAStateDirectoryNotAllIsSeenAndARunGoesOn) {
  target_.state_directory.clear();
  EXPECT_THAT(Found().unseen, ElementsAre(HasSubstr("XDG_STATE_HOME")));
  testing::internal::CaptureStderr();
  EXPECT_TRUE(Look({.verb = "restore", .fills = {kDocs}}).ok());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST_F(LeftoversTest, AnEmptyListOfDatabasesIsNotTakenForNoCollections) {
  world_.server.Fail({.rpc = "ListDatabases"});  // success, and nothing in it
  const Strays strays = FindStrays(target_, {}, {}).value();
  EXPECT_THAT(strays.collections, IsEmpty());
  EXPECT_THAT(strays.unseen, ElementsAre(HasSubstr("not even default")));
}

TEST_F(LeftoversTest, WithoutAPlaceForItARunDoesNotBegin) {
  target_.side = nullptr;
  EXPECT_FALSE(BeginRecord("restore", target_, {}).ok());
}

}  // namespace
}  // namespace mbk::runs
