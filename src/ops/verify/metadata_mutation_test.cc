// Backups whose metadata have one thing wrong. What verify --level quick promises to find no verb works with:
// restore, copy, export, migrate and l0compact refuse it before they change anything. What only a higher
// level can find is refused where rows are read or counted, and carried as it is where bytes are carried.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "ops/copy/copy.h"
#include "ops/export/export.h"
#include "ops/l0compact/l0compact.h"
#include "ops/list/list.h"
#include "ops/migrate/migrate.h"
#include "ops/restore/restore.h"
#include "ops/testing/row_backup.h"
#include "ops/testing/world.h"
#include "ops/verify/verify.h"

namespace mbk {
namespace {

using opstest::Books;
using opstest::kMs;
using opstest::kNow;
using opstest::RowBackup;
using opstest::World;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

/// A control plane that gives a volume, and counts who asks.
class CountingCloud : public zilliz::Cloud {
 public:
  Result<zilliz::Volume> ApplyVolume(const zilliz::VolumeRequest& request, const CallContext&) override {
    ++applied;
    return zilliz::Volume{
        .name = "vol", .host = "s3.example", .bucket = "staging", .upload_path = request.path + "/"};
  }
  Result<std::string> StartMigration(const zilliz::MigrationRequest&, const CallContext&) override {
    return std::string("job-1");
  }
  Result<zilliz::Job> GetJob(const std::string&, const CallContext&) override {
    return zilliz::Job{.state = zilliz::JobState::kSuccessful, .percent = 100};
  }
  int applied = 0;
};

/// A backup that is whole, to be changed, and places for what the verbs make of it.
class MetadataMutation : public testing::Test {
 protected:
  MetadataMutation() {
    backup_.AddSegment(0, Books(0, 30), {{3, kNow + kMs}});
    backup_.AddSegment(1, Books(100, 20));
    backup_.AddSegment(1, Books(200, 10));
    backup_.AddL0(std::nullopt, {{5, kNow + kMs}});
    backup_.Commit();
    world_.ImportJobsBring(20);
  }

  VerifyReport Verify(VerifyLevel level) {
    Result<VerifyReport> report =
        RunVerify({.name = "nightly", .level = level}, backup_.side, backup_.run, {});
    EXPECT_TRUE(report.ok()) << report.status().message();
    return report.ok() ? *report : VerifyReport{};
  }

  // Each time under another name.
  Status Restore(load::Via via) {
    load::Options load{.via = via, .renamer = Renamer::FromSuffix("_" + std::to_string(++restores_)).value()};
    const Result<RestoreReport> report =
        RunRestore({.name = "nightly", .load = std::move(load)}, backup_.side, world_.target, world_.run, {});
    return report.ok() ? report->status : report.status();
  }
  Status Copy() {
    BackupSide target{.store = copied_, .root = "far"};
    return RunCopy({.name = "nightly"}, backup_.side, target, backup_.run, {}).status();
  }
  Status Export() {
    ExportTarget target{.store = exported_, .directory = "out"};
    return RunExport({.name = "nightly"}, backup_.side, target, backup_.run, {}).status();
  }
  Status Migrate() {
    const CloudSide target{.cloud = cloud_, .open_volume = [this](const zilliz::Volume&, zilliz::FetchKeys) {
                             return std::shared_ptr<ObjectStore>(volume_);
                           }};
    return RunMigrate({.name = "nightly", .cluster_id = "in01-1"}, backup_.side, target, backup_.run, {})
        .status();
  }
  Status L0Compact() { return RunL0Compact({.name = "nightly"}, backup_.side, backup_.run, {}).status(); }

  using Verb = std::pair<std::string, std::function<Status()>>;
  std::vector<Verb> Verbs() {
    return {{"restore", [this] { return Restore(load::Via::kImport); }},
            {"restore --via insert", [this] { return Restore(load::Via::kInsert); }},
            {"copy", [this] { return Copy(); }},
            {"export", [this] { return Export(); }},
            {"migrate", [this] { return Migrate(); }},
            {"l0compact", [this] { return L0Compact(); }}};
  }

  // Found by a listing, and refused by every verb, which all leave the world as it was.
  void ExpectRefused(const std::string& kind, const std::string& what) {
    SCOPED_TRACE(kind);
    const VerifyReport report = Verify(VerifyLevel::kQuick);
    EXPECT_THAT(report.damage, Contains(HasSubstr(what)));
    EXPECT_GE(report.damage_found, 1);
    const auto before = backup_.store().Contents();
    for (const auto& [name, run] : Verbs()) {
      const Status refused = run();
      EXPECT_EQ(refused.code(), Code::kDataLoss) << name << ": " << refused.message();
    }
    EXPECT_EQ(backup_.store().Contents(), before);
    EXPECT_THAT(copied_.Keys(), IsEmpty());
    EXPECT_THAT(exported_.Keys(), IsEmpty());
    EXPECT_THAT(volume_->Keys(), IsEmpty());
    EXPECT_EQ(cloud_.applied, 0);
    EXPECT_THAT(world_.milvus_memory->Keys(), IsEmpty());
    for (const milvustest::SeenCall& call : world_.server.seen())
      EXPECT_FALSE(call.rpc.starts_with("Create") || call.rpc.starts_with("Drop") || call.rpc == "Import" ||
                   call.rpc == "Insert")
          << call.rpc;
  }

  Segment& Data(std::size_t partition, std::size_t index = 0) {
    return backup_.books().partitions[partition].segments[index];
  }
  void RemoveFiles(const Segment& segment, const std::function<bool(const Binlog&)>& which) {
    for (const Binlog& log : segment.insert_logs) {
      if (which(log))
        backup_.Remove(backup_.layout().tree().InsertLog(RowBackup::kCollection, segment, log).str());
    }
  }
  std::string MetaKey(std::string_view file) { return backup_.layout().Meta(file).str(); }
  void EditMeta(std::string_view file, const std::function<void(nlohmann::json&)>& edit) {
    nlohmann::json json = nlohmann::json::parse(backup_.store().Contents().at(MetaKey(file)));
    edit(json);
    backup_.store().Set(MetaKey(file), json.dump());
  }

  RowBackup backup_;
  World world_;
  MemoryStore copied_, exported_;
  CountingCloud cloud_;
  std::shared_ptr<MemoryStore> volume_ = std::make_shared<MemoryStore>();
  int restores_ = 0;
};

TEST_F(MetadataMutation, OfNothingIsTakenByEveryVerb) {
  EXPECT_THAT(Verify(VerifyLevel::kChecksum).damage, IsEmpty());
  EXPECT_THAT(Verify(VerifyLevel::kChecksum).unproven, IsEmpty());
  for (const auto& [name, run] : Verbs()) {
    if (name.starts_with("restore")) continue;  // its rows are counted below
    const Status done = run();
    EXPECT_TRUE(done.ok()) << name << ": " << done.message();
  }
}

TEST_F(MetadataMutation, ASegmentWithoutLogs) {
  for (const bool files_stay : {true, false}) {
    const std::vector<Binlog> logs = Data(0).insert_logs;
    if (!files_stay) RemoveFiles(Data(0), [](const Binlog&) { return true; });
    Data(0).insert_logs.clear();
    backup_.CommitMetadata();
    ExpectRefused(files_stay ? "its files stay" : "its files are gone", "30 rows and no insert logs");
    Data(0).insert_logs = logs;
  }
}

TEST_F(MetadataMutation, EverySegmentWithoutLogs) {
  for (Partition& partition : backup_.books().partitions) {
    for (Segment& segment : partition.segments) {
      RemoveFiles(segment, [](const Binlog&) { return true; });
      segment.insert_logs.clear();
    }
  }
  backup_.CommitMetadata();
  ExpectRefused("all", "no insert logs");
  EXPECT_EQ(Verify(VerifyLevel::kQuick).damage_found, 3);
}

TEST_F(MetadataMutation, AFieldWithoutLogs) {
  for (const std::int64_t field : {0, 1, 100, 101, 102}) {
    const std::vector<Binlog> logs = Data(1).insert_logs;
    const auto of_field = [&](const Binlog& log) { return log.field_id == field; };
    const auto contents = backup_.store().Contents();
    RemoveFiles(Data(1), of_field);
    std::erase_if(Data(1).insert_logs, of_field);
    backup_.CommitMetadata();
    ExpectRefused("field", "no insert logs of field " + std::to_string(field));
    Data(1).insert_logs = logs;
    for (const auto& [key, content] : contents) backup_.store().Set(key, content);
  }
}

TEST_F(MetadataMutation, OneFileMoreOfAField) {
  Binlog twin = Data(1).insert_logs[3];
  twin.log_id += 500;
  const BinlogTree& tree = backup_.layout().tree();
  backup_.store().Set(tree.InsertLog(RowBackup::kCollection, Data(1), twin).str(),
                      backup_.store().Contents().at(
                          tree.InsertLog(RowBackup::kCollection, Data(1), Data(1).insert_logs[3]).str()));
  Data(1).insert_logs.push_back(twin);
  backup_.CommitMetadata();
  ExpectRefused("file", "2 insert logs of field");
}

TEST_F(MetadataMutation, ARowCountOfZero) {
  Data(0).num_rows = 0;
  backup_.CommitMetadata();
  ExpectRefused("one segment", "0 rows");
  for (Partition& partition : backup_.books().partitions)
    for (Segment& segment : partition.segments) segment.num_rows = 0;
  backup_.CommitMetadata();
  ExpectRefused("all segments", "0 rows");
}

TEST_F(MetadataMutation, DeletesWithoutDeltaLogs) {
  Segment& l0 = backup_.books().l0_segments[0];
  backup_.Remove(backup_.layout().tree().DeltaLog(RowBackup::kCollection, l0, l0.delta_logs[0]).str());
  l0.delta_logs.clear();
  backup_.CommitMetadata();
  ExpectRefused("L0", "no delta logs");
}

TEST_F(MetadataMutation, ThingsThatAreNamedTwice) {
  Collection& books = backup_.books();
  const Collection whole = books;
  books.partitions[1].segments.push_back(books.partitions[1].segments[0]);
  backup_.CommitMetadata();
  ExpectRefused("segment", "named twice");
  books = whole;
  books.partitions[1].name = "_default";
  backup_.CommitMetadata();
  ExpectRefused("partition", "two partitions are called _default");
  books = whole;
  backup_.backup().collections.push_back(whole);
  backup_.backup().collections[1].collection_id = 4001;
  for (Partition& partition : backup_.backup().collections[1].partitions) partition.segments.clear();
  backup_.backup().collections[1].l0_segments.clear();
  backup_.CommitMetadata();
  ExpectRefused("collection", "two collections are called default.books");
}

TEST_F(MetadataMutation, ASegmentInAnotherPartition) {
  Collection& books = backup_.books();
  books.partitions[0].segments.push_back(books.partitions[1].segments[0]);
  books.partitions[1].segments.erase(books.partitions[1].segments.begin());
  backup_.CommitMetadata();
  ExpectRefused("segment", "of partition 51, and stands in 50");
}

TEST_F(MetadataMutation, LevelFilesThatContradictTheWhole) {
  const struct {
    std::string_view file;
    const char* finding;
    std::function<void(nlohmann::json&)> edit;
  } changes[] = {
      {kFullMeta, "nooks", [](auto& j) { j["collection_backups"][0]["collection_name"] = "nooks"; }},
      {kCollectionMeta, "nooks", [](auto& j) { j["infos"][0]["collection_name"] = "nooks"; }},
      {kCollectionMeta, "collection", [](auto& j) { j["infos"][0]["collection_id"] = 4009; }},
      {kPartitionMeta, "older", [](auto& j) { j["infos"][1]["partition_name"] = "older"; }},
      {kPartitionMeta, "partition", [](auto& j) { j["infos"].erase(1); }},
      {kSegmentMeta, "31 rows", [](auto& j) { j["infos"][0]["num_of_rows"] = 31; }},
      {kSegmentMeta, "segment", [](auto& j) { j["infos"].erase(0); }},
      {kSegmentMeta, "4 insert", [](auto& j) { j["infos"][0]["binlogs"].erase(0); }},
      {kFullMeta, "backup", [](auto& j) { j["id"] = "1111"; }},
      {kBackupMeta, "backup", [](auto& j) { j["id"] = "1111"; }},
      {kBackupMeta, "snapshot", [](auto& j) { j["format"] = "snapshot"; }},
  };
  const auto contents = backup_.store().Contents();
  for (const auto& change : changes) {
    EditMeta(change.file, change.edit);
    ExpectRefused(std::string(change.file) + ": " + change.finding, change.finding);
    backup_.store().Set(MetaKey(change.file), contents.at(MetaKey(change.file)));
  }
}

// Field 0 is written as none.
std::string FieldOf(const nlohmann::json& logs) { return std::to_string(logs.value("fieldID", 0)); }

// Field case 29: the whole names a partition that the level files do not know, and its files are not there.
TEST_F(MetadataMutation, APartitionWhoseFilesWereNeverThereHasThemAllNamed) {
  EditMeta(kFullMeta, [](auto& j) {
    auto& partitions = j["collection_backups"][0]["partition_backups"];
    nlohmann::json ghost = partitions[1];
    ghost["partition_id"] = 9990;
    ghost["partition_name"] = "ghost";
    ghost["segment_backups"].erase(1);
    nlohmann::json& segment = ghost["segment_backups"][0];
    segment["partition_id"] = 9990;
    segment["segment_id"] = 9980;
    segment["group_id"] = 9980;
    for (auto& field : segment["binlogs"])
      for (auto& log : field["binlogs"])
        log["log_path"] = "files/insert_log/4000/9990/9980/" + FieldOf(field) + "/" + log["log_id"].dump();
    partitions.push_back(ghost);
  });
  std::vector<std::string> lost;
  const nlohmann::json full = nlohmann::json::parse(backup_.store().Contents().at(MetaKey(kFullMeta)));
  for (const auto& field :
       full["collection_backups"][0]["partition_backups"].back()["segment_backups"][0]["binlogs"])
    for (const auto& log : field["binlogs"])
      lost.push_back("/9980/" + FieldOf(field) + "/" + log["log_id"].dump() + " is missing");
  ASSERT_EQ(lost.size(), 5u);
  ExpectRefused("ghost", "partition 9990 is in full_meta.json, and not in the level files");
  for (const VerifyLevel level : {VerifyLevel::kQuick, VerifyLevel::kRows}) {
    const std::vector<std::string> damage = Verify(level).damage;
    for (const std::string& file : lost) EXPECT_THAT(damage, Contains(HasSubstr(file)));
  }
  for (const auto& [name, run] : Verbs()) {
    const Status refused = run();
    EXPECT_THAT(refused.message(), HasSubstr("partition 9990 is in full_meta.json")) << name;
    for (const std::string& file : lost) EXPECT_THAT(refused.message(), HasSubstr(file)) << name;
  }
}

TEST_F(MetadataMutation, GarbageInEachMetadataFile) {
  const auto contents = backup_.store().Contents();
  for (const std::string_view file :
       {kFullMeta, kBackupMeta, kCollectionMeta, kPartitionMeta, kSegmentMeta}) {
    const std::string whole = contents.at(MetaKey(file));
    for (const std::string& garbage : {std::string(), std::string("\0\0\0", 3), std::string("[]"),
                                       whole.substr(0, whole.size() / 2), whole + "x"}) {
      backup_.store().Set(MetaKey(file), garbage);
      ExpectRefused(std::string(file) + " of " + std::to_string(garbage.size()) + " bytes", "meta.json");
    }
    backup_.store().Set(MetaKey(file), whole);
  }
}

TEST_F(MetadataMutation, GarbageInTheRecordOfObjectsIsFoundWhereItIsRead) {
  const std::string whole = backup_.store().Contents().at(MetaKey(kObjects));
  backup_.store().Set(MetaKey(kObjects), "x" + whole);
  EXPECT_THAT(Verify(VerifyLevel::kQuick).damage, IsEmpty()) << "which has no use for it";
  EXPECT_THAT(Verify(VerifyLevel::kChecksum).damage, Contains(HasSubstr("objects.json")));
  const auto before = backup_.store().Contents();
  for (const auto& [name, run] : Verbs()) {
    const Status refused = run();
    EXPECT_EQ(refused.code(), Code::kDataLoss) << name;
    EXPECT_THAT(refused.message(), HasSubstr("objects.json")) << name;
  }
  EXPECT_EQ(backup_.store().Contents(), before);
  EXPECT_THAT(copied_.Keys(), IsEmpty());
  EXPECT_THAT(exported_.Keys(), IsEmpty());
  EXPECT_EQ(world_.Calls("CreateCollection"), 0u);
}

TEST_F(MetadataMutation, AnEmptyRecordOfObjectsIsNotTakenForNone) {
  backup_.store().Set(MetaKey(kObjects), "");
  ExpectRefused("0 bytes", "meta/objects.json is empty");
  EXPECT_THAT(RunGet({.name = "nightly"}, backup_.side, {}).value().contradictions,
              Contains(HasSubstr("meta/objects.json is empty")));
}

// At every level, and by every verb before it changes anything.
TEST_F(MetadataMutation, OfAValueThatStaysValidIsFoundByItsDigest) {
  const auto contents = backup_.store().Contents();
  const struct {
    std::string_view file;
    std::function<void(nlohmann::json&)> edit;
  } changes[] = {
      {kFullMeta,
       [](auto& j) { j["collection_backups"][0]["schema"]["fields"][2]["type_params"][0]["value"] = "99"; }},
      {kFullMeta, [](auto& j) { j["collection_backups"][0]["shards_num"] = 2; }},
      {kCollectionMeta, [](auto& j) { j["infos"][0]["schema"]["fields"][1]["name"] = "prize"; }},
      {kPartitionMeta, [](auto& j) { j["infos"][0]["load_state"] = "Loaded"; }},
      {kSegmentMeta, [](auto& j) { j["infos"][0]["v_channel"] = "other"; }},
      {kBackupMeta, [](auto& j) { j["milvus_version"] = "v2.3.4"; }},
  };
  for (const auto& change : changes) {
    EditMeta(change.file, change.edit);
    for (const VerifyLevel level : {VerifyLevel::kQuick, VerifyLevel::kChecksum, VerifyLevel::kRows})
      EXPECT_THAT(Verify(level).damage,
                  Contains(AllOf(HasSubstr(change.file), HasSubstr("other bytes than were written"))));
    ExpectRefused(std::string(change.file), "other bytes than were written");
    backup_.store().Set(MetaKey(change.file), contents.at(MetaKey(change.file)));
  }
  EXPECT_EQ(Verify(VerifyLevel::kChecksum).meta_files_compared, 5);
}

// Whoever changes what lies there, and its record not.
TEST_F(MetadataMutation, OfTheFormatAloneIsFound) {
  EditMeta(kFullMeta, [](auto& j) { j["format"] = "snapshot"; });
  EXPECT_EQ(Copy().code(), Code::kDataLoss);
  EXPECT_THAT(copied_.Keys(), IsEmpty());
  backup_.Remove(MetaKey(kObjects));
  const Status copied = Copy();
  EXPECT_EQ(copied.code(), Code::kDataLoss);
  EXPECT_THAT(copied.message(), HasSubstr("the format is"));
  EXPECT_THAT(copied_.Keys(), IsEmpty());
}

TEST_F(MetadataMutation, OfASnapshotThatLostItsFormatIsNoBackupWithoutRows) {
  backup_.books().snapshot = SnapshotBackup{.metadata_path = "snapshots/1/metadata/2.json", .total_files = 3};
  for (Partition& partition : backup_.books().partitions) partition.segments.clear();
  backup_.books().l0_segments.clear();
  backup_.Commit();
  ExpectRefused("a snapshot without its format", "default.books lies in a snapshot");
}

TEST_F(MetadataMutation, ASnapshotWithoutItsBundleIsNotCopied) {
  backup_.backup().format = "snapshot";
  backup_.books().snapshot = SnapshotBackup{.metadata_path = "snapshots/1/metadata/2.json", .total_files = 3};
  for (Partition& partition : backup_.books().partitions) partition.segments.clear();
  backup_.books().l0_segments.clear();
  backup_.Commit();
  backup_.Remove(MetaKey(kObjects));
  for (const std::string& key : backup_.DataKeys()) backup_.Remove(key);
  const Status copied = Copy();
  EXPECT_EQ(copied.code(), Code::kDataLoss);
  EXPECT_THAT(copied.message(), HasSubstr("no file of its bundle is there"));
  EXPECT_THAT(copied_.Keys(), IsEmpty());
}

TEST_F(MetadataMutation, AFieldThatTheSchemaLost) {
  auto& fields = backup_.books().schema.fields;
  fields.erase(fields.begin() + 1);
  backup_.CommitMetadata();
  ExpectRefused("price", "insert logs of field 101, which the schema does not have");
}

// All that tells of it are its files.
TEST_F(MetadataMutation, APartitionThatTheMetadataLost) {
  backup_.books().partitions.erase(backup_.books().partitions.begin() + 1);
  backup_.CommitMetadata();
  ExpectRefused("partition", "no metadata name it");
}

TEST_F(MetadataMutation, OfEachLineOfTheRecordOfObjectsIsNoProof) {
  const std::string whole = backup_.store().Contents().at(MetaKey(kObjects));
  std::vector<std::string> lines;
  std::istringstream text(whole);
  for (std::string line; std::getline(text, line);) lines.push_back(line + "\n");
  auto expect_unproved = [&](const std::vector<std::string>& changed, const std::string& what) {
    std::string joined;
    for (const std::string& line : changed) joined += line;
    backup_.store().Set(MetaKey(kObjects), joined);
    const VerifyReport report = Verify(VerifyLevel::kChecksum);
    EXPECT_FALSE(report.damage.empty() && report.unproven.empty()) << what;
    return report;
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::vector<std::string> removed = lines, doubled = lines;
    removed.erase(removed.begin() + static_cast<std::ptrdiff_t>(i));
    const std::string key = nlohmann::json::parse(lines[i])["key"];
    EXPECT_THAT(expect_unproved(removed, "removed: " + lines[i]).unproven, Contains(HasSubstr(key)));
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    expect_unproved(doubled, "doubled: " + lines[i]);
    doubled.erase(doubled.begin() + static_cast<std::ptrdiff_t>(i + (i + 2 < doubled.size() ? 2 : -1)));
    expect_unproved(doubled, "in the place of its neighbour: " + lines[i]);
    for (std::size_t j = i + 1; j < lines.size(); ++j) {
      std::vector<std::string> swapped = lines;
      std::swap(swapped[i], swapped[j]);
      expect_unproved(swapped, "swapped: " + lines[i] + lines[j]);
    }
  }
}

TEST_F(MetadataMutation, AMetadataFileThatIsLost) {
  const auto contents = backup_.store().Contents();
  for (const std::string_view file :
       {kFullMeta, kBackupMeta, kCollectionMeta, kPartitionMeta, kSegmentMeta}) {
    backup_.Remove(MetaKey(file));
    EXPECT_THAT(Verify(VerifyLevel::kQuick).damage,
                Contains(HasSubstr("meta/" + std::string(file) + " is missing")));
    backup_.store().Set(MetaKey(file), contents.at(MetaKey(file)));
  }
}

TEST_F(MetadataMutation, ARowCountThatIsTooSmallOrTooLarge) {
  for (const std::int64_t change : {-7, 7}) {
    SCOPED_TRACE(change);
    Data(0).num_rows += change;
    backup_.CommitMetadata();
    EXPECT_THAT(Verify(VerifyLevel::kQuick).damage, IsEmpty());
    EXPECT_THAT(Verify(VerifyLevel::kRows).damage,
                Contains(AllOf(HasSubstr("30 rows"), HasSubstr(std::to_string(30 + change)))));
    EXPECT_EQ(Export().code(), Code::kDataLoss);
    EXPECT_THAT(exported_.Keys(), IsEmpty());
    EXPECT_EQ(Restore(load::Via::kInsert).code(), Code::kDataLoss);
    EXPECT_THAT(world_.server.seen("Insert"), IsEmpty());
    Data(0).num_rows -= change;
  }
}

TEST_F(MetadataMutation, ARowCountThatDiffersFromWhatTheServerImportsIsNoSuccess) {
  backup_.books().l0_segments.clear();
  Data(0).delta_logs.clear();
  backup_.CommitMetadata();
  for (const std::int64_t brought : {19, 21}) {
    world_.ImportJobsBring(brought);  // three jobs; the metadata say 60 rows
    EXPECT_EQ(Restore(load::Via::kImport).code(), Code::kDataLoss) << brought;
  }
}

TEST_F(MetadataMutation, AnotherFormatIsRefusedByItsNameWhereItCannotBeWorkedOn) {
  backup_.backup().format = "snapshot";
  backup_.Commit();
  const auto before = backup_.store().Contents();
  for (const auto& [name, run] : Verbs()) {
    if (name == "copy") continue;
    const Status refused = run();
    EXPECT_FALSE(refused.ok()) << name;
    EXPECT_THAT(refused.message(), HasSubstr("\"snapshot\"")) << name;
  }
  const Status verified = RunVerify({.name = "nightly"}, backup_.side, backup_.run, {}).status();
  EXPECT_THAT(verified.message(), HasSubstr("\"snapshot\""));
  EXPECT_EQ(backup_.store().Contents(), before);

  BackupSide target{.store = copied_, .root = "far"};
  const Result<CopyReport> copied = RunCopy({.name = "nightly"}, backup_.side, target, backup_.run, {});
  ASSERT_TRUE(copied.ok()) << copied.status().message();
  EXPECT_EQ(copied->other_format, "snapshot");
}

TEST(Metadata, OfNoCollectionsProveNothing) {
  RowBackup backup;
  backup.backup().collections.clear();
  backup.Commit();
  const VerifyReport report =
      RunVerify({.name = "nightly", .level = VerifyLevel::kRows}, backup.side, backup.run, {}).value();
  EXPECT_THAT(report.damage, IsEmpty());
  EXPECT_THAT(report.unproven, Contains(HasSubstr("nothing to prove")));
}

}  // namespace
}  // namespace mbk
