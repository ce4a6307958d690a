// Backups with one thing wrong, each of which must be found at the level that promises to find it:
//
//   quick        an object that is missing, too much, of another size, or named twice by the metadata;
//   metadata that
//                promise what they do not name, or contradict each other (more in metadata_mutation_test.cc)
//   checksum     any other byte, two objects that changed places, an object that was recorded once and is
//                gone from tree and metadata
//   rows         files that agree with their digests but not with each other, the schema or the metadata;
//                a directory that is there twice (as duplicates)
//   fingerprint  any other value, null, key, row or delete in files that are as they should be
//
// MBK_MUTATION_ROUNDS runs so many rounds, each with other rows; without it, one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "codec/field_type.h"
#include "codec/scalar_field.h"
#include "ops/compare/compare.h"
#include "ops/testing/generated_backup.h"
#include "ops/verify/verify.h"

namespace mbk {
namespace {

using codec::testing::Bytes;
using opstest::AnyFormat;
using opstest::FileFormat;
using opstest::Generate;
using opstest::GeneratedBackup;
using opstest::GeneratedRows;
using opstest::GeneratedSegment;
using opstest::kMs;
using opstest::kNow;
using opstest::Pick;
using opstest::Random;
using opstest::RandomValue;
using opstest::RowPlace;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Matches;

// A sanitizer looks at what the code does, for which a part of the rounds will do; each takes ten times as
// long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

std::uint64_t Rounds() {
  const char* rounds = std::getenv("MBK_MUTATION_ROUNDS");
  return rounds == nullptr ? 1 : std::strtoull(rounds, nullptr, 10);
}

VerifyReport Verify(GeneratedBackup& backup, VerifyLevel level) {
  Result<VerifyReport> report = RunVerify({.name = "nightly", .level = level}, backup.side, backup.run, {});
  EXPECT_TRUE(report.ok()) << report.status().message();
  return report.ok() ? *report : VerifyReport{};
}

bool Names(const VerifyReport& report, const std::string& what) {
  return Matches(Contains(HasSubstr(what)))(report.damage);
}

/// How many of which kind were tried and found.
class Tally {
 public:
  void Note(const std::string& kind, bool found, const std::string& what) {
    ++tried_[kind];
    ++all_;
    EXPECT_TRUE(found) << kind << " was not found: " << what;
  }
  int all() const { return all_; }
  /// Into the report of the test.
  void Record() const {
    for (const auto& [kind, count] : tried_) testing::Test::RecordProperty(kind, count);
  }

 private:
  std::map<std::string, int> tried_;
  int all_ = 0;
};

/// Rows and a backup of them with nothing wrong.
class Whole {
 public:
  Whole(std::uint64_t seed, bool nullable) : Whole(seed, nullable, Generate(seed, {.nullable = nullable})) {}
  Whole(std::uint64_t seed, bool nullable, GeneratedRows rows)
      : random(seed), rows(std::move(rows)), format(AnyFormat(random, nullable)), backup(this->rows, format) {
    backup.Commit();
    proof = Verify(backup, VerifyLevel::kRows);
    EXPECT_THAT(proof.damage, IsEmpty());
    source = backup.Source();
  }
  const rows::RowsProof& total() const { return *proof.collections.at(0).total; }
  /// A row that lives.
  RowPlace AnyRow() { return rows.living[Pick(random, rows.living.size())]; }
  /// One whose key was written once: no older row takes its place when it is gone.
  RowPlace AnyLoneRow() {
    for (;;) {
      const RowPlace at = AnyRow();
      const opstest::Values& keys = rows.segments[at.segment].columns[rows.key_field()];
      if (std::count(keys.begin(), keys.end(), keys[at.row]) == 1) return at;
    }
  }
  std::string KeyText(const std::string& key) const {
    if (rows.fields[rows.key_field()].data_type == DataType::kVarChar) return nlohmann::json(key).dump();
    std::int64_t number = 0;
    __builtin_memcpy(&number, key.data(), sizeof(number));
    return std::to_string(number);
  }
  std::string KeyText(const RowPlace& at) const {
    return KeyText(*rows.segments[at.segment].columns[rows.key_field()][at.row]);
  }

  Random random;
  GeneratedRows rows;
  FileFormat format;
  GeneratedBackup backup;
  VerifyReport proof;
  std::unique_ptr<rows::RowSource> source;
};

// ---- bytes: quick for other sizes, checksum for the rest

void ChangeBytes(Whole& whole, Tally& tally) {
  GeneratedBackup& backup = whole.backup;
  const std::vector<std::string> keys = backup.DataKeys();
  const auto contents = backup.store().Contents();
  // `change` what lies at a key, look, and put it back.
  auto mutate = [&](const char* kind, VerifyLevel level, const std::function<void(std::string&)>& change) {
    const std::string& key = keys[Pick(whole.random, keys.size())];
    std::string bytes = contents.at(key);
    change(bytes);
    backup.store().Set(key, bytes);
    const VerifyReport report = Verify(backup, level);
    tally.Note(kind, Names(report, key) && report.damage.size() == 1, key);
    Verify(backup, VerifyLevel::kRows);  // may find it or not, and comes back
    backup.store().Set(key, contents.at(key));
  };
  auto flip = [&](std::string& bytes) {
    bytes[Pick(whole.random, bytes.size())] ^= static_cast<char>(1 << Pick(whole.random, 8));
  };
  auto overwrite = [&](std::string& bytes) {
    const std::size_t length = 1 + Pick(whole.random, std::min<std::size_t>(bytes.size(), 64));
    const std::size_t at = Pick(whole.random, bytes.size() - length + 1);
    bytes[at] ^= '\x01';  // so that something changes
    for (std::size_t i = at + 1; i < at + length; ++i) bytes[i] = static_cast<char>(whole.random());
  };
  for (int i = 0; i < 16; ++i) mutate("bit flipped", VerifyLevel::kChecksum, flip);
  for (int i = 0; i < 4; ++i) mutate("bytes overwritten", VerifyLevel::kChecksum, overwrite);
  for (int i = 0; i < 3; ++i) {
    mutate("object truncated", VerifyLevel::kQuick,
           [&](std::string& bytes) { bytes.resize(Pick(whole.random, bytes.size())); });
  }
  mutate("object prolonged", VerifyLevel::kQuick, [](std::string& bytes) { bytes.push_back('\0'); });
}

void SwapObjects(Whole& whole, Tally& tally) {
  GeneratedBackup& backup = whole.backup;
  const auto contents = backup.store().Contents();
  std::map<std::size_t, std::vector<std::string>> by_size;
  for (const std::string& key : backup.DataKeys()) by_size[contents.at(key).size()].push_back(key);
  int swaps = 0;
  for (const auto& [size, keys] : by_size) {
    for (std::size_t i = 1; i < keys.size() && swaps < 12; ++i) {
      const std::string &a = contents.at(keys[i - 1]), &b = contents.at(keys[i]);
      if (a == b) continue;
      backup.store().Set(keys[i - 1], b);
      backup.store().Set(keys[i], a);
      const VerifyReport report = Verify(backup, VerifyLevel::kChecksum);
      tally.Note("objects swapped", Names(report, keys[i - 1]) && Names(report, keys[i]), keys[i]);
      Verify(backup, VerifyLevel::kRows);
      backup.store().Set(keys[i - 1], a);
      backup.store().Set(keys[i], b);
      ++swaps;
    }
  }
}

// ---- the tree: quick

void DropAndAddObjects(Whole& whole, Tally& tally) {
  GeneratedBackup& backup = whole.backup;
  const auto contents = backup.store().Contents();
  int inserts = 0;
  for (const std::string& key : backup.DataKeys()) {
    const bool is_delta = key.find("delta_log") != std::string::npos;
    if (!is_delta && ++inserts > 4) continue;
    backup.Remove(key);
    const VerifyReport report = Verify(backup, VerifyLevel::kQuick);
    tally.Note(is_delta ? "delta log dropped" : "insert log dropped",
               Names(report, key + " is missing") && report.damage.size() == 1, key);
    const std::string other = key + "7";
    backup.store().Set(other, contents.at(key));
    const VerifyReport renamed = Verify(backup, VerifyLevel::kQuick);
    tally.Note("object renamed",
               Names(renamed, key + " is missing") && Names(renamed, other) && renamed.damage.size() == 2,
               other);
    backup.Remove(other);
    backup.store().Set(key, contents.at(key));
  }
}

void DuplicateDirectories(Whole& whole, Tally& tally) {
  GeneratedBackup& backup = whole.backup;
  const auto contents = backup.store().Contents();
  for (std::size_t i = 0; i < whole.rows.segments.size(); ++i) {
    Segment twin = backup.SegmentAt(i);
    twin.segment_id += 1;
    std::vector<std::string> added;
    for (const bool is_delta : {false, true}) {
      for (const Binlog& log : is_delta ? twin.delta_logs : twin.insert_logs) {
        added.push_back(backup.KeyOf(twin, log, is_delta));
        backup.store().Set(added.back(), contents.at(backup.KeyOf(backup.SegmentAt(i), log, is_delta)));
      }
    }
    const VerifyReport report = Verify(backup, VerifyLevel::kQuick);
    bool found = report.damage.size() == std::min<std::size_t>(added.size(), 101);
    if (added.size() <= 100)
      for (const std::string& key : added) found = found && Names(report, key);
    tally.Note("directory copied", found, added.front());
    for (const std::string& key : added) backup.Remove(key);
  }
}

// ---- metadata that do not tell the truth, or files that do not fit them though their digests are right

/// A backup like `whole` with something done to it before it is committed.
std::unique_ptr<GeneratedBackup> Forge(const GeneratedRows& rows, const FileFormat& format,
                                       const std::function<void(GeneratedBackup&)>& change) {
  auto backup = std::make_unique<GeneratedBackup>(rows, format);
  change(*backup);
  backup->Commit();
  EXPECT_THAT(Verify(*backup, VerifyLevel::kChecksum).damage, IsEmpty());
  return backup;
}

void ChangeMetadata(Whole& whole, Tally& tally) {
  const std::size_t index = Pick(whole.random, whole.rows.segments.size());
  const std::string segment_id = std::to_string(whole.backup.SegmentAt(index).segment_id);
  auto mutate = [&](const char* kind, const std::string& names,
                    const std::function<void(GeneratedBackup&, Segment&)>& change) {
    auto backup = Forge(whole.rows, whole.format,
                        [&](GeneratedBackup& forged) { change(forged, forged.SegmentAt(index)); });
    const VerifyReport report = Verify(*backup, VerifyLevel::kRows);
    tally.Note(kind, Names(report, names), names);
  };
  // What the metadata promise and do not name needs no look at a file.
  auto lose = [&](const char* kind, const std::function<void(GeneratedBackup&, Segment&)>& change) {
    GeneratedBackup backup(whole.rows, whole.format);
    change(backup, backup.SegmentAt(index));
    backup.Commit();
    tally.Note(kind, Names(Verify(backup, VerifyLevel::kQuick), segment_id), segment_id);
  };
  auto resize = [&](GeneratedBackup& backup, Segment& segment, Binlog& log, bool is_delta) {
    const std::string key = backup.KeyOf(segment, log, is_delta);
    std::string bytes = backup.store().Contents().at(key);
    bytes.resize(Pick(whole.random, bytes.size() - 1) + 1);
    log.size = static_cast<std::int64_t>(bytes.size());
    backup.store().Set(key, bytes);
    return key;
  };
  mutate("a row more recorded", segment_id, [](GeneratedBackup&, Segment& s) { ++s.num_rows; });
  mutate("a row less recorded", segment_id, [](GeneratedBackup&, Segment& s) { --s.num_rows; });
  lose("no files of rows recorded", [](GeneratedBackup& backup, Segment& segment) {
    for (const Binlog& log : segment.insert_logs) backup.Remove(backup.KeyOf(segment, log, false));
    segment.insert_logs.clear();
  });
  auto lose_field = [](std::int64_t field, GeneratedBackup& backup, Segment& segment) {
    for (const Binlog& log : segment.insert_logs)
      if (log.field_id == field) backup.Remove(backup.KeyOf(segment, log, false));
    std::erase_if(segment.insert_logs, [&](const Binlog& log) { return log.field_id == field; });
  };
  if (whole.format.rows == FileFormat::Rows::kPacked)  // only the files say which fields they hold
    mutate("no files of a field recorded", segment_id,
           [&](GeneratedBackup& backup, Segment& segment) { lose_field(0, backup, segment); });
  else
    lose("no files of a field recorded",
         [&](GeneratedBackup& backup, Segment& segment) { lose_field(kTimestampField, backup, segment); });
  lose("no rows recorded", [](GeneratedBackup&, Segment& s) { s.num_rows = 0; });
  lose("deletes without delta logs", [](GeneratedBackup& backup, Segment& segment) {
    Segment& l0 = backup.collection().l0_segments[0];
    backup.Remove(backup.KeyOf(l0, l0.delta_logs[0], true));
    l0.delta_logs.clear();
    l0.segment_id = segment.segment_id;  // so that the finding names it
  });
  mutate("insert log cut and recorded so", segment_id, [&](GeneratedBackup& backup, Segment& segment) {
    resize(backup, segment, segment.insert_logs[Pick(whole.random, segment.insert_logs.size())], false);
  });
  mutate("delta log cut and recorded so", "/delta_log/4000/-1/", [&](GeneratedBackup& backup, Segment&) {
    Segment& l0 = backup.collection().l0_segments[0];
    resize(backup, l0, l0.delta_logs[0], true);
  });
}

void ContradictTheSchema(Whole& whole, Tally& tally) {
  auto mutate = [&](const char* kind, DataType type, const std::function<void(FieldSchema&)>& change) {
    std::string name;
    auto backup = Forge(whole.rows, whole.format, [&](GeneratedBackup& forged) {
      for (FieldSchema& field : forged.collection().schema.fields) {
        if (field.data_type != type || field.is_primary_key) continue;
        name = field.name;
        change(field);
        return;
      }
    });
    const VerifyReport report = Verify(*backup, VerifyLevel::kRows);
    tally.Note(kind, Names(report, name), name);
  };
  mutate("type contradicted", DataType::kInt64, [](FieldSchema& f) { f.data_type = DataType::kVarChar; });
  mutate("type contradicted", DataType::kFloat, [](FieldSchema& f) { f.data_type = DataType::kInt32; });
  mutate("type contradicted", DataType::kJson, [](FieldSchema& f) { f.data_type = DataType::kBool; });
  mutate("dimension contradicted", DataType::kFloatVector,
         [](FieldSchema& f) { f.type_params[0].value = "128"; });
  mutate("dimension contradicted", DataType::kBinaryVector,
         [](FieldSchema& f) { f.type_params[0].value = "256"; });
  auto backup = Forge(whole.rows, whole.format, [](GeneratedBackup& forged) {
    FieldSchema& key = forged.collection().schema.fields[0];
    key.data_type = key.data_type == DataType::kInt64 ? DataType::kVarChar : DataType::kInt64;
  });
  tally.Note("type of the key contradicted", Names(Verify(*backup, VerifyLevel::kRows), "field id (100)"),
             "id");
}

void ForgeRows(Whole& whole, Tally& tally) {
  auto mutate = [&](const char* kind, const std::function<void(GeneratedSegment&)>& change) {
    GeneratedRows rows = whole.rows;
    const std::size_t index = Pick(whole.random, rows.segments.size());
    change(rows.segments[index]);
    auto backup = Forge(rows, whole.format, [&](GeneratedBackup& forged) {
      forged.SegmentAt(index).num_rows = static_cast<std::int64_t>(whole.rows.segments[index].rows());
    });
    const std::string name = std::to_string(backup->SegmentAt(index).segment_id);
    tally.Note(kind, Names(Verify(*backup, VerifyLevel::kRows), name), name);
  };
  const bool packed = whole.format.rows == FileFormat::Rows::kPacked;
  mutate("row missing", [&](GeneratedSegment& segment) {
    const auto row = static_cast<std::ptrdiff_t>(Pick(whole.random, segment.rows()));
    for (auto& column : segment.columns) column.erase(column.begin() + row);
  });
  for (int i = 0; i < 3; ++i) {
    mutate("files misaligned", [&](GeneratedSegment& segment) {
      std::size_t field;
      do {  // packed: one that is a column group by itself
        field = 2 + Pick(whole.random, segment.columns.size() - 2);  // behind row id and timestamp
      } while (packed && !IsVector(whole.rows.fields[field].data_type));
      segment.columns[field].pop_back();
    });
  }
  mutate("array of other elements", [&](GeneratedSegment& segment) {
    const auto field = static_cast<std::size_t>(
        std::find_if(whole.rows.fields.begin(), whole.rows.fields.end(),
                     [](const FieldSchema& one) { return one.data_type == DataType::kArray; }) -
        whole.rows.fields.begin());
    const bool is_double = whole.rows.fields[field].element_type == DataType::kDouble;
    const codec::ScalarField other = {.kind = is_double ? codec::ScalarField::Kind::kLong
                                                        : codec::ScalarField::Kind::kDouble};
    segment.columns[field][Pick(whole.random, segment.rows())] = codec::FormatScalarField(other);
  });
  for (const std::uint64_t timestamp : {std::uint64_t{0}, std::uint64_t{1}, 2 * kNow}) {
    mutate("timestamp that nobody gave", [&](GeneratedSegment& segment) {
      segment.columns[1][Pick(whole.random, segment.rows())] = Bytes(timestamp);
    });
  }
}

// ---- rows as they should be, but not those that were written: fingerprint

/// What a comparison must name.
struct Expected {
  RowDifference::Kind kind = RowDifference::Kind::kChanged;
  std::string key;
  std::string field;  ///< of kChanged
};

bool Named(const Comparison& compared, const std::vector<Expected>& expected) {
  if (compared.equal() || compared.differences.size() != expected.size()) return false;
  for (const Expected& one : expected) {
    const bool named = std::any_of(
        compared.differences.begin(), compared.differences.end(), [&](const RowDifference& difference) {
          const bool field = one.field.empty() || difference.fields == std::vector<std::string>{one.field};
          return difference.kind == one.kind && difference.key == one.key && field;
        });
    if (!named) return false;
  }
  return true;
}

/// A backup of `rows` is without damage, has another fingerprint than `whole`, and the keys are named.
void ExpectOtherFingerprint(Whole& whole, const GeneratedRows& rows, const char* kind,
                            const std::vector<Expected>& expected, Tally& tally) {
  GeneratedBackup backup(rows, whole.format);
  backup.Commit();
  const VerifyReport report = Verify(backup, VerifyLevel::kRows);
  EXPECT_THAT(report.damage, IsEmpty()) << kind;
  if (!report.damage.empty()) return;
  Result<Comparison> compared = CompareRows(*whole.source, *backup.Source(), {}, backup.progress, {});
  ASSERT_TRUE(compared.ok()) << compared.status().message();
  tally.Note(
      kind,
      report.collections.at(0).total->fingerprint != whole.total().fingerprint && Named(*compared, expected),
      expected.front().key + " " + expected.front().field);
}

/// A value of the field that is not `value`.
std::string AnotherValue(Random& random, const FieldSchema& field, const std::string& value) {
  switch (field.data_type) {
    case DataType::kBool:
      return std::string(1, static_cast<char>(1 - value[0]));
    case DataType::kString:
    case DataType::kVarChar:
    case DataType::kText:
    case DataType::kGeometry:
      return value + ' ';
    case DataType::kJson:  // an object with a member more: how it is written does not count
      return value.substr(0, value.size() - 1) + ",\"more\":1}";
    case DataType::kArray:
    case DataType::kSparseFloatVector:
    case DataType::kArrayOfVector: {
      std::string other = RandomValue(random, field);
      while (other == value) other = RandomValue(random, field);
      return other;
    }
    default: {
      std::string other = value;
      other[Pick(random, other.size())] ^= static_cast<char>(1 << Pick(random, 8));
      return other;
    }
  }
}

/// The name by which a comparison names a field: that of the schema, without its struct.
std::string NameOf(const FieldSchema& field) { return field.name.substr(field.name.find('.') + 1); }

void ChangeValues(Whole& whole, Tally& tally) {
  for (std::size_t i = 2; i < whole.rows.fields.size(); ++i) {
    const FieldSchema& field = whole.rows.fields[i];
    if (field.is_primary_key) continue;
    const RowPlace at = whole.AnyRow();
    GeneratedRows rows = whole.rows;
    std::optional<std::string>& value = rows.segments[at.segment].columns[i][at.row];
    const char* kind = value ? "value changed" : "null replaced by a value";
    value = value ? AnotherValue(whole.random, field, *value) : RandomValue(whole.random, field);
    ExpectOtherFingerprint(whole, rows, kind, {{.key = whole.KeyText(at), .field = NameOf(field)}}, tally);
    if (!field.nullable || kind[0] == 'n') continue;
    value.reset();
    ExpectOtherFingerprint(whole, rows, "value replaced by null",
                           {{.key = whole.KeyText(at), .field = NameOf(field)}}, tally);
  }
}

/// Two values of a field that compare equal, or are both no number, and are not the same bits.
struct Twins {
  const char* kind;
  double one, other;
};
const Twins kZeros{"-0.0 for 0.0", 0.0, -0.0};
const Twins kNans{"another NaN", std::bit_cast<double>(0x7FF8000000000000u),
                  std::bit_cast<double>(0x7FF8000020000000u)};

/// As a float: of a NaN, the upper bits of its payload.
std::uint32_t FloatBits(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (value == value) return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return static_cast<std::uint32_t>(bits >> 63 << 31 | 0x7F800000u | (bits >> 29 & 0x7FFFFF));
}

/// A value of `field` that is or begins with `value`; empty for types without real numbers.
std::string ValueOf(const FieldSchema& field, double value) {
  const std::string bits = Bytes(FloatBits(value));
  const bool is_nan = value != value;
  switch (field.data_type) {
    case DataType::kFloat:
      return bits;
    case DataType::kDouble:
      return Bytes(value);
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector: {
      std::string vector(static_cast<std::size_t>(codec::DimensionOf(field).value()) *
                             (field.data_type == DataType::kFloatVector ? 4 : 2),
                         '\x11');
      // The lowest bit of a NaN's payload is all that tells it from the other.
      const std::uint16_t low = is_nan && std::bit_cast<std::uint64_t>(value) != 0x7FF8000000000000u;
      const std::uint16_t half_nan = field.data_type == DataType::kFloat16Vector ? 0x7E00 : 0x7FC0;
      const std::uint16_t half = is_nan ? half_nan | low : static_cast<std::uint16_t>(FloatBits(value) >> 16);
      const std::string first = field.data_type == DataType::kFloatVector ? bits : Bytes(half);
      return vector.replace(0, first.size(), first);
    }
    case DataType::kSparseFloatVector:
      return Bytes(std::uint32_t{3}) + bits;
    case DataType::kArrayOfVector: {
      FieldSchema element = codec::ElementOf(field);
      element.nullable = false;
      return ValueOf(element, value);
    }
    case DataType::kArray: {
      codec::ScalarField array;
      if (field.element_type == DataType::kFloat) {
        array.kind = codec::ScalarField::Kind::kFloat;
        array.floats = {std::bit_cast<float>(FloatBits(value))};
      } else if (field.element_type == DataType::kDouble) {
        array.kind = codec::ScalarField::Kind::kDouble;
        array.doubles = {value};
      } else {
        return "";
      }
      return codec::FormatScalarField(array);
    }
    default:
      return "";
  }
}

void ExchangeTwins(const Whole& original, const Twins& twins, std::uint64_t seed, Tally& tally) {
  GeneratedRows rows = original.rows;
  const RowPlace at = rows.living.front();
  auto value_at = [&](GeneratedRows& in, std::size_t field) -> std::optional<std::string>& {
    return in.segments[at.segment].columns[field][at.row];
  };
  for (std::size_t i = 2; i < rows.fields.size(); ++i) {
    const std::string value = ValueOf(rows.fields[i], twins.one);
    if (!value.empty()) value_at(rows, i) = value;
  }
  const bool nullable = original.format.rows != FileFormat::Rows::kMilvus23;
  Whole whole(seed, nullable, rows);
  for (std::size_t i = 2; i < rows.fields.size(); ++i) {
    const std::string value = ValueOf(rows.fields[i], twins.other);
    if (value.empty()) continue;
    GeneratedRows other = rows;
    value_at(other, i) = value;
    ExpectOtherFingerprint(whole, other, twins.kind,
                           {{.key = whole.KeyText(at), .field = NameOf(rows.fields[i])}}, tally);
  }
}

void ChangeKeysAndRows(Whole& whole, Tally& tally) {
  using enum RowDifference::Kind;
  const std::size_t key_field = whole.rows.key_field();
  auto erase = [](GeneratedSegment& segment, std::size_t row) {
    for (auto& column : segment.columns) column.erase(column.begin() + static_cast<std::ptrdiff_t>(row));
  };
  {
    const RowPlace at = whole.AnyLoneRow();
    GeneratedRows rows = whole.rows;
    std::optional<std::string>& key = rows.segments[at.segment].columns[key_field][at.row];
    key = AnotherValue(whole.random, rows.fields[key_field], *key);
    ExpectOtherFingerprint(whole, rows, "key changed",
                           {{kMissing, whole.KeyText(at)}, {kExtra, whole.KeyText(*key)}}, tally);
  }
  {
    const RowPlace at = whole.AnyLoneRow();
    GeneratedRows rows = whole.rows;
    erase(rows.segments[at.segment], at.row);
    ExpectOtherFingerprint(whole, rows, "row missing from all files", {{kMissing, whole.KeyText(at)}}, tally);
  }
  {
    const RowPlace at = whole.AnyRow();
    GeneratedRows rows = whole.rows;
    GeneratedSegment& segment = rows.segments[at.segment];
    const std::string key =
        rows.fields[key_field].data_type == DataType::kInt64 ? Bytes(std::int64_t{17}) : "17";
    for (auto& column : segment.columns) column.push_back(column[at.row]);
    segment.columns[key_field].back() = key;
    ExpectOtherFingerprint(whole, rows, "row too much", {{kExtra, whole.KeyText(key)}}, tally);
  }
  {
    const RowPlace at = whole.AnyRow();
    GeneratedRows rows = whole.rows;
    const std::size_t field = rows.FieldNamed(kDynamicFieldName);
    GeneratedSegment& segment = rows.segments[at.segment];
    for (auto& column : segment.columns) column.push_back(column[at.row]);
    segment.columns[1].back() = Bytes(kNow + 5000 * kMs);
    segment.columns[field].back() = "{\"newer\":true}";
    ExpectOtherFingerprint(whole, rows, "row written again with another value",
                           {{.key = whole.KeyText(at), .field = kDynamicFieldName}}, tally);
  }
  {
    RowPlace a = whole.AnyRow(), b = whole.AnyRow();
    const std::size_t field = whole.rows.FieldNamed(kDynamicFieldName);
    while (a.segment != b.segment || a.row == b.row) b = whole.AnyRow();
    GeneratedRows rows = whole.rows;
    auto& values = rows.segments[a.segment].columns[field];
    values[a.row] = "{\"a\":1}";
    values[b.row] = "{\"b\":2}";
    Whole before(whole.random(), whole.format.rows != FileFormat::Rows::kMilvus23, rows);
    std::swap(values[a.row], values[b.row]);
    ExpectOtherFingerprint(before, rows, "values of two rows swapped",
                           {{.key = whole.KeyText(a), .field = kDynamicFieldName},
                            {.key = whole.KeyText(b), .field = kDynamicFieldName}},
                           tally);
  }
}

void ChangeDeletes(Whole& whole, Tally& tally) {
  using enum RowDifference::Kind;
  const RowPlace at = whole.AnyRow();
  const std::string key = *whole.rows.segments[at.segment].columns[whole.rows.key_field()][at.row];
  const std::uint64_t late = kNow + 9000 * kMs;
  // Deletes of one row in each of the three places where deletes lie; then one is lost, or older.
  for (std::size_t place = 0; place < 3; ++place) {
    auto deletes = [&](GeneratedRows& rows) -> std::vector<opstest::GeneratedDelete>& {
      if (place == 0) return rows.segments[at.segment].deletes;
      return rows.l0[place == 1 ? rows.segments[at.segment].partition : 2].deletes;
    };
    GeneratedRows rows = whole.rows;
    deletes(rows).push_back({key, late});
    ExpectOtherFingerprint(whole, rows, "delete too much", {{kMissing, whole.KeyText(at)}}, tally);
    Whole deleted(whole.random(), whole.format.rows != FileFormat::Rows::kMilvus23, rows);
    deletes(rows).back().timestamp = kNow - kMs;
    ExpectOtherFingerprint(deleted, rows, "delete older than its row", {{kExtra, whole.KeyText(at)}}, tally);
    deletes(rows).pop_back();
    ExpectOtherFingerprint(deleted, rows, "delete missing", {{kExtra, whole.KeyText(at)}}, tally);
  }
}

TEST(Mutation, IsFoundAtTheLevelThatPromisesTo) {
  Tally tally;
  for (std::uint64_t round = 0; round < Rounds(); ++round) {
    // Three generations: of Milvus 2.3 without nulls, and with nulls of 2.4 and later and 2.6.
    for (const std::uint64_t seed : {10 * round + 1, 10 * round + 2, 10 * round + 3}) {
      if (kSanitized && seed % 10 != 2) continue;
      SCOPED_TRACE("seed " + std::to_string(seed));
      Whole whole(seed, seed % 10 > 1);
      ChangeBytes(whole, tally);
      SwapObjects(whole, tally);
      DropAndAddObjects(whole, tally);
      DuplicateDirectories(whole, tally);
      ChangeMetadata(whole, tally);
      ContradictTheSchema(whole, tally);
      ForgeRows(whole, tally);
      ChangeValues(whole, tally);
      ExchangeTwins(whole, seed % 2 == 0 ? kNans : kZeros, seed, tally);
      ChangeKeysAndRows(whole, tally);
      ChangeDeletes(whole, tally);
    }
  }
  tally.Record();
  EXPECT_GE(tally.all(), kSanitized ? 70 : 200);
}

TEST(Mutation, OfTheMetadataThatNameASegmentTwiceIsFoundByTheListing) {
  GeneratedBackup backup(Generate(5, {}), {});
  backup.Commit();
  auto& segments = backup.collection().partitions[0].segments;
  segments.push_back(segments.front());
  backup.CommitMetadata();
  const std::string key = backup.KeyOf(segments.front(), segments.front().insert_logs[0], false);
  EXPECT_TRUE(Names(Verify(backup, VerifyLevel::kQuick), key + " is named twice"));
}

TEST(Mutation, OfADirectoryThatIsThereTwiceInTheMetadataTooIsSeenInTheCounts) {
  for (const std::uint64_t seed : {7, 8, 9}) {
    const GeneratedRows rows = Generate(seed, {});
    Random random(seed);
    const FileFormat format = AnyFormat(random, false);
    GeneratedBackup once(rows, format);
    once.Commit();
    GeneratedRows doubled = rows;
    doubled.segments.push_back(rows.segments[0]);
    GeneratedBackup twice(doubled, format);
    twice.Commit();
    const rows::RowsProof before = *Verify(once, VerifyLevel::kRows).collections.at(0).total;
    const rows::RowsProof after = *Verify(twice, VerifyLevel::kRows).collections.at(0).total;
    EXPECT_EQ(after.counts.written,
              before.counts.written + static_cast<std::int64_t>(rows.segments[0].rows()));
    EXPECT_GT(after.counts.duplicate, before.counts.duplicate);
    EXPECT_EQ(after.fingerprint, before.fingerprint) << "the rows are the same, only more often";
  }
}

TEST(Mutation, OfARowThatMovedToAnotherPartitionIsSeenInTheirFingerprints) {
  for (const std::uint64_t seed : {21, 22, 23}) {
    Whole whole(seed, false);
    const RowPlace at = whole.AnyRow();
    GeneratedRows rows = whole.rows;
    GeneratedSegment& from = rows.segments[at.segment];
    GeneratedSegment& to = rows.segments[1 - at.segment];
    ASSERT_NE(from.partition, to.partition);
    for (std::size_t i = 0; i < rows.fields.size(); ++i) to.columns[i].push_back(from.columns[i][at.row]);
    from.deletes.push_back({*from.columns[rows.key_field()][at.row], kNow + 9000 * kMs});
    rows.l0.clear();  // of which some may hold for the row in its new place
    GeneratedRows before = whole.rows;
    before.l0.clear();
    GeneratedBackup there(before, whole.format), moved(rows, whole.format);
    there.Commit();
    moved.Commit();
    const rows::CollectionProof left = Verify(there, VerifyLevel::kRows).collections.at(0);
    const rows::CollectionProof right = Verify(moved, VerifyLevel::kRows).collections.at(0);
    ASSERT_EQ(left.partitions.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_NE(left.partitions[i].fingerprint, right.partitions[i].fingerprint) << seed;
    EXPECT_EQ(left.total->fingerprint, right.total->fingerprint);
  }
}

TEST(Mutation, OfAnObjectThatIsGoneFromTreeAndMetadataIsFoundByItsRecord) {
  for (const std::uint64_t seed : {11, 12, 13}) {
    GeneratedBackup backup(Generate(seed, {}), {});
    backup.Commit();
    const std::string record = backup.layout().Meta(kObjects).str();
    const std::string recorded = backup.store().Contents().at(record);
    Segment& segment = backup.collection().l0_segments[0];
    const std::string key = backup.KeyOf(segment, segment.delta_logs[0], true);
    backup.Remove(key);
    backup.collection().l0_segments.clear();
    backup.Commit();
    backup.store().Set(record, recorded);
    backup.RecordMetadata();
    EXPECT_THAT(Verify(backup, VerifyLevel::kQuick).damage, IsEmpty());
    EXPECT_TRUE(Names(Verify(backup, VerifyLevel::kChecksum), key + " is missing"));
  }
}

TEST(Mutation, OfNothingRaisesNoAlarmInFiftyRoundTrips) {
  for (std::uint64_t seed = 100; seed < 100 + (kSanitized ? 10 : 50) * Rounds(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const bool nullable = seed % 2 == 0;
    Random random(seed);
    const GeneratedRows rows = Generate(seed, {.nullable = nullable, .most_rows = 8});
    GeneratedBackup first(rows, AnyFormat(random, nullable));
    first.Commit();
    const auto source = first.Source();
    GeneratedBackup second(opstest::Regroup(rows, *source, random), AnyFormat(random, nullable));
    second.Commit();
    for (GeneratedBackup* backup : {&first, &second}) {
      for (const VerifyLevel level : {VerifyLevel::kQuick, VerifyLevel::kChecksum}) {
        const VerifyReport report = Verify(*backup, level);
        EXPECT_THAT(report.damage, IsEmpty());
        EXPECT_THAT(report.unproven, IsEmpty());
      }
    }
    const VerifyReport before = Verify(first, VerifyLevel::kRows), after = Verify(second, VerifyLevel::kRows);
    EXPECT_THAT(before.damage, IsEmpty());
    EXPECT_THAT(after.damage, IsEmpty());
    ASSERT_TRUE(before.collections.at(0).total && after.collections.at(0).total);
    EXPECT_EQ(before.collections[0].total->counts.living(), static_cast<std::int64_t>(rows.living.size()));
    EXPECT_EQ(before.collections[0].total->fingerprint, after.collections[0].total->fingerprint);
    EXPECT_TRUE(CompareRows(*source, *second.Source(), {}, first.progress, {}).value().equal());
  }
}

}  // namespace
}  // namespace mbk
