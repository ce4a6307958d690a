#include "ops/create/create.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <mutex>

#include "base/hash.h"
#include "manifest/testing/support.h"
#include "ops/testing/telling_stores.h"
#include "ops/testing/world.h"
#include "repository/object_records.h"
#include "repository/repository.h"

namespace mbk {
namespace {

using opstest::World;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const BackupLayout kLayout("backup", "nightly");

void Fill(World& world) {
  world.AddCollection({"default", "books"}, 1000,
                      {{.id = 10, .has_deletes = true},
                       {.id = 11, .partition_id = World::kPartition + 1},
                       {.id = 12, .partition_id = kAllPartitions, .is_l0 = true}});
  world.AddCollection({"db1", "tiny"}, 1001, {{.id = 13}});
}

Result<CreateReport> Create(World& world, CreateOptions options = {}) {
  options.name = "nightly";
  return RunCreate(options, world.milvus, world.backups, world.run, {});
}

std::vector<std::string> CompleteBackups(World& world) {
  std::vector<std::string> names;
  const auto entries = ListBackups(*world.backup_memory, "backup", {}).value();
  for (const BackupEntry& entry : entries) {
    if (entry.state == EntryState::kComplete) names.push_back(entry.name);
  }
  return names;
}

// Every data object of the backup, as objects.json has it; the files of meta/ are recorded too.
std::vector<manifest::ObjectRecord> Records(World& world) {
  ObjectRecordReader reader(*world.backup_memory, kLayout, {});
  std::vector<manifest::ObjectRecord> records;
  for (;;) {
    auto next = reader.Next();
    EXPECT_TRUE(next.ok()) << next.status().message();
    if (!next.ok() || !next->has_value()) return records;
    if (!(*next)->key.starts_with("meta/")) records.push_back(**next);
  }
}

class CreateIn : public testing::TestWithParam<World::Stores> {
 protected:
  CreateIn() { Fill(world_); }
  World world_{GetParam()};
};

TEST_P(CreateIn, WithFingerprintsDoesNotCommitRowsThatCannotBeRead) {
  const Status status = Create(world_, {.fingerprint = true}).status();  // the mock's files hold no rows
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("cannot be fingerprinted"));
  EXPECT_THAT(CompleteBackups(world_), IsEmpty());
  EXPECT_THAT(world_.backup_memory->Keys(), IsEmpty());
}

TEST_P(CreateIn, RefusesFingerprintsOfNoRows) {
  const Status status = Create(world_, {.strategy = FlushStrategy::kMetaOnly, .fingerprint = true}).status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
}

TEST_P(CreateIn, WritesEveryFileOfEverySegment) {
  Result<CreateReport> report = Create(world_);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->objects, 8);
  EXPECT_EQ(report->bytes, 160);
  EXPECT_EQ(report->streamed_because.empty(), GetParam() == World::Stores::kOneService);
  ASSERT_EQ(report->collections.size(), 2u);
  EXPECT_EQ(report->collections[1].name, (CollectionName{"default", "books"}));
  EXPECT_EQ(report->collections[1].rows, 10);
  EXPECT_EQ(report->collections[1].segments, 3);

  OpenedBackup opened = OpenBackup(*world_.backup_memory, kLayout, {}).value();
  EXPECT_EQ(opened.backup.id, report->id);
  EXPECT_EQ(opened.backup.size, 160);
  const ObjectIndex index(opened.backup.collections);
  const auto there = world_.backup_memory->Contents(), source = world_.milvus_memory->Contents();
  for (std::size_t i = 0; i < index.size(); ++i) {
    EXPECT_EQ(there.at(index.at(i).KeyIn(kLayout.tree()).str()),
              source.at(index.at(i).KeyIn(MilvusLayout("files")).str()));
  }
  EXPECT_EQ(there.size(), index.size() + 6) << "the data and six meta files, no lock";
}

TEST_P(CreateIn, RecordsEveryObjectWithItsDigestAndWhereItCameFrom) {
  ASSERT_TRUE(Create(world_).ok());
  const auto there = world_.backup_memory->Contents(), source = world_.milvus_memory->Contents();
  const auto records = Records(world_);
  EXPECT_EQ(records.size(), 8u);
  for (const manifest::ObjectRecord& record : records) {
    const std::string& content = there.at(kLayout.prefix() + record.key);
    EXPECT_EQ(record.size, static_cast<std::int64_t>(content.size()));
    EXPECT_EQ(record.digest_kind, "md5");
    EXPECT_EQ(record.digest, Md5Hex(content));
    EXPECT_NE(record.etag, "");
    EXPECT_EQ(source.at(record.source_key), content);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, CreateIn,
                         testing::Values(World::Stores::kOneService, World::Stores::kTwoServices),
                         [](const auto& info) {
                           return std::string(info.param == World::Stores::kOneService ? "OfOneService"
                                                                                       : "OfTwoServices");
                         });

TEST(Create, InABucketThatEncryptsRecordsNoEtagForAnMd5) {
  World world;
  world.AddCollection({"default", "books"}, 1000, {{.id = 10}});
  opstest::EncryptedBucket encrypted(world.backup_memory);
  BackupSide backups{.store = encrypted, .root = "backup"};
  ASSERT_TRUE(RunCreate({.name = "nightly"}, world.milvus, backups, world.run, {}).ok());
  int files = 0;
  ObjectRecordReader reader(*world.backup_memory, BackupLayout("backup", "nightly"), {});
  for (;;) {
    const auto record = reader.Next().value();
    if (!record) break;
    if (record->key.starts_with("meta/")) continue;
    ++files;
    EXPECT_EQ(record->digest, "") << record->key;
  }
  EXPECT_EQ(files, 2);
}

TEST(Create, MetaFilesSayTheSameInTheirTwoForms) {
  World world;
  Fill(world);
  ASSERT_TRUE(Create(world).ok());
  const auto there = world.backup_memory->Contents();
  auto text = [&](std::string_view file) { return there.at(kLayout.Meta(file).str()); };
  const Backup whole = manifest::ReadFull(text(kFullMeta)).value();
  EXPECT_EQ(manifest::Written(manifest::WriteFullMeta, whole), text(kFullMeta));
  EXPECT_EQ(manifest::Written(manifest::WriteBackupMeta, whole), text(kBackupMeta));
  EXPECT_EQ(manifest::Written(manifest::WriteCollectionMeta, whole), text(kCollectionMeta));
  EXPECT_EQ(manifest::Written(manifest::WritePartitionMeta, whole), text(kPartitionMeta));
  EXPECT_EQ(manifest::Written(manifest::WriteSegmentMeta, whole), text(kSegmentMeta));
}

TEST(Create, ADryRunCountsAndWritesNothing) {
  World world;
  Fill(world);
  const auto before = world.milvus_memory->Contents();
  Result<CreateReport> report = Create(world, {.dry_run = true});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->objects, 8);
  EXPECT_THAT(world.backup_memory->Keys(), IsEmpty());
  EXPECT_EQ(world.milvus_memory->Contents(), before);
  EXPECT_EQ(world.Calls("Flush"), 0u);
}

TEST(Create, ADryRunRefusesANameThatIsTaken) {
  World world;
  Fill(world);
  ASSERT_TRUE(Create(world, {}).ok());
  EXPECT_EQ(Create(world, {.dry_run = true}).status().code(), Code::kAlreadyExists);
}

TEST(Create, WhatIsNotWholeIsRefusedByADryRunToo) {
  World world;
  Fill(world);
  world.server.EditCollection({"default", "books"}, [](milvustest::MockCollection& books) {
    books.description.schema.fields.push_back(backuptest::Field(101, "w", DataType::kInt64));
  });
  for (const FlushStrategy strategy : {FlushStrategy::kAuto, FlushStrategy::kMetaOnly}) {
    for (const bool dry_run : {true, false}) {
      const Status refused = Create(world, {.strategy = strategy, .dry_run = dry_run}).status();
      EXPECT_EQ(refused.code(), Code::kDataLoss) << dry_run << ": " << refused.message();
      EXPECT_THAT(refused.message(), AllOf(HasSubstr("what was captured is not whole"),
                                           HasSubstr("two fields of the schema have the id 101")));
    }
  }
  EXPECT_THAT(CompleteBackups(world), IsEmpty());
}

TEST(Create, OfMetadataOnlyTakesNoRows) {
  World world;
  Fill(world);
  Result<CreateReport> report = Create(world, {.strategy = FlushStrategy::kMetaOnly});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->objects, 0);
  EXPECT_EQ(world.Calls("Flush"), 0u);
  EXPECT_EQ(world.backup_memory->Keys().size(), 6u);
  EXPECT_EQ(OpenBackup(*world.backup_memory, kLayout, {}).value().backup.collections.size(), 2u);
}

TEST(Create, CanLeaveTheFlushOut) {
  World world;
  Fill(world);
  ASSERT_TRUE(Create(world, {.strategy = FlushStrategy::kSkipFlush}).ok());
  EXPECT_EQ(world.Calls("Flush"), 0u);
  EXPECT_EQ(Records(world).size(), 8u);
}

TEST(Create, FlushesEverythingBeforeItListsAnything) {
  World world;
  Fill(world);
  ASSERT_TRUE(Create(world).ok());
  std::vector<std::string> order;
  for (const auto& call : world.server.seen()) {
    if (call.rpc == "Flush" || call.rpc == "GetPersistentSegmentInfo") order.push_back(call.rpc);
  }
  EXPECT_THAT(order, ElementsAre("Flush", "Flush", "GetPersistentSegmentInfo", "GetPersistentSegmentInfo"));
}

TEST(Create, TakesUsersAndRolesWhenAskedTo) {
  World world;
  Fill(world);
  world.server.SetRbac({.roles = {{.name = "reader"}}});
  ASSERT_TRUE(Create(world, {.rbac = true}).ok());
  EXPECT_EQ(OpenBackup(*world.backup_memory, kLayout, {}).value().backup.rbac->roles.at(0).name, "reader");
}

TEST(Create, RefusesANameBeforeAnyServerIsAsked) {
  World world;
  const std::size_t before = world.server.seen().size();
  EXPECT_EQ(RunCreate({.name = "no such name"}, world.milvus, world.backups, world.run, {}).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(world.server.seen().size(), before);
}

TEST(Create, LeavesABackupOfThatNameAsItIs) {
  World world;
  Fill(world);
  ASSERT_TRUE(Create(world).ok());
  const auto before = world.backup_memory->Contents();
  EXPECT_EQ(Create(world).status().code(), Code::kAlreadyExists);
  EXPECT_EQ(world.backup_memory->Contents(), before);
}

// Each call of each kind at each store fails once. Whatever it is: what is listed is whole, and a run that
// failed leaves nothing.
struct Breakage {
  StoreOperation operation;
  bool at_milvus = false;
};
class EachStoreCall : public testing::TestWithParam<Breakage> {};

TEST_P(EachStoreCall, ThatFailsLeavesNothingListed) {
  constexpr int kMostCalls = 100;
  for (int nth = 1; nth <= kMostCalls; ++nth) {
    World world(World::Stores::kTwoServices);
    Fill(world);
    FaultyStore& broken = GetParam().at_milvus ? world.milvus_store : world.backup_store;
    broken.Inject({.operation = GetParam().operation, .nth = nth});
    Result<CreateReport> report = Create(world);
    if (broken.fired() == 0) {
      EXPECT_TRUE(report.ok());
      EXPECT_GT(nth, 1) << "this run makes no such call";
      return;
    }
    SCOPED_TRACE(fmt::format("call {}", nth));
    // The last of all is the look at the lock before it is released: it is too late to fail then.
    if (report.ok()) {
      EXPECT_TRUE(OpenBackup(*world.backup_memory, kLayout, {}).ok());
      continue;
    }
    EXPECT_EQ(report.status().code(), Code::kUnavailable) << report.status().message();
    EXPECT_THAT(world.backup_memory->Keys(), IsEmpty());
  }
  FAIL() << "the fault never ends";
}

INSTANTIATE_TEST_SUITE_P(Create, EachStoreCall,
                         testing::Values(Breakage{StoreOperation::kPut}, Breakage{StoreOperation::kGet},
                                         Breakage{StoreOperation::kList},
                                         Breakage{StoreOperation::kList, true},
                                         Breakage{StoreOperation::kGet, true}),
                         [](const auto& info) {
                           return std::string(info.param.at_milvus ? "Milvus_" : "Backup_") +
                                  std::string(StoreOperationName(info.param.operation));
                         });

TEST(Create, SaysWhatStaysBehindWhenCleaningUpFailsToo) {
  World world;
  Fill(world);
  world.backup_store.Inject({.operation = StoreOperation::kCopy, .status = Internal("disk full")});
  world.backup_store.Inject({.operation = StoreOperation::kDelete, .times = 100});
  Status created = Create(world).status();
  EXPECT_EQ(created.code(), Code::kInternal);
  EXPECT_THAT(created.message(), AllOf(HasSubstr("disk full"), HasSubstr("milvus-backup delete -n nightly")));
  EXPECT_THAT(CompleteBackups(world), IsEmpty());
}

// A backup store that does something in the middle of the first copy.
class MidCopy : public ForwardingStore {
 public:
  MidCopy(std::shared_ptr<ObjectStore> inner, std::function<void()> action)
      : ForwardingStore(std::move(inner)), action_(std::move(action)) {}

 protected:
  Status Before(const StoreCall& call, const CallContext&) override {
    if (call.operation == StoreOperation::kCopy) std::call_once(once_, action_);
    return {};
  }

 private:
  std::function<void()> action_;
  std::once_flag once_;
};

void RemoveFiles(World& world, const std::string& prefix) {
  std::vector<ObjectKey> keys;
  for (const std::string& key : world.milvus_memory->Keys()) {
    if (key.starts_with(prefix)) keys.emplace_back(key);
  }
  ASSERT_TRUE(world.milvus_memory->Delete(keys, {}).ok());
}

class Compaction : public testing::TestWithParam<int> {};

TEST_P(Compaction, InMidCopyIsPlannedAgain) {
  World world;
  Fill(world);
  world.run.settings.copy.concurrency = GetParam();
  MidCopy store(world.backup_memory, [&] {
    RemoveFiles(world, "files/insert_log/1000/2000/10/");
    RemoveFiles(world, "files/delta_log/1000/2000/10/");
    const SegmentInfo compacted = world.AddSegment(1000, {.id = 20, .rows = 4});
    world.server.EditCollection({"default", "books"},
                                [&](milvustest::MockCollection& books) { books.segments[0] = compacted; });
  });
  BackupSide backups{.store = store, .root = "backup"};
  Result<CreateReport> report = RunCreate({.name = "nightly"}, world.milvus, backups, world.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  OpenedBackup opened = OpenBackup(*world.backup_memory, kLayout, {}).value();
  const ObjectIndex index(opened.backup.collections);
  EXPECT_EQ(index.size(), 7u);
  EXPECT_EQ(report->objects, 7);
  EXPECT_EQ(opened.backup.size, 140);
  EXPECT_EQ(Records(world).size(), 7u);
  EXPECT_EQ(world.backup_memory->Keys().size(), 7u + 6u) << "what was copied in vain is gone";
  for (const std::string& key : world.backup_memory->Keys())
    EXPECT_THAT(key, testing::Not(HasSubstr("/2000/10/")));
}

INSTANTIATE_TEST_SUITE_P(AtAnyConcurrency, Compaction, testing::Values(1, 4));

TEST(Create, GivesUpOnAServerThatRemovesSegmentsFasterThanTheyAreCopied) {
  World world;
  world.AddCollection({"default", "books"}, 1000, {{.id = 10}});
  world.backup_store.Inject(
      {.operation = StoreOperation::kCopy, .times = 1000, .status = NotFound("NoSuchKey")});
  Status created = Create(world).status();
  EXPECT_EQ(created.code(), Code::kFailedPrecondition);
  EXPECT_THAT(created.message(), HasSubstr("backup.gcPause.enable"));
  EXPECT_THAT(world.backup_memory->Keys(), IsEmpty());
}

TEST(Create, AStopCleansUp) {
  World world;
  Fill(world);
  std::stop_source stop;
  MidCopy store(world.backup_memory, [&] { stop.request_stop(); });
  BackupSide backups{.store = store, .root = "backup"};
  Status created =
      RunCreate({.name = "nightly"}, world.milvus, backups, world.run, {.stop = stop.get_token()}).status();
  EXPECT_EQ(created.code(), Code::kCancelled);
  EXPECT_THAT(world.backup_memory->Keys(), IsEmpty());
}

TEST(Create, OfNothingIsNotFoundAndLeavesNothing) {
  World world;
  EXPECT_EQ(Create(world).status().code(), Code::kNotFound);
  world.AddCollection({"db1", "tiny"}, 1001, {});
  EXPECT_EQ(Create(world, {.filter = Filter::Parse("default.*").value()}).status().code(), Code::kNotFound);
  EXPECT_EQ(Create(world, {.filter = Filter::Parse("default.*").value(), .dry_run = true}).status().code(),
            Code::kNotFound);
  EXPECT_THAT(world.backup_memory->Keys(), IsEmpty());
}

TEST(Create, SaysWhereTheBackupLies) {
  World world;
  EXPECT_THAT(Create(world, {.allow_empty = true}).value().url, testing::EndsWith("/nightly/"));
}

TEST(Create, OfNothingIsMadeWhenItIsMeant) {
  World world;
  Result<CreateReport> report = Create(world, {.allow_empty = true});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->objects, 0);
  EXPECT_THAT(CompleteBackups(world), ElementsAre("nightly"));
}

TEST(Create, OfADatabaseAsSuchIsNotNothing) {
  World world;
  EXPECT_TRUE(Create(world, {.filter = Filter::Parse("default.").value()}).ok());
}

TEST(Create, WhenAllThatWasMeantIsExternalThereIsNothing) {
  World world;
  world.AddCollection({"default", "outside"}, 1001, {});
  world.server.EditCollection({"default", "outside"}, [](milvustest::MockCollection& c) {
    c.description.schema.external_source = "s3://lake/x";
  });
  const Status created = Create(world).status();
  EXPECT_EQ(created.code(), Code::kNotFound);
  EXPECT_THAT(created.message(), AllOf(HasSubstr("default.outside"), HasSubstr("external")));
}

TEST(Create, CountsWhatItHoldsAndNamesWhatItLeavesOut) {
  World world;
  Fill(world);
  world.AddCollection({"default", "outside"}, 1002, {});
  world.server.EditCollection({"default", "outside"}, [](milvustest::MockCollection& c) {
    c.description.schema.external_source = "s3://lake/x";
  });
  Result<CreateReport> report = Create(world);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->rows, 15);
  EXPECT_EQ(report->objects, 8);
  ASSERT_EQ(report->left_out.size(), 1u);
  EXPECT_EQ(report->left_out[0].name.Full(), "default.outside");
}

// In the middle of the copy the collection is dropped, made again, and its old files are collected.
struct Remaking {
  World world;
  MidCopy store{world.backup_memory, [this] {
                  world.AddCollection({"default", "books"}, 3000, {{.id = 30}});
                  RemoveFiles(world, "files/insert_log/1000/");
                  RemoveFiles(world, "files/delta_log/1000/");
                }};
  BackupSide backups{.store = store, .root = "backup"};

  Remaking() {
    Fill(world);
    world.run.settings.copy.concurrency = 1;
  }
  Result<CreateReport> Create(capture::WhenVanished when_vanished) {
    return RunCreate({.name = "nightly", .when_vanished = when_vanished}, world.milvus, backups, world.run,
                     {});
  }
};

TEST(Create, ACollectionThatIsMadeAgainInMidCopyFailsItAndKeepsNothing) {
  Remaking remaking;
  const Status created = remaking.Create(capture::WhenVanished::kFail).status();
  EXPECT_EQ(created.code(), Code::kFailedPrecondition);
  EXPECT_THAT(created.message(), AllOf(HasSubstr("default.books"), HasSubstr("made again")));
  EXPECT_THAT(remaking.world.backup_memory->Keys(), IsEmpty());
}

TEST(Create, ACollectionThatIsMadeAgainInMidCopyIsLeftOutWhenThatIsWanted) {
  Remaking remaking;
  Result<CreateReport> report = remaking.Create(capture::WhenVanished::kLeaveOut);
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_EQ(report->left_out.size(), 1u);
  EXPECT_EQ(report->left_out[0].name.Full(), "default.books");
  ASSERT_EQ(report->collections.size(), 1u);
  EXPECT_EQ(report->collections[0].name.Full(), "db1.tiny");
  EXPECT_EQ(Records(remaking.world).size(), 2u);
  EXPECT_EQ(remaking.world.backup_memory->Keys().size(), 2u + 6u) << "nothing of the other one stays";
}

TEST(Create, TellsWhyBytesWentThroughThisProcess) {
  World world;
  Fill(world);
  world.backup_store.Inject({.operation = StoreOperation::kCopy,
                             .times = 100,
                             .status = {Code::kPermissionDenied, "AccessDenied"}});
  Result<CreateReport> report = Create(world);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->streamed_because, HasSubstr("AccessDenied"));
}

TEST(FlushStrategy, HasTheNamesOfTheGoTool) {
  EXPECT_EQ(ParseFlushStrategy("").value(), FlushStrategy::kAuto);
  EXPECT_EQ(ParseFlushStrategy("auto").value(), FlushStrategy::kAuto);
  EXPECT_EQ(ParseFlushStrategy("meta_only").value(), FlushStrategy::kMetaOnly);
  EXPECT_EQ(ParseFlushStrategy("skip_flush").value(), FlushStrategy::kSkipFlush);
  EXPECT_EQ(ParseFlushStrategy("serial_flush").value(), FlushStrategy::kSerialFlush);
  EXPECT_THAT(ParseFlushStrategy("bulk_flush").status().message(), HasSubstr("2.6.11"));
  EXPECT_EQ(ParseFlushStrategy("Auto").status().code(), Code::kInvalidArgument);
}

TEST(DefaultBackupName, IsAValidNameOfItsMoment) {
  const std::string name = DefaultBackupName();
  EXPECT_TRUE(IsValidBackupName(name)) << name;
  EXPECT_THAT(name, testing::MatchesRegex("backup_[0-9_]+"));
}

}  // namespace
}  // namespace mbk
