#include "ops/restore/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/hash.h"
#include "manifest/testing/support.h"
#include "ops/create/create.h"
#include "ops/testing/row_backup.h"
#include "ops/testing/world.h"
#include "repository/repository.h"

namespace mbk {
namespace {

using milvustest::MockCollection;
using milvustest::SeenCall;
using opstest::RowBackup;
using opstest::World;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const BackupLayout kLayout("backup", "nightly");
const CollectionName kBooks{"default", "books"}, kBooksBak{"default", "books_bak"},
    kTinyBak{"db1", "tiny_bak"};

// A server with two collections and a backup of them, to be restored beside the originals.
class Restore : public testing::Test {
 protected:
  Restore() {
    world_.AddCollection(kBooks, 1000,
                         {{.id = 10, .has_deletes = true, .has_rows = true},
                          {.id = 11, .partition_id = World::kPartition + 1, .has_rows = true},
                          {.id = 12, .partition_id = kAllPartitions, .is_l0 = true, .has_rows = true}});
    world_.AddCollection({"db1", "tiny"}, 1001, {{.id = 13}});
    world_.server.EditCollection(kBooks, [](MockCollection& books) {
      books.description.aliases = {"lib"};
      books.indexes = {{.field_name = "v",
                        .index_name = "v_idx",
                        .params = {{"index_type", "FLAT"}, {"metric_type", "L2"}}}};
      books.loaded_percent = 100;
    });
    Result<CreateReport> created =
        RunCreate({.name = "nightly"}, world_.milvus, world_.backups, world_.run, {});
    EXPECT_TRUE(created.ok()) << created.status().message();
    bucket_before_ = world_.milvus_memory->Contents();
    calls_before_ = Changes();
  }

  static load::Options Beside() { return {.renamer = Renamer::FromSuffix("_bak").value()}; }
  Result<RestoreReport> Run(load::Options load = Beside(), const CallContext& context = {}) {
    return RunRestore({.name = "nightly", .load = std::move(load)}, world_.backups, world_.target, world_.run,
                      context);
  }
  // Calls that change the server.
  std::size_t Changes() const {
    const auto seen = world_.server.seen();
    return static_cast<std::size_t>(std::count_if(seen.begin(), seen.end(), [](const SeenCall& call) {
      return call.rpc.starts_with("Create") || call.rpc.starts_with("Drop") ||
             call.rpc.starts_with("Import") || call.rpc.starts_with("Load");
    }));
  }
  void ExpectNothingChanged() {
    EXPECT_EQ(Changes(), calls_before_);
    EXPECT_EQ(world_.milvus_memory->Contents(), bucket_before_);
  }
  const load::Outcome& OutcomeOf(const RestoreReport& report, const CollectionName& target) {
    auto found = std::find_if(report.collections.begin(), report.collections.end(),
                              [&](const auto& o) { return o.target == target; });
    EXPECT_NE(found, report.collections.end());
    return *found;
  }

  World world_;
  std::map<std::string, std::string> bucket_before_;
  std::size_t calls_before_ = 0;
};

TEST_F(Restore, BringsEveryCollectionBack) {
  Result<RestoreReport> report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(report->status.ok()) << report->status.message();
  EXPECT_EQ(report->name, "nightly");
  const load::Outcome& books = OutcomeOf(*report, kBooksBak);
  EXPECT_EQ(books.rows_expected, 10);
  EXPECT_EQ(books.rows_imported, 10);
  EXPECT_TRUE(books.has_deletes);
  EXPECT_EQ(books.import_jobs, 3);
  EXPECT_THAT(books.warnings, IsEmpty());
  auto made = world_.server.FindCollection(kBooksBak);
  ASSERT_TRUE(made.has_value());
  EXPECT_THAT(made->partitions,
              ElementsAre(Field(&PartitionName::name, "_default"), Field(&PartitionName::name, "new")));
  EXPECT_EQ(made->description.schema.fields, world_.server.FindCollection(kBooks)->description.schema.fields);
  EXPECT_TRUE(world_.server.FindCollection(kTinyBak).has_value());
}

// With deletes the segments alone cannot tell how many rows must arrive; a record of the rows can.
TEST_F(Restore, HoldsTheRowsThatArriveAgainstTheRecordOfTheBackup) {
  Backup backup = OpenBackup(*world_.backup_memory, kLayout, {}).value().backup;
  for (Collection& collection : backup.collections)
    if (collection.name == "tiny") collection.rows_record = RowsRecord{.written = 5, .deleted = 2};
  world_.backup_memory->Set(kLayout.Meta(kFullMeta).str(),
                            manifest::Written(manifest::WriteFullMeta, backup));
  world_.backup_memory->Set(kLayout.Meta(kCollectionMeta).str(),
                            manifest::Written(manifest::WriteCollectionMeta, backup));
  const ObjectKey records[] = {kLayout.Meta(kObjects)};  // which are of the metadata before
  ASSERT_TRUE(world_.backup_memory->Delete(records, {}).ok());
  const RestoreReport report = Run().value();
  const load::Outcome& tiny = OutcomeOf(report, kTinyBak);
  EXPECT_EQ(tiny.rows_not_deleted, 3);
  EXPECT_EQ(tiny.status.code(), Code::kDataLoss);
  EXPECT_THAT(tiny.status.message(), HasSubstr("imported 5 rows"));
  EXPECT_EQ(OutcomeOf(report, kBooksBak).rows_not_deleted, std::nullopt);
}

TEST_F(Restore, StagesFilesWhereMilvusReadsThemAndRemovesThemAgain) {
  std::map<std::string, std::vector<std::string>> there;  // what lay below a path when its import began
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "GetImportState") return;
    for (const auto& [id, request] : world_.server.imports()) {
      for (const std::string& key : world_.milvus_memory->Keys()) {
        if (!request.paths.front().empty() && key.starts_with(request.paths.front()))
          there[request.paths.front()].push_back(key);
      }
    }
  });
  ASSERT_TRUE(Run().value().status.ok());
  EXPECT_THAT(there, SizeIs(4)) << "each job found its files";
  for (const auto& [id, request] : world_.server.imports()) {
    EXPECT_THAT(request.paths.front(), AllOf(StartsWith("restore-temp-"), HasSubstr("_bak/binlogs/")));
    const bool is_l0 = FindValue(request.options, "l0_import") != nullptr;
    EXPECT_THAT(request.paths, SizeIs(is_l0 ? 1 : 2));
  }
  EXPECT_EQ(world_.milvus_memory->Contents(), bucket_before_);
}

// Field case 27r.
class RestoreOfAFlippedBit : public Restore {
 protected:
  RestoreOfAFlippedBit() { Flip(*world_.backup_memory, key_); }
  static void Flip(MemoryStore& store, const std::string& key) {
    std::string flipped = store.Contents().at(key);
    flipped.back() ^= 1;
    store.Set(key, flipped);
  }
  // As a copy that went through this process records it.
  static void RecordXxh128(MemoryStore& store, const std::string& backup) {
    const auto contents = store.Contents();
    std::string text;
    std::istringstream lines(contents.at(backup + "meta/objects.json"));
    for (std::string line; std::getline(lines, line);) {
      manifest::ObjectRecord record = manifest::ParseObjectRecord(line).value();
      if (!record.key.starts_with("meta/")) {
        record.digest_kind = "xxh128";
        record.digest = Xxh128Hex(contents.at(backup + record.key));
      }
      text += manifest::ObjectRecordLine(record);
    }
    store.Set(backup + "meta/objects.json", text);
  }
  void ExpectRefused(const Result<RestoreReport>& report) {
    EXPECT_EQ(report.status().code(), Code::kDataLoss);
    EXPECT_THAT(report.status().message(), AllOf(HasSubstr(key_), HasSubstr("other bytes than were written"),
                                                 HasSubstr("nightly cannot be restored")));
    ExpectNothingChanged();
  }
  const std::string key_ = "backup/nightly/binlogs/insert_log/1000/2000/10/10/101/201";
};

TEST_F(RestoreOfAFlippedBit, IsRefusedBeforeAnythingIsMade) {
  ExpectRefused(Run());
  world_.run.settings.copy.mode = CopyMode::kStreaming;
  ExpectRefused(Run());
}

// Nobody can say then which bytes were written.
TEST_F(RestoreOfAFlippedBit, IsRefusedTooWhereTheRecordCannotBeRead) {
  const std::string objects = "backup/nightly/meta/objects.json";
  world_.backup_memory->Set(objects, "x" + world_.backup_memory->Contents().at(objects));
  for (const bool dry_run : {true, false}) {
    const Status refused = RunRestore({.name = "nightly", .load = Beside(), .dry_run = dry_run},
                                      world_.backups, world_.target, world_.run, {})
                               .status();
    EXPECT_EQ(refused.code(), Code::kDataLoss);
    EXPECT_THAT(refused.message(), HasSubstr(objects));
    ExpectNothingChanged();
  }
}

TEST_F(RestoreOfAFlippedBit, IsRefusedByADryRunWhereTheStoreTells) {
  ExpectRefused(RunRestore({.name = "nightly", .load = Beside(), .dry_run = true}, world_.backups,
                           world_.target, world_.run, {}));
}

TEST_F(RestoreOfAFlippedBit, IsRefusedBeforeTheImportWhereTheStoreTellsNothing) {
  Flip(*world_.backup_memory, key_);  // as it was
  RecordXxh128(*world_.backup_memory, "backup/nightly/");
  Flip(*world_.backup_memory, key_);
  for (const CopyMode mode : {CopyMode::kAuto, CopyMode::kStreaming}) {
    world_.run.settings.copy.mode = mode;
    const Result<RestoreReport> report = Run();
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_THAT(
        OutcomeOf(*report, kBooksBak).status.message(),
        AllOf(HasSubstr(key_), HasSubstr("other bytes than were written"), HasSubstr("it was not imported")));
    for (const auto& [id, request] : world_.server.imports())
      EXPECT_EQ(request.target.db, "db1") << "the other one";
    EXPECT_EQ(world_.milvus_memory->Contents(), bucket_before_);
    world_.server.RemoveCollection(kTinyBak);
  }
}

TEST_F(RestoreOfAFlippedBit, IsRefusedWhereMilvusWouldReadItFromWhereItLies) {
  BackupSide here{.store = world_.milvus_store, .root = "backup"};
  ASSERT_TRUE(RunCreate({.name = "nightly"}, world_.milvus, here, world_.run, {}).ok());
  RecordXxh128(*world_.milvus_memory, "backup/nightly/");
  Flip(*world_.milvus_memory, key_);
  bucket_before_ = world_.milvus_memory->Contents();
  ExpectRefused(RunRestore({.name = "nightly", .load = Beside()}, here, world_.target, world_.run, {}));
}

TEST_F(RestoreOfAFlippedBit, IsRefusedWhereItsRowsWouldBeSent) {
  Flip(*world_.backup_memory, key_);
  RecordXxh128(*world_.backup_memory, "backup/nightly/");
  Flip(*world_.backup_memory, key_);
  load::Options load = Beside();
  load.via = load::Via::kInsert;
  ExpectRefused(Run(load));
}

TEST_F(Restore, KeepsStagedFilesOnRequest) {
  world_.run.settings.keep_temp_files = true;
  ASSERT_TRUE(Run().value().status.ok());
  EXPECT_EQ(world_.milvus_memory->Keys().size(), bucket_before_.size() + 8);
}

TEST_F(Restore, ImportsABackupOfTheMilvusBucketFromWhereItLies) {
  BackupSide here{.store = world_.milvus_store, .root = "backup"};
  ASSERT_TRUE(RunCreate({.name = "local"}, world_.milvus, here, world_.run, {}).ok());
  const auto before = world_.milvus_memory->Contents();
  Result<RestoreReport> report =
      RunRestore({.name = "local", .load = Beside()}, here, world_.target, world_.run, {});
  ASSERT_TRUE(report.ok() && report->status.ok());
  for (const auto& [id, request] : world_.server.imports())
    EXPECT_THAT(request.paths.front(), StartsWith("backup/local/binlogs/"));
  EXPECT_EQ(world_.milvus_memory->Contents(), before);
}

TEST_F(Restore, LeavesOutWhatNoMetadataNameWhereMilvusWouldImportIt) {
  BackupSide here{.store = world_.milvus_store, .root = "backup"};
  ASSERT_TRUE(RunCreate({.name = "local"}, world_.milvus, here, world_.run, {}).ok());
  // Deletes beside a segment that has none.
  world_.milvus_memory->Set("backup/local/binlogs/delta_log/1000/2001/11/11/7", "stray");
  const auto before = world_.milvus_memory->Contents();
  std::mutex mutex;  // the hook runs on a thread of the server
  std::vector<std::string> staged;
  world_.OnCall([&](const SeenCall& call) {
    std::scoped_lock lock(mutex);
    if (call.rpc == "GetImportState") staged = world_.milvus_memory->Keys();
  });
  Result<RestoreReport> report =
      RunRestore({.name = "local", .load = Beside()}, here, world_.target, world_.run, {});
  ASSERT_TRUE(report.ok() && report->status.ok());
  for (const auto& [id, request] : world_.server.imports())
    EXPECT_THAT(request.paths.front(), StartsWith("restore-temp-"));
  std::scoped_lock lock(mutex);
  for (const std::string& key : staged)
    EXPECT_TRUE(!key.starts_with("restore-temp-") || !key.ends_with("delta_log/1000/2001/11/11/7")) << key;
  EXPECT_EQ(world_.milvus_memory->Contents(), before);
}

// Ten small segments in one partition, one in another, with real rows; the backup lies in the Milvus bucket.
class RestoreOfSmallSegments : public testing::Test {
 protected:
  RestoreOfSmallSegments() {
    opstest::RowBackup backup;
    for (int i = 0; i < 10; ++i)
      backup.AddSegment(0, opstest::Books(i * 10, 2), {{i * 10, opstest::kNow - 1}});
    backup.AddSegment(1, opstest::Books(1000, 20));
    backup.Commit();
    for (const auto& [key, content] : backup.store().Contents()) {
      world_.milvus_memory->Set(key, content);
      world_.backup_memory->Set(key, content);
    }
    world_.ImportJobsBring(20);
    // What lies below the paths of a job when it is asked for.
    world_.OnCall([this](const SeenCall& call) {
      if (call.rpc != "GetImportState") return;
      std::scoped_lock lock(files_mutex_);
      for (const auto& [id, request] : world_.server.imports()) {
        files_[request.paths.front()] = 0;
        for (const std::string& key : world_.milvus_memory->Keys())
          files_[request.paths.front()] += key.starts_with(request.paths.front());
      }
    });
    bucket_before_ = world_.milvus_memory->Contents();
  }

  RestoreReport Run(BackupSide& side, bool dry_run = false) {
    Result<RestoreReport> report =
        RunRestore({.name = "nightly", .dry_run = dry_run}, side, world_.target, world_.run, {});
    EXPECT_TRUE(report.ok()) << report.status().message();
    EXPECT_TRUE(report->status.ok()) << report->status.message();
    return *report;
  }
  static void ExpectTwoJobs(const RestoreReport& report) {
    EXPECT_THAT(report.collections, ElementsAre(AllOf(Field(&load::Outcome::import_jobs, 2),
                                                      Field(&load::Outcome::segments_rewritten, 10),
                                                      Field(&load::Outcome::rewritten_into, 1))));
  }

  std::map<std::string, int> Files() {
    std::scoped_lock lock(files_mutex_);
    return files_;
  }

  World world_;
  std::mutex files_mutex_;  // written by threads of the server
  std::map<std::string, int> files_;
  std::map<std::string, std::string> bucket_before_;
};

TEST_F(RestoreOfSmallSegments, RewritesThemIntoTheStagingPrefix) {
  ExpectTwoJobs(Run(world_.backups));
  const auto of_paths = Files();
  EXPECT_THAT(of_paths, SizeIs(2));
  for (const auto& [path, files] : of_paths) {
    EXPECT_THAT(path, StartsWith("restore-temp-"));
    EXPECT_EQ(files, 5) << "a file for each field of one segment";
  }
  EXPECT_EQ(world_.milvus_memory->Contents(), bucket_before_) << "and removes them again";
}

TEST_F(RestoreOfSmallSegments, ImportsTheOthersFromWhereTheyLie) {
  BackupSide here{.store = world_.milvus_store, .root = "backup"};
  ExpectTwoJobs(Run(here));
  EXPECT_THAT(Files(), ElementsAre(testing::Pair(StartsWith("backup/nightly/binlogs/insert_log/4000/51/"), 5),
                                   testing::Pair(StartsWith("restore-temp-"), 5)));
  EXPECT_EQ(world_.milvus_memory->Contents(), bucket_before_);
}

TEST_F(RestoreOfSmallSegments, SaysSoBeforehand) {
  ExpectTwoJobs(Run(world_.backups, true));
  EXPECT_EQ(world_.Calls("Import"), 0u);
}

TEST_F(RestoreOfSmallSegments, FailsBeforeTheImportWhenAFileIsDamaged) {
  for (const std::string& key : world_.backup_memory->Keys()) {
    if (!key.starts_with("backup/nightly/binlogs/insert_log/4000/50/")) continue;
    const std::size_t size = world_.backup_memory->Contents().at(key).size();
    world_.backup_memory->Set(key, std::string(size, 'x'));
    break;
  }
  Result<RestoreReport> report =
      RunRestore({.name = "nightly"}, world_.backups, world_.target, world_.run, {});
  EXPECT_EQ(report.status().code(), Code::kDataLoss);
  EXPECT_THAT(report.status().message(), HasSubstr("backup/nightly/binlogs/insert_log/4000/50/"));
  EXPECT_EQ(world_.Calls("Import"), 0u);
  EXPECT_EQ(world_.milvus_memory->Contents(), bucket_before_);
}

// Whichever object is missing, nothing is created before it is noticed.
TEST_F(Restore, RefusesBackupWhoseLastObjectIsMissing) {
  OpenedBackup opened = OpenBackup(*world_.backup_memory, kLayout, {}).value();
  const ObjectIndex index(opened.backup.collections);
  ASSERT_EQ(index.size(), 8u);
  for (std::size_t i = index.size(); i-- > 0;) {
    const ObjectKey key = index.at(i).KeyIn(kLayout.tree());
    const std::string content = world_.backup_memory->Contents().at(key.str());
    const ObjectKey keys[] = {key};
    ASSERT_TRUE(world_.backup_memory->Delete(keys, {}).ok());
    Status restored = Run().status();
    EXPECT_EQ(restored.code(), Code::kDataLoss);
    EXPECT_THAT(restored.message(),
                AllOf(HasSubstr("backup nightly cannot be restored"), HasSubstr(key.str() + " is missing")));
    ExpectNothingChanged();
    world_.backup_memory->Set(key.str(), content);
  }
}

TEST_F(Restore, RefusesATruncatedObjectToo) {
  world_.backup_memory->Set("backup/nightly/binlogs/insert_log/1001/2000/13/13/100/230", "short");
  EXPECT_EQ(Run().status().code(), Code::kDataLoss);
  ExpectNothingChanged();
}

TEST_F(Restore, LooksOnlyAtTheObjectsItNeeds) {
  world_.backup_memory->Set("backup/nightly/binlogs/insert_log/1001/2000/13/13/100/230", "short");
  load::Options books = Beside();
  books.source_filter = Filter::Parse("books").value();
  EXPECT_TRUE(Run(books).value().status.ok());
}

TEST_F(Restore, RefusesATargetThatIsThereBeforeAnythingIsCreated) {
  world_.AddCollection(kTinyBak, 1002, {});
  Status restored = Run().status();
  EXPECT_EQ(restored.code(), Code::kAlreadyExists);
  EXPECT_THAT(restored.message(), AllOf(HasSubstr("tiny_bak"), HasSubstr("--drop_exist_collection")));
  ExpectNothingChanged();
}

TEST_F(Restore, ReplacesATargetOnRequest) {
  world_.AddCollection(kTinyBak, 1002, {});
  load::Options replace = Beside();
  replace.drop_exist_collection = true;
  EXPECT_TRUE(Run(replace).value().status.ok());
  EXPECT_NE(world_.server.FindCollection(kTinyBak)->description.collection_id, 1002);
}

TEST_F(Restore, FillsATargetThatIsThereOnRequest) {
  world_.AddCollection(kTinyBak, 1002, {});
  load::Options fill = Beside();
  fill.skip_create_collection = true;
  EXPECT_EQ(Run(fill).status().code(), Code::kFailedPrecondition) << "books_bak is not there";
  fill.source_filter = Filter::Parse("db1.tiny").value();
  EXPECT_TRUE(Run(fill).value().status.ok());
  EXPECT_EQ(world_.server.FindCollection(kTinyBak)->description.collection_id, 1002);
}

TEST_F(Restore, ADryRunPlansAndChangesNothing) {
  auto report = RunRestore({.name = "nightly", .load = Beside(), .dry_run = true}, world_.backups,
                           world_.target, world_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(OutcomeOf(*report, kBooksBak).import_jobs, 3);
  std::size_t bytes = 0;
  for (const auto& [key, content] : world_.backup_memory->Contents())
    if (key.find("_log/1000/") != std::string::npos) bytes += content.size();
  EXPECT_EQ(OutcomeOf(*report, kBooksBak).bytes, static_cast<std::int64_t>(bytes));
  ExpectNothingChanged();
}

TEST_F(Restore, OneCollectionThatFailsLeavesTheOthers) {
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "Import" && call.request.find("books_bak") != std::string::npos) {  // in its paths
      world_.server.ScriptImports(
          {{.state = ImportState::kFailed, .failed_reason = "the file does not parse"}});
    }
  });
  Result<RestoreReport> report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->status.message(),
              AllOf(HasSubstr("default.books_bak"), HasSubstr("the file does not parse")));
  EXPECT_FALSE(OutcomeOf(*report, kBooksBak).status.ok());
  EXPECT_TRUE(OutcomeOf(*report, kTinyBak).status.ok());
  EXPECT_EQ(world_.milvus_memory->Contents(), bucket_before_) << "staged files go also when an import fails";
}

TEST_F(Restore, ACollectionThatCannotBeStagedLeavesTheOthersAndNoFiles) {
  world_.milvus_store.Inject({.operation = StoreOperation::kCopy, .status = Internal("disk full")});
  Result<RestoreReport> report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(std::count_if(report->collections.begin(), report->collections.end(),
                          [](const auto& o) { return o.status.ok(); }),
            1);
  EXPECT_EQ(world_.milvus_memory->Contents(), bucket_before_);
}

TEST_F(Restore, SaysWhereStagedFilesStayWhenTheyCannotBeRemoved) {
  world_.milvus_store.Inject({.operation = StoreOperation::kDelete, .times = 100});
  Result<RestoreReport> report = Run();
  ASSERT_TRUE(report.ok() && report->status.ok());
  EXPECT_THAT(OutcomeOf(*report, kBooksBak).warnings,
              ElementsAre(AllOf(HasSubstr("staged files stay behind"), HasSubstr("restore-temp-"))));
}

TEST_F(Restore, NoticesRowsThatDidNotArrive) {
  world_.ImportJobsBring(4);
  Result<RestoreReport> report = Run();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(OutcomeOf(*report, kBooksBak).status.code(), Code::kDataLoss)
      << "it has deletes, and whether they explain the difference is counted";
  const load::Outcome& tiny = OutcomeOf(*report, kTinyBak);
  EXPECT_EQ(tiny.status.code(), Code::kDataLoss);
  EXPECT_THAT(tiny.status.message(), HasSubstr("imported 4 rows, the source holds 5"));
}

TEST_F(Restore, NoticesRowsThatCameTwice) {
  world_.ImportJobsBring(10);
  EXPECT_EQ(OutcomeOf(Run().value(), kBooksBak).status.code(), Code::kDataLoss);
}

// Milvus cannot cancel a job: what it reads stays, and it is said where.
TEST_F(Restore, AStopBeforeAnythingIsBegunSaysSo) {
  std::stop_source stop;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "DescribeCollection") stop.request_stop();
  });
  const Status stopped = Run(Beside(), {.stop = stop.get_token()}).status();
  EXPECT_EQ(stopped.code(), Code::kCancelled);
  EXPECT_THAT(stopped.message(), HasSubstr("no collection of the target was touched"));
  EXPECT_EQ(world_.Calls("CreateCollection"), 0U);
}

TEST_F(Restore, AStopUnderAnImportKeepsWhatTheJobReads) {
  std::stop_source stop;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "Import") stop.request_stop();
  });
  const Status stopped = Run(Beside(), {.stop = stop.get_token()}).status();
  EXPECT_EQ(stopped.code(), Code::kCancelled);
  EXPECT_THAT(stopped.message(),
              AllOf(HasSubstr("restore-temp-"), HasSubstr("milvus-backup check --leftovers --clean")));
  EXPECT_NE(world_.milvus_memory->Contents(), bucket_before_);
}

// Field case 69.
TEST_F(Restore, AStopUnderAnImportFromWhereTheBackupLiesSaysWhatGoesOn) {
  BackupSide here{.store = world_.milvus_store, .root = "backup"};
  ASSERT_TRUE(RunCreate({.name = "local"}, world_.milvus, here, world_.run, {}).ok());
  std::stop_source stop;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "GetImportState") stop.request_stop();
  });
  const Status stopped = RunRestore({.name = "local", .load = Beside()}, here, world_.target, world_.run,
                                    {.stop = stop.get_token()})
                             .status();
  EXPECT_EQ(stopped.code(), Code::kCancelled);
  EXPECT_THAT(stopped.message(),
              AllOf(HasSubstr("import jobs go on in Milvus"), HasSubstr("read the files at memory://"),
                    Not(HasSubstr("restore-temp-"))));
}

// Field case 72.
// Takes ops/load/builder.cc: "it is not loaded: Milvus loads"
TEST_F(Restore, WithoutIndexesWhatWasLoadedStandsAndIsSaidNotToBeLoaded) {
  world_.server.Fail({.rpc = "LoadCollection", .code = 700, .reason = "index not found[collection=1]"});
  load::Options all = Beside();
  all.restore_load_state = true;
  all.source_filter = Filter::Parse("books").value();
  const auto report = Run(all);
  ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message();
  EXPECT_FALSE(report->collections[0].loaded);
  EXPECT_THAT(report->collections[0].warnings,
              Contains(AllOf(HasSubstr("it is not loaded"), HasSubstr("--rebuild_index"))));
  EXPECT_THAT(report->follow_up.as_typed, HasSubstr("--rebuild_index --restore_load_state"));
  all.rebuild_index = all.drop_exist_collection = true;
  const auto again = Run(all);
  ASSERT_TRUE(again.ok() && again->status.ok()) << again.status().message();
  EXPECT_TRUE(again->collections[0].loaded);
}

TEST_F(Restore, AStopUnderALoadSaysThatMilvusGoesOnWithIt) {
  std::stop_source stop;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "GetLoadingProgress") stop.request_stop();
  });
  load::Options all = Beside();
  all.rebuild_index = all.restore_load_state = true;
  all.source_filter = Filter::Parse("books").value();
  const Status stopped = Run(all, {.stop = stop.get_token()}).status();
  EXPECT_EQ(stopped.code(), Code::kCancelled);
  EXPECT_THAT(stopped.message(), HasSubstr("complete, and Milvus goes on loading them: default.books_bak"));
}

TEST_F(Restore, AServerThatDiesUnderAnImportIsSaidWithFileAndProofAndKeepsStagedFiles) {
  world_.server.Fail(
      {.rpc = "GetImportState", .times = 1'000, .grpc_code = 14, .reason = "connection refused"});
  Result<RestoreReport> report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  const load::Outcome& books = OutcomeOf(*report, kBooksBak);
  EXPECT_THAT(books.status.message(),
              AllOf(HasSubstr("restore-temp-"), HasSubstr("milvus-backup verify -n nightly --level rows")));
  EXPECT_THAT(books.warnings, testing::Contains(HasSubstr("check --leftovers --clean")));
  EXPECT_NE(world_.milvus_memory->Contents(), bucket_before_);
}

TEST_F(Restore, MakesIndexesAliasesAndLoadsAgainOnRequest) {
  load::Options all = Beside();
  all.rebuild_index = all.restore_alias = all.restore_load_state = true;
  world_.server.EditCollection(kBooks, [](MockCollection& books) { books.description.aliases.clear(); });
  ASSERT_TRUE(Run(all).value().status.ok());
  auto books = world_.server.FindCollection(kBooksBak);
  EXPECT_THAT(books->indexes, ElementsAre(Field(&IndexInfo::index_name, "v_idx")));
  EXPECT_EQ(books->loaded_percent, 100);
  EXPECT_THAT(books->description.aliases, ElementsAre("lib"));
}

TEST_F(Restore, LeavesIndexesAliasesAndLoadsAloneOtherwise) {
  ASSERT_TRUE(Run().value().status.ok());
  auto books = world_.server.FindCollection(kBooksBak);
  EXPECT_THAT(books->indexes, IsEmpty());
  EXPECT_EQ(books->loaded_percent, std::nullopt);
  EXPECT_THAT(books->description.aliases, IsEmpty());
}

TEST_F(Restore, AnAliasThatIsTakenIsAWarning) {
  world_.server.Fail({.rpc = "CreateAlias",
                      .times = 100,
                      .code = 1602,
                      .error_code = 1,
                      .reason = "lib is alias to another collection"});
  load::Options with_alias = Beside();
  with_alias.restore_alias = true;
  Result<RestoreReport> report = Run(with_alias);
  ASSERT_TRUE(report.ok() && report->status.ok());
  EXPECT_THAT(OutcomeOf(*report, kBooksBak).warnings,
              ElementsAre(AllOf(HasSubstr("alias lib"), HasSubstr("alias to another collection"))));
}

TEST_F(Restore, AnIndexThatTheServerRefusesIsAWarning) {
  world_.server.Fail({.rpc = "CreateIndex",
                      .times = 100,
                      .code = 1100,
                      .error_code = 1,
                      .reason = "invalid parameter: index type not supported"});
  load::Options with_index = Beside();
  with_index.rebuild_index = true;
  Result<RestoreReport> report = Run(with_index);
  ASSERT_TRUE(report.ok() && report->status.ok());
  EXPECT_THAT(OutcomeOf(*report, kBooksBak).warnings,
              ElementsAre(AllOf(HasSubstr("index v_idx of field v is not made"),
                                HasSubstr("index type not supported"))));
}

TEST_F(Restore, OfUsersAndRolesNeedsABackupThatHasThem) {
  auto report = RunRestore({.name = "nightly", .load = Beside(), .rbac = true}, world_.backups, world_.target,
                           world_.run, {});
  EXPECT_EQ(report.status().code(), Code::kFailedPrecondition);
  EXPECT_THAT(report.status().message(), HasSubstr("--rbac"));
  ExpectNothingChanged();
}

TEST_F(Restore, OfUsersAndRolesIntoAServerThatHandsOutNoneIsRefusedBeforeAnythingIsMade) {
  world_.server.SetRbac({.users = {{.name = "ann"}}});
  ASSERT_TRUE(
      RunCreate({.name = "with_rbac", .rbac = true}, world_.milvus, world_.backups, world_.run, {}).ok());
  world_.server.Fail(
      {.rpc = "BackupRBAC", .times = 2, .grpc_code = 12, .reason = "unknown method BackupRBAC"});
  calls_before_ = Changes();
  bucket_before_ = world_.milvus_memory->Contents();
  for (const bool dry_run : {true, false}) {
    const Status refused =
        RunRestore({.name = "with_rbac", .load = Beside(), .rbac = true, .dry_run = dry_run}, world_.backups,
                   world_.target, world_.run, {})
            .status();
    EXPECT_EQ(refused.code(), Code::kUnimplemented);
    EXPECT_THAT(refused.message(), AllOf(HasSubstr("users and roles"), HasSubstr("without --rbac")));
    ExpectNothingChanged();
  }
}

TEST_F(Restore, AddsTheUsersAndRolesThatAreMissing) {
  world_.server.SetRbac({.users = {{.name = "ann"}}, .roles = {{.name = "reader"}}});
  ASSERT_TRUE(
      RunCreate({.name = "with_rbac", .rbac = true}, world_.milvus, world_.backups, world_.run, {}).ok());
  world_.server.SetRbac({.users = {{.name = "bob"}}, .roles = {{.name = "reader"}}});
  auto report = RunRestore({.name = "with_rbac", .load = Beside(), .rbac = true}, world_.backups,
                           world_.target, world_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(world_.server.rbac()->users,
              ElementsAre(Field(&RbacUser::name, "bob"), Field(&RbacUser::name, "ann")));
  EXPECT_THAT(world_.server.rbac()->roles, SizeIs(1));
}

TEST_F(Restore, NamesUsersAndGroupsThatAreThereAndLackSomething) {
  world_.server.SetRbac({.users = {{.name = "ann", .roles = {"reader", "writer"}}, {.name = "bob"}},
                         .privilege_groups = {{.name = "g", .privileges = {"Query", "Search"}}}});
  ASSERT_TRUE(
      RunCreate({.name = "with_rbac", .rbac = true}, world_.milvus, world_.backups, world_.run, {}).ok());
  world_.server.SetRbac({.users = {{.name = "ann", .roles = {"reader"}}},
                         .privilege_groups = {{.name = "g", .privileges = {"Query"}}}});
  auto report = RunRestore({.name = "with_rbac", .load = Beside(), .rbac = true}, world_.backups,
                           world_.target, world_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(report->with_rbac);
  EXPECT_THAT(report->rbac.message(),
              AllOf(HasSubstr("user ann (roles writer)"), HasSubstr("privilege group g (privileges Search)"),
                    Not(HasSubstr("bob"))));
  EXPECT_THAT(world_.server.rbac()->users, SizeIs(2)) << "the others are made";
}

TEST_F(Restore, NotesKeysOfNewerTools) {
  const BackupLayout layout(world_.backups.root, "nightly");
  const std::string key = layout.Meta(kFullMeta).str();
  const ObjectKey record[] = {layout.Meta(kObjects)};  // a newer tool writes one of its own, or none
  ASSERT_TRUE(world_.backup_memory->Delete(record, {}).ok());
  world_.backup_memory->Set(key,
                            R"({"of_a_newer_tool":1,)" + world_.backup_memory->Contents().at(key).substr(1));
  auto report =
      RunRestore({.name = "nightly", .load = Beside()}, world_.backups, world_.target, world_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->notes, ElementsAre(HasSubstr("of_a_newer_tool")));
}

TEST_F(Restore, OfABackupThatIsNotThereIsNotFound) {
  EXPECT_EQ(RunRestore({.name = "nope"}, world_.backups, world_.target, world_.run, {}).status().code(),
            Code::kNotFound);
}

// The Go tool's own backups, with made-up files of the recorded sizes. Those of `multi` would be read, since
// it has deletes: tests/e2e/test_golden_backups.py restores the real ones.
class GoldenRestore : public testing::TestWithParam<backuptest::Golden> {};

TEST_P(GoldenRestore, BringsEveryRowBack) {
  World world;
  const BackupLayout layout("backup", GetParam().name);
  backuptest::PlaceGoldenMeta(*world.backup_memory, layout, GetParam());
  const Backup backup = OpenBackup(*world.backup_memory, layout, {}).value().backup;
  backuptest::PlaceData(*world.backup_memory, layout.tree(), backup);
  const load::Plan plan = load::MakePlan(backup, {}).value();
  world.OnCall([&](const SeenCall& call) {
    if (call.rpc != "Import") return;
    for (const load::CollectionPlan& collection : plan.collections) {
      for (const auto& wave : collection.imports) {
        for (const load::ImportDir& dir : wave) {
          if (call.request.find(dir.insert_dir) != std::string::npos) world.ImportJobsBring(dir.rows);
        }
      }
    }
    world.server.ScriptImports({{.state = ImportState::kCompleted, .row_count = world.rows_per_job()}});
  });
  load::Options options{.rebuild_index = true, .restore_load_state = true};
  options.source_filter = Filter::Parse("pkey,empty_coll,growing,db1.indb").value();
  Result<RestoreReport> report =
      RunRestore({.name = GetParam().name, .load = options}, world.backups, world.target, world.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(report->status.ok()) << report->status.message();
  std::int64_t rows = 0;
  for (const load::Outcome& outcome : report->collections) rows += outcome.rows_imported;
  EXPECT_EQ(rows, 6'500);
  EXPECT_THAT(world.milvus_memory->Keys(), IsEmpty());
  EXPECT_TRUE(world.server.FindCollection({"default", "pkey"}));
  EXPECT_EQ(world.server.FindCollection({"db1", "indb"})->loaded_percent, 100);
}

INSTANTIATE_TEST_SUITE_P(OfTheGoTool, GoldenRestore, testing::ValuesIn(backuptest::kGoldenBackups),
                         [](const auto& info) { return info.param.name; });

// A server whose own store is out of reach, and a backup with rows.
class RestoreWithoutStore : public testing::Test {
 protected:
  RestoreWithoutStore() {
    backup_.AddSegment(0, opstest::Books(0, 30), {{3, opstest::kNow + opstest::kMs}});
    backup_.Commit();
  }
  Result<RestoreReport> Run(load::Via via) {
    return RunRestore({.name = "nightly", .load = {.via = via}}, backup_.side, target_, backup_.run, {});
  }

  RowBackup backup_;
  milvustest::MockServer server_;
  std::unique_ptr<MilvusClient> client_ = milvustest::ConnectTo(server_);
  MilvusTarget target_{.client = *client_, .open_store = [](const CallContext&) -> Result<MilvusSide*> {
                         return Status(Code::kUnavailable, "nobody answers at minio:9000");
                       }};
};

TEST_F(RestoreWithoutStore, InsertsAllTheSame) {
  const auto report = Run(load::Via::kInsert);
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_TRUE(report->status.ok()) << report->status.message();
  EXPECT_EQ(report->collections.at(0).rows_imported, 29);
}

TEST_F(RestoreWithoutStore, NamesWhatAMilvusLiteDropsWithoutAWord) {
  milvustest::MockServer lite({.build_tags = "milvus_lite", .version = "milvus_lite-3.2.2"});
  const auto client = milvustest::ConnectTo(lite);
  MilvusTarget target{.client = *client, .open_store = target_.open_store};
  RowBackup backup;
  backup.books().shards_num = 2;
  backup.books().schema.fields[2].description = "what it is called";
  backup.books().indexes = {{.field_name = "title", .index_name = "by_title", .index_type = "Trie"},
                            {.field_name = "price", .index_name = "_default_idx_101"}};
  backup.AddSegment(0, opstest::Books(0, 30));
  backup.Commit();
  const auto report =
      RunRestore({.name = "nightly", .load = {.via = load::Via::kInsert, .rebuild_index = true}}, backup.side,
                 target, backup.run, {});
  ASSERT_TRUE(report.ok() && report->status.ok());
  EXPECT_THAT(report->collections.at(0).warnings,
              ElementsAre("this Milvus (milvus_lite-3.2.2) does not keep: 2 shards, descriptions, index name "
                          "by_title"));
}

TEST_F(RestoreWithoutStore, DoesNotBeginToImport) {
  const auto report = Run(load::Via::kImport);
  EXPECT_EQ(report.status().code(), Code::kUnavailable);
  EXPECT_THAT(report.status().message(), HasSubstr("minio:9000"));
  EXPECT_THAT(server_.seen("CreateCollection"), IsEmpty());
}

}  // namespace
}  // namespace mbk
