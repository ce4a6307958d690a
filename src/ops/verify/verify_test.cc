#include "ops/verify/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/hash.h"
#include "ops/testing/row_backup.h"
#include "repository/object_records.h"

namespace mbk {
namespace {

using opstest::BookRow;
using opstest::Books;
using opstest::kMs;
using opstest::kNow;
using opstest::RowBackup;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

VerifyReport Verify(RowBackup& backup, VerifyLevel level) {
  Result<VerifyReport> report = RunVerify({.name = "nightly", .level = level}, backup.side, backup.run, {});
  EXPECT_TRUE(report.ok()) << report.status().message();
  return report.ok() ? *report : VerifyReport{};
}

// Two partitions, deletes beside a segment, a key that was written twice, L0 of a partition and of all.
std::unique_ptr<RowBackup> Library() {
  auto backup = std::make_unique<RowBackup>();
  backup->AddSegment(0, Books(0, 100), {{3, kNow + kMs}, {4, kNow + kMs}});
  backup->AddSegment(0, {{5, 9.5F, "newer", kNow + kMs}});
  backup->AddSegment(1, Books(200, 50));
  backup->AddL0(1, {{201, kNow + kMs}, {202, kNow - kMs}});
  backup->AddL0(std::nullopt, {{10, kNow + kMs}, {249, kNow + kMs}});
  backup->Commit();
  return backup;
}

TEST(Verify, FindsNothingWrongWithAWholeBackup) {
  auto backup = Library();
  for (VerifyLevel level : {VerifyLevel::kQuick, VerifyLevel::kChecksum, VerifyLevel::kRows}) {
    const VerifyReport report = Verify(*backup, level);
    EXPECT_THAT(report.damage, IsEmpty());
    EXPECT_THAT(report.unproven, IsEmpty());
    EXPECT_EQ(report.objects, 18);
  }
}

TEST(Verify, CountsRowsThatLive) {
  auto backup = Library();
  const VerifyReport report = Verify(*backup, VerifyLevel::kRows);
  ASSERT_THAT(report.collections, SizeIs(1));
  const rows::CollectionProof& books = report.collections[0];
  ASSERT_TRUE(books.total.has_value());
  EXPECT_EQ(books.total->counts, (rows::RowCounts{.written = 151, .deleted = 5, .duplicate = 1}));
  EXPECT_EQ(books.partitions[0].counts.living(), 97);
  EXPECT_EQ(books.partitions[1].counts.living(), 48);
  EXPECT_EQ(books.total->fingerprint.rows, 145);
}

TEST(Verify, OfTheSameRowsInOtherSegmentsGivesTheSameFingerprint) {
  auto library = Library();
  RowBackup other;
  std::vector<BookRow> rows;
  for (const BookRow& row : Books(0, 100))
    if (row.id != 3 && row.id != 4 && row.id != 5 && row.id != 10) rows.insert(rows.begin(), row);
  other.AddSegment(0, rows);
  other.AddSegment(0, {{5, 9.5F, "newer", kNow + 7 * kMs}});
  std::vector<BookRow> others = Books(202, 47);
  others.insert(others.begin(), Books(200, 1)[0]);
  other.AddSegment(1, others);
  other.Commit();
  EXPECT_EQ(Verify(other, VerifyLevel::kRows).collections[0].total->fingerprint,
            Verify(*library, VerifyLevel::kRows).collections[0].total->fingerprint);
}

TEST(Verify, NamesTheObjectThatIsMissingAndTheOneThatIsTooMuch) {
  auto backup = Library();
  const std::vector<std::string> keys = backup->DataKeys();
  backup->Remove(keys[2]);
  backup->store().Set(keys[0] + "1", "copy");
  const VerifyReport report = Verify(*backup, VerifyLevel::kQuick);
  EXPECT_THAT(report.damage, Contains(HasSubstr(keys[2] + " is missing")));
  EXPECT_THAT(report.damage, Contains(HasSubstr(keys[0] + "1 is not of this backup")));
}

TEST(Verify, NamesForeignFilesAndFindsNoDamageInThem) {
  auto backup = Library();
  const std::string directory = backup->layout().prefix();
  const std::vector<std::string> foreign{directory + ".DS_Store",
                                         directory + "binlogs/.DS_Store",
                                         directory + "meta/._full_meta.json",
                                         directory + "binlogs/insert_log/Thumbs.db",
                                         directory + "meta/full_meta.json.part",
                                         directory + "other/x"};
  for (const std::string& key : foreign) backup->store().Set(key, "junk");
  for (VerifyLevel level : {VerifyLevel::kQuick, VerifyLevel::kChecksum, VerifyLevel::kRows}) {
    const VerifyReport report = Verify(*backup, level);
    EXPECT_THAT(report.damage, IsEmpty());
    EXPECT_THAT(report.unproven, IsEmpty());
    EXPECT_THAT(report.foreign, testing::UnorderedElementsAreArray(foreign));
  }
}

void ForgetSizes(RowBackup& backup) {
  for (Partition& partition : backup.books().partitions) {
    for (Segment& segment : partition.segments) {
      for (Binlog& log : segment.insert_logs) log.size = 0;
      for (Binlog& log : segment.delta_logs) log.size = 0;
    }
  }
  backup.Commit();
}

TEST(Verify, QuickSaysThatSizesAreNotKnown) {
  auto backup = Library();
  ForgetSizes(*backup);
  const VerifyReport quick = Verify(*backup, VerifyLevel::kQuick);
  EXPECT_THAT(quick.damage, IsEmpty());
  EXPECT_THAT(quick.unproven, ElementsAre(AllOf(HasSubstr("sizes"), HasSubstr("17 of 18"))));
  EXPECT_THAT(Verify(*backup, VerifyLevel::kRows).unproven, IsEmpty()) << "which reads them all";
}

TEST(Verify, FindsEmptyFilesWhoseSizesAreNotKnown) {
  auto backup = Library();
  ForgetSizes(*backup);
  for (const std::string& key : backup->DataKeys()) backup->store().Set(key, "");
  const VerifyReport report = Verify(*backup, VerifyLevel::kQuick);
  EXPECT_EQ(report.damage_found, 18);
  EXPECT_THAT(report.damage, Contains(HasSubstr(" is empty")));
}

TEST(Verify, OfABackupWithoutRowsProvesNothing) {
  RowBackup backup;
  backup.Commit();
  const VerifyReport report = Verify(backup, VerifyLevel::kQuick);
  EXPECT_THAT(report.damage, IsEmpty());
  EXPECT_THAT(report.unproven, ElementsAre(HasSubstr("nothing to prove")));
}

TEST(Verify, RowsFindsFilesOfOneSizeThatChangedPlacesBetweenSegments) {
  RowBackup backup;
  const Segment one = backup.AddSegment(0, Books(10, 20)), other = backup.AddSegment(1, Books(50, 20));
  backup.Commit();
  backup.Remove(backup.layout().Meta(kObjects).str());  // as the Go tool leaves it
  const auto contents = backup.store().Contents();
  int swaps = 0;
  for (std::size_t i = 0; i < one.insert_logs.size(); ++i) {
    const BinlogTree& tree = backup.layout().tree();
    const std::string here = tree.InsertLog(RowBackup::kCollection, one, one.insert_logs[i]).str();
    const std::string there = tree.InsertLog(RowBackup::kCollection, other, other.insert_logs[i]).str();
    if (contents.at(here).size() != contents.at(there).size()) continue;
    backup.store().Set(here, contents.at(there));
    backup.store().Set(there, contents.at(here));
    EXPECT_THAT(Verify(backup, VerifyLevel::kQuick).damage, IsEmpty());
    const VerifyReport report = Verify(backup, VerifyLevel::kRows);
    EXPECT_THAT(report.damage,
                testing::UnorderedElementsAre(AllOf(HasSubstr(here), HasSubstr("belongs to segment")),
                                              AllOf(HasSubstr(there), HasSubstr("belongs to segment"))));
    backup.store().Set(here, contents.at(here));
    backup.store().Set(there, contents.at(there));
    ++swaps;
  }
  EXPECT_GE(swaps, 4);
}

TEST(Verify, RowsFindsADeltaLogOfAnotherSegment) {
  RowBackup backup;
  const Segment one = backup.AddSegment(0, Books(10, 20), {{13, kNow + kMs}}),
                other = backup.AddSegment(0, Books(50, 20), {{54, kNow + kMs}});
  backup.Commit();
  const BinlogTree& tree = backup.layout().tree();
  const std::string here = tree.DeltaLog(RowBackup::kCollection, one, one.delta_logs[0]).str();
  const std::string there = tree.DeltaLog(RowBackup::kCollection, other, other.delta_logs[0]).str();
  backup.store().Set(here, backup.store().Contents().at(there));
  EXPECT_THAT(Verify(backup, VerifyLevel::kRows).damage,
              Contains(AllOf(HasSubstr(here), HasSubstr("belongs to segment"))));
}

TEST(Verify, RowsOfMilvus3AsksOnlyThatTheFilesOfASegmentAgree) {
  RowBackup backup;
  const Segment& segment = backup.AddSegment(0, Books(0, 20));
  const std::vector<std::string> before = backup.DataKeys();
  const auto contents = backup.store().Contents();
  for (const std::string& key : before) backup.Remove(key);
  // As a restored snapshot has them: under another id, header and all.
  Segment& copied = backup.books().partitions[0].segments[0];
  copied.segment_id = copied.group_id = segment.segment_id + 1;
  for (std::size_t i = 0; i < copied.insert_logs.size(); ++i)
    backup.store().Set(
        backup.layout().tree().InsertLog(RowBackup::kCollection, copied, copied.insert_logs[i]).str(),
        contents.at(before[i]));
  backup.backup().milvus_version = "3.0.1";
  backup.Commit();
  EXPECT_THAT(Verify(backup, VerifyLevel::kRows).damage, IsEmpty());
  backup.backup().milvus_version = "2.5.27";
  backup.Commit();
  EXPECT_EQ(Verify(backup, VerifyLevel::kRows).damage_found, 5);
}

TEST(Verify, RowsNamesEachDamagedFileAndGoesOn) {
  auto backup = Library();
  const std::vector<std::string> keys = backup->DataKeys();
  std::vector<std::string> broken;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string whole = backup->store().Contents().at(keys[i]);
    if (i % 4 == 0) backup->Remove(keys[i]);
    if (i % 4 == 1) backup->store().Set(keys[i], whole.substr(0, whole.size() - 10));
    if (i % 4 == 2) backup->store().Set(keys[i], "");
    if (i % 4 == 3) backup->store().Set(keys[i], std::string(whole.size(), 'x'));
    broken.push_back(keys[i]);
  }
  const VerifyReport report = Verify(*backup, VerifyLevel::kRows);
  for (const std::string& key : broken) EXPECT_THAT(report.damage, Contains(HasSubstr(key)));
  EXPECT_FALSE(report.collections.at(0).total.has_value());
}

TEST(Verify, CountsAllDamageAndNamesTheFirstHundred) {
  RowBackup backup;
  for (int i = 0; i < 40; ++i) backup.AddSegment(0, Books(100 * i, 2));
  backup.Commit();
  for (const std::string& key : backup.DataKeys()) backup.Remove(key);
  const VerifyReport report = Verify(backup, VerifyLevel::kQuick);
  EXPECT_EQ(report.damage_found, 200);
  EXPECT_THAT(report.damage, SizeIs(100));
}

TEST(Verify, ChecksumOfARecordWithoutMetadataSaysWhatItCannotTell) {
  auto backup = Library();
  std::string data_only;
  ObjectRecordReader reader(backup->store(), backup->layout(), {});
  while (std::optional<manifest::ObjectRecord> record = reader.Next().value())
    if (!record->key.starts_with("meta/")) data_only += manifest::ObjectRecordLine(*record);
  backup->store().Set(backup->layout().Meta(kObjects).str(), data_only);  // as earlier versions wrote it
  const VerifyReport report = Verify(*backup, VerifyLevel::kChecksum);
  EXPECT_THAT(report.damage, IsEmpty());
  EXPECT_THAT(report.unproven, ElementsAre(HasSubstr("files of meta/ are not recorded")));
  EXPECT_EQ(report.objects_compared, 18);
}

TEST(Verify, ChecksumsCannotBeComparedWithoutARecord) {
  auto backup = Library();
  backup->Remove(backup->layout().Meta(kObjects).str());
  const VerifyReport report = Verify(*backup, VerifyLevel::kChecksum);
  EXPECT_THAT(report.damage, IsEmpty());
  EXPECT_THAT(report.unproven, Contains(HasSubstr("objects.json")));
}

TEST(Verify, RowsGoesOnBehindDamageAndNamesAllOfIt) {
  auto backup = Library();
  std::vector<std::string> broken;
  for (const std::string& key : backup->DataKeys()) {
    if (!key.ends_with("1")) continue;
    std::string content = backup->store().Contents().at(key);
    content.resize(content.size() / 2);
    content.resize(backup->store().Contents().at(key).size(), 'x');
    backup->store().Set(key, content);
    broken.push_back(key);
  }
  ASSERT_GE(broken.size(), 2u);
  const VerifyReport report = Verify(*backup, VerifyLevel::kRows);
  EXPECT_FALSE(report.collections.at(0).total.has_value());
  EXPECT_GE(report.damage.size(), 1u);
}

TEST(Verify, OfATimestampThatNobodyGaveIsDamage) {
  RowBackup backup;
  backup.AddSegment(0, {{1, 1.0F, "from the future", kNow * 2}});
  backup.Commit();
  EXPECT_THAT(Verify(backup, VerifyLevel::kRows).damage, Contains(HasSubstr("timestamp")));
}

TEST(Verify, SaysWhichStorageVersionItCannotRead) {
  RowBackup backup;
  Segment& segment = backup.AddSegment(0, Books(0, 10));
  segment.storage_version = 3;
  backup.Commit();
  EXPECT_THAT(Verify(backup, VerifyLevel::kQuick).unproven, IsEmpty());
  const VerifyReport report = Verify(backup, VerifyLevel::kRows);
  EXPECT_THAT(report.damage, IsEmpty());
  EXPECT_THAT(report.unproven,
              ElementsAre(AllOf(HasSubstr("segment " + std::to_string(segment.segment_id)),
                                HasSubstr("default.books"), HasSubstr("storage version 3"))));
}

TEST(Verify, OfADeltaLogOfASegmentThatNobodyKnowsIsDamageButDeletesNothing) {
  auto backup = Library();
  const Fingerprint whole = Verify(*backup, VerifyLevel::kRows).collections[0].total->fingerprint;
  // One that would bury rows, beside a segment that the metadata do not name.
  std::string stray;
  for (const std::string& key : backup->DataKeys()) {
    if (key.find("delta_log/4000/50/") == std::string::npos) continue;
    stray = "backup/nightly/binlogs/delta_log/4000/50/77/77/" + key.substr(key.rfind('/') + 1);
    backup->store().Set(stray, backup->store().Contents().at(key));
  }
  const VerifyReport report = Verify(*backup, VerifyLevel::kRows);
  EXPECT_THAT(report.damage, ElementsAre(AllOf(HasSubstr(stray), HasSubstr("no metadata name it"))));
  EXPECT_EQ(report.collections[0].total->fingerprint, whole);
}

TEST(Verify, ReadsADeltaLogBesideNoRowsToo) {
  auto backup = std::make_unique<RowBackup>();
  backup->AddSegment(0, Books(0, 10));
  Segment& emptied = backup->AddSegment(0, Books(100, 10), {{3, kNow + kMs}});
  for (const Binlog& log : emptied.insert_logs)
    backup->Remove(backup->layout().tree().InsertLog(RowBackup::kCollection, emptied, log).str());
  emptied.insert_logs.clear();
  const std::string key =
      backup->layout().tree().DeltaLog(RowBackup::kCollection, emptied, emptied.delta_logs[0]).str();
  backup->Commit();
  const std::string segment = "segment " + std::to_string(emptied.segment_id);
  EXPECT_THAT(Verify(*backup, VerifyLevel::kRows).damage,
              ElementsAre(AllOf(HasSubstr(segment), HasSubstr("no insert logs"), HasSubstr("10 rows"))));

  // Deletes beside no rows bury none, elsewhere neither; what is no delta log is damage all the same.
  emptied.num_rows = 0;
  backup->Commit();
  const VerifyReport whole = Verify(*backup, VerifyLevel::kRows);
  EXPECT_THAT(whole.damage, IsEmpty());
  EXPECT_EQ(whole.collections[0].total->counts, (rows::RowCounts{.written = 10}));
  backup->store().Set(key, std::string(backup->store().Contents().at(key).size(), 'x'));
  EXPECT_THAT(Verify(*backup, VerifyLevel::kRows).damage,
              ElementsAre(AllOf(HasSubstr(key), HasSubstr("other bytes than were written")),
                          AllOf(HasSubstr(key), Not(HasSubstr("other bytes")))));
}

// Field case 27: with another value in it, a file is as it should be but for its digest.
TEST(Verify, RowsFindsAValueThatChangedWhereADigestIsOnRecord) {
  for (const bool recorded : {true, false}) {
    RowBackup backup;
    const Segment segment = backup.AddSegment(0, {{1, 1.0F, "one"}, {2, 2.0F, "two"}});
    backup.Commit();
    if (!recorded) backup.Remove(backup.layout().Meta(kObjects).str());
    RowBackup other;
    const Segment changed = other.AddSegment(0, {{1, 1.0F, "one"}, {2, 2.0F, "owt"}});
    ASSERT_EQ(segment.insert_logs, changed.insert_logs) << "of the same sizes";
    for (const std::string& key : backup.DataKeys())
      if (other.store().Contents().at(key) != backup.store().Contents().at(key))
        backup.store().Set(key, other.store().Contents().at(key));
    const VerifyReport report = Verify(backup, VerifyLevel::kRows);
    if (recorded) {
      EXPECT_THAT(report.damage, ElementsAre(HasSubstr("other bytes than were written")));
      EXPECT_EQ(report.objects_compared, report.objects - 1);
    } else {
      EXPECT_THAT(report.damage, IsEmpty()) << "nothing tells";
      EXPECT_THAT(report.unproven, IsEmpty()) << "which the level checksum says";
    }
  }
}

TEST(Verify, OfAnotherNumberOfRowsThanRecordedIsDamage) {
  RowBackup backup;
  backup.AddSegment(0, Books(0, 10)).num_rows = 11;
  backup.Commit();
  EXPECT_THAT(Verify(backup, VerifyLevel::kRows).damage,
              Contains(AllOf(HasSubstr("10 rows"), HasSubstr("metadata say 11"))));
}

// Fill in what create --fingerprint records, and write the metadata.
void CommitRecorded(RowBackup& backup) {
  const auto proof =
      rows::ProveRows(backup.store(), backup.layout().tree(), backup.backup(), backup.progress, {});
  ASSERT_TRUE(proof.ok()) << proof.status().message();
  rows::RecordRows(*proof, backup.backup());
  backup.Commit();
}

TEST(Verify, OfRowsAsTheyWereRecordedSaysSo) {
  RowBackup backup;
  backup.AddSegment(0, Books(0, 20), {{3, kNow + kMs}});
  backup.AddSegment(1, Books(100, 5));
  CommitRecorded(backup);
  const VerifyReport report = Verify(backup, VerifyLevel::kRows);
  EXPECT_THAT(report.damage, IsEmpty());
  EXPECT_EQ(report.collections_as_recorded, 1);
  EXPECT_EQ(Verify(*Library(), VerifyLevel::kRows).collections_as_recorded, 0) << "none was recorded";
}

TEST(Verify, FindsAChangedValueInFilesOfTheSameSizeByTheRecordedFingerprint) {
  RowBackup backup;
  std::vector<BookRow> rows = Books(100, 8);
  backup.AddSegment(0, Books(0, 20));
  const Segment& changed = backup.AddSegment(1, rows);
  CommitRecorded(backup);
  backup.Remove(backup.layout().Meta(kObjects).str());  // or the digest would tell
  const std::string before = backup.books().partitions[1].rows_record->fingerprint;
  std::swap(rows[1].title, rows[2].title);
  backup.Overwrite(changed, rows);
  EXPECT_THAT(Verify(backup, VerifyLevel::kQuick).damage, IsEmpty());

  const VerifyReport report = Verify(backup, VerifyLevel::kRows);
  const std::string after = report.collections.at(0).partitions.at(1).fingerprint.ToString();
  EXPECT_NE(after, before);
  EXPECT_THAT(report.damage, SizeIs(2)) << "the collection, and the one partition of it";
  EXPECT_THAT(report.damage, Contains(AllOf(HasSubstr("default.books, partition new"),
                                            HasSubstr("fingerprint " + after), HasSubstr(before))));
  EXPECT_EQ(report.collections_as_recorded, 0);
}

TEST(Verify, FindsALostDeleteByTheRecordedFingerprint) {
  RowBackup backup;
  backup.AddSegment(0, Books(0, 20), {{3, kNow + kMs}});
  CommitRecorded(backup);
  backup.books().partitions[0].segments[0].delta_logs.clear();
  backup.Remove(backup.layout().tree().DataPrefix() + "delta_log/4000/50/610/610/9006");
  backup.Commit();
  EXPECT_THAT(Verify(backup, VerifyLevel::kRows).damage,
              Contains(AllOf(HasSubstr("0 deleted"), HasSubstr("1 deleted"))));
}

TEST(Verify, FiftyTripsWithoutAChangeRaiseNoAlarm) {
  const Fingerprint first = Verify(*Library(), VerifyLevel::kRows).collections[0].total->fingerprint;
  for (int trip = 0; trip < 50; ++trip) {
    auto backup = Library();
    EXPECT_THAT(Verify(*backup, VerifyLevel::kChecksum).damage, IsEmpty());
    const VerifyReport report = Verify(*backup, VerifyLevel::kRows);
    EXPECT_THAT(report.damage, IsEmpty());
    EXPECT_EQ(report.collections[0].total->fingerprint, first);
  }
}

TEST(Verify, FindsEveryFlippedBitByItsChecksum) {
  auto backup = Library();
  const std::vector<std::string> keys = backup->DataKeys();
  std::mt19937 random(7);
  for (int i = 0; i < 150; ++i) {
    const std::string& key = keys[random() % keys.size()];
    const std::string whole = backup->store().Contents().at(key);
    std::string flipped = whole;
    flipped[random() % flipped.size()] ^= static_cast<char>(1 << random() % 8);
    backup->store().Set(key, flipped);
    EXPECT_THAT(Verify(*backup, VerifyLevel::kChecksum).damage, Contains(HasSubstr(key))) << i;
    backup->store().Set(key, whole);
  }
}

// Record other digests of the objects of `backup` than its store tells.
void RecordBy(const std::string& kind, std::string (*hash)(std::string_view), RowBackup& backup) {
  std::string lines;
  ObjectRecordReader reader(backup.store(), backup.layout(), {});
  while (std::optional<manifest::ObjectRecord> record = reader.Next().value()) {
    record->digest_kind = kind;
    record->digest = hash(backup.store().Contents().at(backup.layout().prefix() + record->key));
    lines += manifest::ObjectRecordLine(*record);
  }
  backup.store().Set(backup.layout().Meta(kObjects).str(), lines);
}

class VerifyDigests : public testing::TestWithParam<std::string> {};

TEST_P(VerifyDigests, AreComparedWhateverTheirKind) {
  auto backup = Library();
  if (GetParam() == "md5") RecordBy(GetParam(), Md5Hex, *backup);
  if (GetParam() == "sha256") RecordBy(GetParam(), Sha256Hex, *backup);
  if (GetParam() == "xxh128") RecordBy(GetParam(), Xxh128Hex, *backup);
  const VerifyReport whole = Verify(*backup, VerifyLevel::kChecksum);
  EXPECT_THAT(whole.damage, IsEmpty());
  EXPECT_THAT(whole.unproven, IsEmpty());
  EXPECT_EQ(whole.objects_compared, whole.objects);
  const std::string key = backup->DataKeys().back();
  std::string flipped = backup->store().Contents().at(key);
  flipped.back() ^= 1;
  backup->store().Set(key, flipped);
  EXPECT_THAT(Verify(*backup, VerifyLevel::kChecksum).damage,
              ElementsAre(AllOf(HasSubstr(key), HasSubstr(GetParam()))));
}

INSTANTIATE_TEST_SUITE_P(OfEachKind, VerifyDigests, testing::Values("md5", "sha256", "xxh128"),
                         [](const auto& info) { return info.param; });

TEST(Verify, FindsTwoObjectsThatChangedPlaces) {
  auto backup = Library();
  const auto contents = backup->store().Contents();
  int swaps = 0;
  const std::vector<std::string> keys = backup->DataKeys();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = i + 1; j < keys.size(); ++j) {
      const std::string &a = contents.at(keys[i]), &b = contents.at(keys[j]);
      if (a.size() != b.size() || a == b) continue;
      backup->store().Set(keys[i], b);
      backup->store().Set(keys[j], a);
      EXPECT_THAT(Verify(*backup, VerifyLevel::kChecksum).damage, SizeIs(2));
      backup->store().Set(keys[i], a);
      backup->store().Set(keys[j], b);
      ++swaps;
    }
  }
  EXPECT_GT(swaps, 0);
}

TEST(Verify, FindsEachObjectThatIsDroppedAndEachDirectoryThatIsThereTwice) {
  auto backup = Library();
  for (const auto& [key, content] : backup->store().Contents()) {
    if (!key.starts_with(backup->layout().tree().DataPrefix())) continue;
    backup->Remove(key);
    EXPECT_THAT(Verify(*backup, VerifyLevel::kQuick).damage, SizeIs(1));
    backup->store().Set(key, content);
    const std::string twin = key.substr(0, key.rfind('/')) + "9" + key.substr(key.rfind('/'));
    backup->store().Set(twin, content);
    EXPECT_THAT(Verify(*backup, VerifyLevel::kQuick).damage, SizeIs(1));
    backup->Remove(twin);
  }
}

TEST(Verify, SeesAnyChangeOfARowInTheFingerprint) {
  auto fingerprint = [](const std::vector<BookRow>& rows) {
    RowBackup backup;
    backup.AddSegment(0, rows);
    backup.Commit();
    return Verify(backup, VerifyLevel::kRows).collections[0].total->fingerprint;
  };
  std::vector<BookRow> rows = Books(0, 20);
  rows[7].price = 0.0F;
  rows[8].price = std::bit_cast<float>(0x7fc00000u);
  const Fingerprint whole = fingerprint(rows);
  auto changed = [&](auto change) {
    std::vector<BookRow> other = rows;
    change(other);
    return fingerprint(other);
  };
  EXPECT_NE(changed([](auto& r) { r[7].price = -0.0F; }), whole);
  EXPECT_NE(changed([](auto& r) { r[8].price = std::bit_cast<float>(0x7fc00001u); }), whole);
  EXPECT_NE(changed([](auto& r) { r[3].title += "x"; }), whole);
  EXPECT_NE(changed([](auto& r) { r.pop_back(); }), whole);
  EXPECT_NE(changed([](auto& r) { std::swap(r[1].title, r[2].title); }), whole);
  EXPECT_EQ(changed([](auto& r) { std::swap(r[1], r[2]); }), whole);
}

}  // namespace
}  // namespace mbk
