#include "ops/copy/copy.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/hash.h"
#include "ops/create/create.h"
#include "ops/testing/telling_stores.h"
#include "ops/testing/world.h"
#include "ops/verify/verify.h"
#include "repository/object_records.h"
#include "repository/repository.h"

namespace mbk {
namespace {

using opstest::World;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

std::map<std::string, std::string> Below(const MemoryStore& store, const std::string& prefix) {
  std::map<std::string, std::string> below;
  for (const auto& [key, content] : store.Contents()) {
    if (key.starts_with(prefix)) below[key.substr(prefix.size())] = content;
  }
  return below;
}

std::vector<manifest::ObjectRecord> RecordsOf(ObjectReader& store, const BackupLayout& layout) {
  ObjectRecordReader reader(store, layout, {});
  std::vector<manifest::ObjectRecord> records;
  for (;;) {
    auto next = reader.Next();
    if (!next.ok() || !next->has_value()) return records;
    records.push_back(**next);
  }
}

// A backup in the store of a World, and an empty store for its copy.
class Copy : public testing::Test {
 protected:
  Copy() {
    world_.AddCollection({"default", "books"}, 1000, {{.id = 10, .has_deletes = true}, {.id = 11}});
    EXPECT_TRUE(RunCreate({.name = "nightly"}, world_.milvus, world_.backups, world_.run, {}).ok());
  }
  Result<CopyReport> Run(CopyBackupOptions options = {}, const CallContext& context = {}) {
    options.name = "nightly";
    return RunCopy(options, world_.backups, target_, world_.run, context);
  }

  VerifyReport VerifyChecksum(BackupSide& side) {
    return RunVerify({.name = "nightly", .level = VerifyLevel::kChecksum}, side, world_.run, {}).value();
  }

  World world_;
  std::shared_ptr<MemoryStore> target_memory_ = std::make_shared<MemoryStore>();
  FaultyStore target_store_{target_memory_};
  BackupSide target_{.store = target_store_, .root = "far"};
};

TEST_F(Copy, IsEqualToItsSourceInEveryByte) {
  Result<CopyReport> report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->objects, 5);
  EXPECT_EQ(report->bytes, 100);
  EXPECT_EQ(report->as, "nightly");
  EXPECT_EQ(Below(*target_memory_, "far/nightly/"), Below(*world_.backup_memory, "backup/nightly/"));
}

TEST_F(Copy, UnderAnotherNameSaysSoInItsMetadata) {
  Result<CopyReport> report = Run({.as = "kept"});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(Below(*target_memory_, "far/nightly/"), IsEmpty());
  OpenedBackup source = OpenBackup(*world_.backup_memory, BackupLayout("backup", "nightly"), {}).value();
  OpenedBackup copy = OpenBackup(*target_memory_, BackupLayout("far", "kept"), {}).value();
  EXPECT_EQ(copy.backup.name, "kept");
  copy.backup.name = source.backup.name;
  EXPECT_EQ(copy.backup, source.backup);
}

TEST_F(Copy, InsideOneStoreGoesServerSide) {
  world_.backup_store.Inject({.operation = StoreOperation::kUploadPart, .times = 100});
  BackupSide same{.store = world_.backup_store, .root = "backup"};
  Result<CopyReport> report =
      RunCopy({.name = "nightly", .as = "kept"}, world_.backups, same, world_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->streamed_because, "");
  EXPECT_EQ(Below(*world_.backup_memory, "backup/kept/binlogs/"),
            Below(*world_.backup_memory, "backup/nightly/binlogs/"));
}

// A store whose etags say nothing of the content.
class Undigested : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<ListPage> List(const ListRequest& request, const CallContext& context) override {
    MBK_TRY_ASSIGN(ListPage page, ForwardingStore::List(request, context));
    for (ObjectInfo& object : page.objects) object.digest = {};
    return page;
  }
  Result<WriteResult> Copy(const CopySource& source, const ObjectKey& target,
                           const CallContext& context) override {
    MBK_TRY_ASSIGN(WriteResult written, ForwardingStore::Copy(source, target, context));
    written.digest = {};
    return written;
  }
};

TEST_F(Copy, CarriesTheDigestsOfItsSourceWhereTheStoreHasNone) {
  Undigested store(world_.backup_memory);
  BackupSide same{.store = store, .root = "backup"};
  ASSERT_TRUE(RunCopy({.name = "nightly", .as = "kept"}, same, same, world_.run, {}).ok());
  const BackupLayout kept("backup", "kept");
  const auto records = RecordsOf(store, kept);
  EXPECT_EQ(records.size(), 5u + 5u) << "data and metadata";
  for (const manifest::ObjectRecord& record : records) {
    EXPECT_EQ(record.digest_kind, "md5");
    EXPECT_EQ(record.digest, Md5Hex(world_.backup_memory->Contents().at(kept.prefix() + record.key)));
    const std::string from = record.key.starts_with("meta/") ? "" : "files/";
    EXPECT_THAT(record.source_key, testing::StartsWith(from));
  }
}

TEST_F(Copy, CarriesFilesOfSomethingElseAndRecordsNothingOfThem) {
  const BackupLayout nightly("backup", "nightly");
  for (const char* key : {"meta/.DS_Store", "binlogs/.DS_Store", "Thumbs.db"})
    world_.backup_memory->Set(nightly.prefix() + key, "of a desktop");
  ASSERT_TRUE(Run().ok());
  const BackupLayout there("far", "nightly");
  for (const char* key : {"meta/.DS_Store", "binlogs/.DS_Store", "Thumbs.db"}) {
    EXPECT_TRUE(target_memory_->Contents().contains(there.prefix() + key)) << key;
    target_memory_->Set(there.prefix() + key, "written anew by a desktop");
  }
  const VerifyReport report = VerifyChecksum(target_);
  EXPECT_THAT(report.damage, testing::IsEmpty());
  EXPECT_THAT(report.foreign, testing::SizeIs(3));
}

class GoldenCopy : public testing::TestWithParam<backuptest::Golden> {};

TEST_P(GoldenCopy, KeepsMetadataThatIsNotUnderstoodByteForByte) {
  World world;
  const BackupLayout from("backup", GetParam().name);
  backuptest::PlaceGoldenMeta(*world.backup_memory, from, GetParam());
  const Backup backup = OpenBackup(*world.backup_memory, from, {}).value().backup;
  backuptest::PlaceData(*world.backup_memory, from.tree(), backup);
  for (std::string_view file : {kBackupMeta, kFullMeta}) {
    const std::string text = world.backup_memory->Contents().at(from.Meta(file).str());
    world.backup_memory->Set(from.Meta(file).str(), R"({"of_a_newer_tool":{"a":[1, 2 ]},)" + text.substr(1));
  }
  world.backup_memory->Set(from.Meta("newer.json").str(), "{ }");
  MemoryStore far;
  BackupSide target{.store = far, .root = ""};
  Result<CopyReport> report = RunCopy({.name = GetParam().name}, world.backups, target, world.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  auto copied = Below(far, GetParam().name + "/");
  EXPECT_EQ(copied.erase("meta/objects.json"), 1u) << "made for the copy";
  EXPECT_EQ(copied, Below(*world.backup_memory, from.prefix()));
}

TEST_P(GoldenCopy, UnderAnotherNameKeepsWhatIsNotUnderstoodToo) {
  World world;
  const BackupLayout from("backup", GetParam().name);
  backuptest::PlaceGoldenMeta(*world.backup_memory, from, GetParam());
  backuptest::PlaceData(*world.backup_memory, from.tree(),
                        OpenBackup(*world.backup_memory, from, {}).value().backup);
  const std::string full = world.backup_memory->Contents().at(from.Meta(kFullMeta).str());
  world.backup_memory->Set(from.Meta(kFullMeta).str(),
                           R"({"of_a_newer_tool":{"a":[1, 2 ]},)" + full.substr(1));
  MemoryStore far;
  BackupSide target{.store = far, .root = ""};
  ASSERT_TRUE(RunCopy({.name = GetParam().name, .as = "x"}, world.backups, target, world.run, {}).ok());
  const BackupLayout to("", "x");
  EXPECT_EQ(OpenBackup(far, to, {}).value().backup.name, "x");
  const std::string copied = far.Contents().at(to.Meta(kFullMeta).str());
  EXPECT_THAT(copied, testing::StartsWith(R"({"of_a_newer_tool":{"a":[1, 2 ]},)"));
  EXPECT_THAT(copied, testing::EndsWith(full.substr(full.find("collection_backups"))));
  EXPECT_EQ(far.Contents().at(to.Meta(kSegmentMeta).str()),
            world.backup_memory->Contents().at(from.Meta(kSegmentMeta).str()));
}

INSTANTIATE_TEST_SUITE_P(OfTheGoTool, GoldenCopy, testing::ValuesIn(backuptest::kGoldenBackups),
                         [](const auto& info) { return info.param.name; });

TEST_F(Copy, RefusesABackupThatIsNotWhole) {
  const ObjectKey gone[] = {ObjectKey("backup/nightly/binlogs/delta_log/1000/2000/10/10/100")};
  ASSERT_TRUE(world_.backup_memory->Delete(gone, {}).ok());
  Status copied = Run().status();
  EXPECT_EQ(copied.code(), Code::kDataLoss);
  EXPECT_THAT(copied.message(), AllOf(HasSubstr("backup nightly is not whole"), HasSubstr(gone[0].str())));
  EXPECT_THAT(target_memory_->Keys(), IsEmpty());
}

TEST_F(Copy, DoesNotRecordDamageAsIfItHadAlwaysBeenThere) {
  world_.run.settings.copy.mode = CopyMode::kStreaming;
  const std::string key = "backup/nightly/binlogs/insert_log/1000/2000/10/10/101/201";
  std::string flipped = world_.backup_memory->Contents().at(key);
  flipped.back() ^= 1;
  world_.backup_memory->Set(key, flipped);
  for (const std::string as : {"nightly", "kept"}) {
    const Status copied = Run({.as = as}).status();
    EXPECT_EQ(copied.code(), Code::kDataLoss);
    EXPECT_THAT(copied.message(), AllOf(HasSubstr("/101/201"), HasSubstr("other bytes than were written")));
    EXPECT_THAT(target_memory_->Keys(), IsEmpty());
  }
}

// A backup whose create has recorded another kind than the copy's way would compute, as one of a local store.
class CopyOfXxh128 : public Copy {
 protected:
  CopyOfXxh128() {
    const std::string objects = "backup/nightly/meta/objects.json";
    std::string text;
    std::istringstream lines(world_.backup_memory->Contents().at(objects));
    for (std::string line; std::getline(lines, line);) {
      manifest::ObjectRecord record = manifest::ParseObjectRecord(line).value();
      record.digest_kind = "xxh128";
      record.digest = Xxh128Hex(world_.backup_memory->Contents().at("backup/nightly/" + record.key));
      text += manifest::ObjectRecordLine(record);
    }
    world_.backup_memory->Set(objects, text);
  }
  void Flip(const std::string& key) {
    std::string flipped = world_.backup_memory->Contents().at(key);
    flipped[flipped.size() / 2] ^= 1;
    world_.backup_memory->Set(key, flipped);
  }
  VerifyReport VerifyCopy(BackupSide& side, const std::string& name) {
    return RunVerify({.name = name, .level = VerifyLevel::kChecksum}, side, world_.run, {}).value();
  }
  const std::string data_ = "backup/nightly/binlogs/insert_log/1000/2000/10/10/101/201";
};

TEST_F(CopyOfXxh128, KeepsTheRecordOfItsSource) {
  ASSERT_TRUE(Run().ok());
  for (const manifest::ObjectRecord& record : RecordsOf(*target_memory_, BackupLayout("far", "nightly"))) {
    if (record.key.starts_with("meta/")) continue;
    EXPECT_EQ(record.digest_kind, "xxh128");
    EXPECT_EQ(record.digest, Xxh128Hex(target_memory_->Contents().at("far/nightly/" + record.key)));
  }
  EXPECT_THAT(VerifyCopy(target_, "nightly").damage, IsEmpty());
}

TEST_F(CopyOfXxh128, WritesNoDamagedBytes) {
  Flip(data_);
  for (const std::string as : {"nightly", "kept"}) {
    const Status copied = Run({.as = as}).status();
    EXPECT_EQ(copied.code(), Code::kDataLoss);
    EXPECT_THAT(copied.message(), AllOf(HasSubstr("/101/201"), HasSubstr("other bytes than were written")));
    EXPECT_THAT(target_memory_->Keys(), IsEmpty());
  }
}

TEST_F(CopyOfXxh128, LeavesDamageThatNobodyReadForVerifyToFind) {
  Flip(data_);
  BackupSide same{.store = world_.backup_store, .root = "backup"};
  ASSERT_TRUE(RunCopy({.name = "nightly", .as = "kept"}, world_.backups, same, world_.run, {}).ok());
  EXPECT_THAT(VerifyCopy(same, "kept").damage,
              testing::ElementsAre(AllOf(HasSubstr("/101/201"), HasSubstr("other bytes than were written"))));
}

TEST_F(CopyOfXxh128, RefusesChangedMetadataUnderWhateverName) {
  const std::string full = "backup/nightly/meta/full_meta.json";
  std::string text = world_.backup_memory->Contents().at(full);
  const std::size_t at = text.find("\"shards_num\":");
  ASSERT_NE(at, std::string::npos);
  text[at + 13] = '7';
  world_.backup_memory->Set(full, text);
  for (const std::string as : {"nightly", "kept"}) {
    EXPECT_EQ(Run({.as = as}).status().code(), Code::kDataLoss);
    EXPECT_THAT(target_memory_->Keys(), IsEmpty());
  }
}

TEST_F(Copy, IntoABucketThatEncryptsHoldsNoEtagForAnMd5) {
  opstest::EncryptedBucket encrypted(target_memory_);
  BackupSide target{.store = encrypted, .root = "far"};
  const Result<CopyReport> report = RunCopy({.name = "nightly"}, world_.backups, target, world_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(Below(*target_memory_, "far/nightly/"), Below(*world_.backup_memory, "backup/nightly/"));
  EXPECT_THAT(VerifyChecksum(target).damage, IsEmpty());
}

TEST_F(Copy, OfABackupWithoutRecordsRecordsNoEtagForAnMd5) {
  const ObjectKey objects[] = {ObjectKey("backup/nightly/meta/objects.json")};
  ASSERT_TRUE(world_.backup_memory->Delete(objects, {}).ok());
  opstest::EncryptedBucket encrypted(world_.backup_memory);
  BackupSide same{.store = encrypted, .root = "backup"};
  ASSERT_TRUE(RunCopy({.name = "nightly", .as = "kept"}, same, same, world_.run, {}).ok());
  for (const manifest::ObjectRecord& record :
       RecordsOf(*world_.backup_memory, BackupLayout("backup", "kept")))
    if (!record.key.starts_with("meta/")) {
      EXPECT_EQ(record.digest, "") << record.key;
    }
}

TEST_F(Copy, ADryRunMeasuresAndWritesNothing) {
  Result<CopyReport> report = Run({.dry_run = true});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->objects, 5);
  EXPECT_THAT(report->target_url, HasSubstr("far/nightly/"));
  EXPECT_THAT(target_memory_->Keys(), IsEmpty());
}

TEST_F(Copy, ADryRunRefusesWhatTheRunWould) {
  ASSERT_TRUE(Run().ok());
  const auto before = target_memory_->Contents();
  EXPECT_EQ(Run({.dry_run = true}).status().code(), Code::kAlreadyExists);
  EXPECT_EQ(RunCopy({.name = "nightly", .dry_run = true}, world_.backups, world_.backups, world_.run, {})
                .status()
                .code(),
            Code::kAlreadyExists)
      << "onto itself";
  EXPECT_TRUE(Run({.as = "kept", .dry_run = true}).ok());
  EXPECT_EQ(target_memory_->Contents(), before);
}

TEST_F(Copy, LeavesABackupOfThatNameAsItIs) {
  ASSERT_TRUE(Run().ok());
  const auto before = target_memory_->Contents();
  EXPECT_EQ(Run().status().code(), Code::kAlreadyExists);
  EXPECT_EQ(target_memory_->Contents(), before);
}

TEST_F(Copy, OntoItselfIsRefused) {
  const auto before = world_.backup_memory->Contents();
  EXPECT_EQ(RunCopy({.name = "nightly"}, world_.backups, world_.backups, world_.run, {}).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(world_.backup_memory->Contents(), before);
}

// Field case 36.
TEST_F(Copy, IntoTheSourceOrAroundItIsRefused) {
  BackupSide inside{.store = world_.backup_store, .root = "backup/nightly/inner"};
  BackupSide around{.store = world_.backup_store, .root = ""};
  const auto before = world_.backup_memory->Contents();
  for (BackupSide* target : {&inside, &around}) {
    const Status refused = RunCopy({.name = "nightly", .as = target == &around ? "backup" : ""},
                                   world_.backups, *target, world_.run, {})
                               .status();
    EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
    EXPECT_THAT(refused.message(), HasSubstr("one inside the other"));
  }
  EXPECT_EQ(world_.backup_memory->Contents(), before);
}

TEST_F(Copy, OfABackupThatLostItsCommitObjectHasOne) {
  const ObjectKey commit[] = {ObjectKey("backup/nightly/meta/backup_meta.json")};
  ASSERT_TRUE(world_.backup_memory->Delete(commit, {}).ok());
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(LookAt(*target_memory_, BackupLayout("far", "nightly"), {}).value().kind, PlaceKind::kBackup);
}

TEST_F(Copy, NamesAreChecked) {
  EXPECT_EQ(Run({.as = "no/name"}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(RunCopy({.name = "nope"}, world_.backups, target_, world_.run, {}).status().code(),
            Code::kNotFound);
}

// Notes the order of what is written.
class PutLog : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    MBK_TRY_ASSIGN(WriteResult written, ForwardingStore::Put(request, context));
    keys.push_back(request.key.str());
    return written;
  }
  std::vector<std::string> keys;
};

TEST_F(Copy, WritesTheCommitObjectLast) {
  PutLog store(target_memory_);
  world_.run.settings.copy.concurrency = 1;
  BackupSide target{.store = store, .root = "far"};
  ASSERT_TRUE(RunCopy({.name = "nightly"}, world_.backups, target, world_.run, {}).ok());
  ASSERT_EQ(store.keys.size(), 1u + 5u + 6u);
  EXPECT_EQ(store.keys.front(), "far/nightly/meta/lock.json");
  EXPECT_EQ(store.keys.back(), "far/nightly/meta/backup_meta.json");
}

TEST_F(Copy, ThatFailsAtAnyWriteLeavesNothing) {
  for (const std::string as : {"nightly", "kept"}) {
    for (int nth = 1; nth <= 12; ++nth) {
      SCOPED_TRACE(fmt::format("{}: put {}", as, nth));
      auto memory = std::make_shared<MemoryStore>();
      FaultyStore store(memory);
      store.Inject({.operation = StoreOperation::kPut, .nth = nth});
      BackupSide target{.store = store, .root = "far"};
      EXPECT_EQ(
          RunCopy({.name = "nightly", .as = as}, world_.backups, target, world_.run, {}).status().code(),
          Code::kUnavailable);
      EXPECT_EQ(store.fired(), 1);
      EXPECT_THAT(memory->Keys(), IsEmpty());
    }
  }
}

// Swallows one object, as a store that lost it.
class LosingStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    if (request.key.str().ends_with("/101/201")) return WriteResult{};
    return ForwardingStore::Put(request, context);
  }
};

TEST_F(Copy, NoticesAnObjectThatTheStoreLost) {
  LosingStore store(target_memory_);
  BackupSide target{.store = store, .root = "far"};
  Status copied = RunCopy({.name = "nightly"}, world_.backups, target, world_.run, {}).status();
  EXPECT_EQ(copied.code(), Code::kDataLoss);
  EXPECT_THAT(copied.message(), HasSubstr("/101/201"));
  EXPECT_THAT(target_memory_->Keys(), IsEmpty());
}

TEST_F(Copy, OfABackupOfTheGoToolNeedsNoRecords) {
  const ObjectKey objects[] = {ObjectKey("backup/nightly/meta/objects.json")};
  ASSERT_TRUE(world_.backup_memory->Delete(objects, {}).ok());
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(RecordsOf(*target_memory_, BackupLayout("far", "nightly")).size(), 5u + 5u)
      << "data and metadata";
}

}  // namespace
}  // namespace mbk
