#include "ops/testing/generated_backup.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <utility>

#include "codec/field_type.h"
#include "codec/scalar_field.h"
#include "model/testing/every_type.h"
#include "ops/rows/binlog_rows.h"
#include "ops/rows/collection_rows.h"

namespace mbk::opstest {
namespace {

using codec::ScalarField;
using codec::testing::Bytes;
using codec::testing::ColumnOf;
using codec::testing::Field;

constexpr std::size_t kRowId = 0;  // in GeneratedRows::fields
constexpr std::size_t kTimestamp = 1;
constexpr std::size_t kPartitions = 2;

const DataType kElements[] = {DataType::kBool,  DataType::kInt32,  DataType::kInt64,
                              DataType::kFloat, DataType::kDouble, DataType::kVarChar};

std::string RandomBytes(Random& random, std::size_t length) {
  std::string bytes(length, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Every bit pattern may come up, and the odd ones often do.
template <class Real, class Bits>
Real RandomReal(Random& random) {
  const Bits odd[] = {std::bit_cast<Bits>(Real{0}), std::bit_cast<Bits>(-Real{0}),
                      std::bit_cast<Bits>(std::numeric_limits<Real>::quiet_NaN()),
                      std::bit_cast<Bits>(std::numeric_limits<Real>::quiet_NaN()) + 1,
                      static_cast<Bits>(random())};
  return std::bit_cast<Real>(odd[Pick(random, std::size(odd))]);
}

std::string RandomText(Random& random) {
  static const char* const parts[] = {"a", "book ", "中文", "\xf0\x9f\x92\x9a", "<&>", "\"\\", "\n"};
  std::string text;
  for (std::size_t n = Pick(random, 5); n > 0; --n) text += parts[Pick(random, std::size(parts))];
  return text;
}

std::string RandomArray(Random& random, DataType element) {
  ScalarField array;
  std::vector<std::string> texts(Pick(random, 4));
  for (std::string& text : texts) {
    text = RandomText(random);
    const auto number = static_cast<std::int64_t>(random());
    if (element == DataType::kBool) array.integers.push_back(number & 1);
    if (element == DataType::kInt32) array.integers.push_back(static_cast<std::int32_t>(number));
    if (element == DataType::kInt64) array.integers.push_back(number);
    if (element == DataType::kFloat) array.floats.push_back(RandomReal<float, std::uint32_t>(random));
    if (element == DataType::kDouble) array.doubles.push_back(RandomReal<double, std::uint64_t>(random));
    if (element == DataType::kVarChar) array.strings.push_back(text);
  }
  static const std::map<DataType, ScalarField::Kind> kinds = {
      {DataType::kBool, ScalarField::Kind::kBool},     {DataType::kInt32, ScalarField::Kind::kInt},
      {DataType::kInt64, ScalarField::Kind::kLong},    {DataType::kFloat, ScalarField::Kind::kFloat},
      {DataType::kDouble, ScalarField::Kind::kDouble}, {DataType::kVarChar, ScalarField::Kind::kString}};
  array.kind = kinds.at(element);
  return codec::FormatScalarField(array);
}

std::string RandomSparse(Random& random) {
  std::string vector;
  std::uint32_t index = 0;
  for (std::size_t n = Pick(random, 4); n > 0; --n) {
    vector += Bytes(index += 1 + static_cast<std::uint32_t>(Pick(random, 1000)));
    vector += Bytes(RandomReal<float, std::uint32_t>(random));
  }
  return vector;
}

std::string RandomVectors(Random& random, const FieldSchema& field) {
  FieldSchema element = codec::ElementOf(field);
  element.nullable = false;
  std::string vectors;
  for (std::size_t n = Pick(random, 4); n > 0; --n) vectors += RandomValue(random, element);
  return vectors;
}

CollectionSchema RandomSchema(Random& random, bool nullable) {
  CollectionSchema schema{.name = "books", .enable_dynamic_field = true};
  FieldSchema key = Field(100, Pick(random, 2) == 0 ? DataType::kInt64 : DataType::kVarChar);
  key.name = "id";
  key.is_primary_key = true;
  schema.fields.push_back(key);
  for (const DataType type : modeltest::kEveryType) {
    if (type == DataType::kArrayOfVector) continue;  // there are no struct arrays here
    const auto dimension = static_cast<std::int32_t>(8 * (1 + Pick(random, 4)));
    FieldSchema field = Field(schema.fields.back().field_id + 1, type, IsVector(type) ? dimension : 0);
    if (type == DataType::kArray) field.element_type = kElements[Pick(random, std::size(kElements))];
    field.nullable = nullable && Pick(random, 2) == 0;
    schema.fields.push_back(std::move(field));
  }
  FieldSchema meta = Field(schema.fields.back().field_id + 1, DataType::kJson);
  meta.name = kDynamicFieldName;
  meta.is_dynamic = true;
  FieldSchema vectors = Field(meta.field_id + 2, DataType::kArrayOfVector, 8);
  vectors.element_type = DataType::kFloatVector;
  FieldSchema names = Field(meta.field_id + 3, DataType::kArray);
  names.element_type = DataType::kVarChar;
  schema.fields.push_back(std::move(meta));
  schema.struct_array_fields = {
      {.field_id = vectors.field_id - 1, .name = "pages", .fields = {std::move(vectors), std::move(names)}}};
  return schema;
}

// Rows with what is to become of them.
class Generator {
 public:
  Generator(std::uint64_t seed, const GenerateOptions& options) : random_(seed), options_(options) {
    rows_.schema = RandomSchema(random_, options.nullable);
    rows_.fields = codec::StoredFields(rows_.schema);
    rows_.segments.resize(options.segments);
    rows_.l0 = {{.partition = 0}, {.partition = 1}, {}};
  }

  GeneratedRows Run() {
    for (std::size_t i = 0; i < rows_.segments.size(); ++i) {
      GeneratedSegment& segment = rows_.segments[i];
      segment.partition = i % kPartitions;
      segment.columns.resize(rows_.fields.size());
      const std::size_t half = options_.most_rows / 2;
      for (std::size_t count = half + Pick(random_, half + 1); count > 0; --count) AddAnyRow(i);
    }
    // A delta log has at least one delete: here one of a key that nobody has.
    for (GeneratedL0& l0 : rows_.l0) l0.deletes.push_back({NewKey(), kNow});
    return std::move(rows_);
  }

 private:
  std::string NewKey() {
    const std::uint64_t number = ++keys_ * 0x9E3779B97F4A7C15u;  // scattered, and never twice
    if (rows_.fields[rows_.key_field()].data_type == DataType::kInt64) return Bytes(number);
    return "key " + std::to_string(number);
  }

  RowPlace AddRow(std::size_t index, const std::string& key, std::uint64_t timestamp) {
    GeneratedSegment& segment = rows_.segments[index];
    for (std::size_t i = 0; i < rows_.fields.size(); ++i) {
      const FieldSchema& field = rows_.fields[i];
      if (i == kRowId)
        segment.columns[i].emplace_back(Bytes(++row_ids_));
      else if (i == kTimestamp)
        segment.columns[i].emplace_back(Bytes(timestamp));
      else if (field.is_primary_key)
        segment.columns[i].emplace_back(key);
      else if (field.nullable && Pick(random_, 4) == 0)
        segment.columns[i].emplace_back();
      else
        segment.columns[i].emplace_back(RandomValue(random_, field));
    }
    return {index, segment.rows() - 1};
  }

  void AddAnyRow(std::size_t index) {
    const std::string key = NewKey();
    const std::uint64_t written = kNow + Pick(random_, 1000) * kMs;
    const std::size_t partition = rows_.segments[index].partition;
    const RowPlace place = AddRow(index, key, written);
    GeneratedSegment& segment = rows_.segments[index];
    switch (Pick(random_, 12)) {
      case 0:
        return segment.deletes.push_back({key, written + 1});
      case 1:
        return rows_.l0[partition].deletes.push_back({key, written + kMs});
      case 2:
        return rows_.l0[kPartitions].deletes.push_back({key, written + kMs});
      case 3:  // written again: the newer row lives
        rows_.living.push_back(AddRow(index, key, written + kMs));
        return;
      case 4:  // a delete of the same moment, or of another partition, is none of this row
        rows_.l0[partition].deletes.push_back({key, written});
        rows_.l0[1 - partition].deletes.push_back({key, written + kMs});
        break;
      default:
        break;
    }
    rows_.living.push_back(place);
  }

  Random random_;
  const GenerateOptions options_;
  GeneratedRows rows_;
  std::uint64_t keys_ = 0;
  std::int64_t row_ids_ = 1'000'000;
};

// As Milvus 2.6 splits: every vector by itself, all else together.
std::vector<std::vector<std::int64_t>> ColumnGroups(const std::vector<FieldSchema>& fields) {
  std::vector<std::vector<std::int64_t>> groups(1);
  for (const FieldSchema& field : fields) {
    if (IsVector(field.data_type))
      groups.push_back({field.field_id});
    else
      groups.front().push_back(field.field_id);
  }
  return groups;
}

Values Slice(const Values& values, std::size_t begin, std::size_t end) {
  end = std::min(end, values.size());
  begin = std::min(begin, end);
  return {values.begin() + static_cast<std::ptrdiff_t>(begin),
          values.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace

std::size_t GeneratedRows::key_field() const {
  return static_cast<std::size_t>(
      std::find_if(fields.begin(), fields.end(),
                   [](const FieldSchema& field) { return field.is_primary_key; }) -
      fields.begin());
}

std::size_t GeneratedRows::FieldNamed(const std::string& name) const {
  return static_cast<std::size_t>(std::find_if(fields.begin(), fields.end(),
                                               [&](const FieldSchema& field) { return field.name == name; }) -
                                  fields.begin());
}

GeneratedRows Generate(std::uint64_t seed, const GenerateOptions& options) {
  return Generator(seed, options).Run();
}

std::string RandomValue(Random& random, const FieldSchema& field) {
  switch (field.data_type) {
    case DataType::kBool:
      return std::string(1, static_cast<char>(Pick(random, 2)));
    case DataType::kFloat:
      return Bytes(RandomReal<float, std::uint32_t>(random));
    case DataType::kDouble:
      return Bytes(RandomReal<double, std::uint64_t>(random));
    case DataType::kString:
    case DataType::kVarChar:
    case DataType::kText:
      return RandomText(random);
    case DataType::kJson:
      return "{\"n\":" + std::to_string(random() % 1000) + "}";
    case DataType::kGeometry:
      return RandomBytes(random, Pick(random, 20));
    case DataType::kArray:
      return RandomArray(random, field.element_type);
    case DataType::kSparseFloatVector:
      return RandomSparse(random);
    case DataType::kArrayOfVector:
      return RandomVectors(random, field);
    default:
      return RandomBytes(random, static_cast<std::size_t>(codec::ShapeOf(field).value().width));
  }
}

FileFormat AnyFormat(Random& random, bool nullable) {
  using enum FileFormat::Rows;
  using enum RowCodec::DeltaFormat;
  const FileFormat::Rows rows[] = {kMilvus24, kPacked, kMilvus23};
  const RowCodec::DeltaFormat deletes[] = {kJson, kMultiField, kBareParquet};
  return {.rows = rows[Pick(random, nullable ? 2 : 3)],
          .deletes = deletes[Pick(random, 3)],
          .logs = 1 + Pick(random, 2)};
}

GeneratedBackup::GeneratedBackup(const GeneratedRows& rows, const FileFormat& format) {
  Collection books{.collection_id = kCollection, .db_name = "default", .name = "books", .shards_num = 1};
  books.schema = rows.schema;
  books.partitions = {{.partition_id = 50, .name = "_default"}, {.partition_id = 51, .name = "new"}};
  backup().collections.push_back(std::move(books));
  for (const GeneratedSegment& segment : rows.segments) AddRows(rows, segment, format);
  for (const GeneratedL0& l0 : rows.l0) {
    std::vector<Segment>& segments =
        l0.partition ? collection().partitions[*l0.partition].segments : collection().l0_segments;
    Segment segment =
        NewSegment(l0.partition ? collection().partitions[*l0.partition].partition_id : kAllPartitions);
    segment.is_l0 = true;
    if (!l0.partition) segment.group_id = 0;
    AddDeletes(segment, rows, l0.deletes, format);
    segments.push_back(std::move(segment));
  }
}

void GeneratedBackup::AddRows(const GeneratedRows& rows, const GeneratedSegment& source,
                              const FileFormat& format) {
  using Dialect = EncodeOptions::Dialect;
  Partition& partition = collection().partitions[source.partition];
  Segment segment = NewSegment(partition.partition_id);
  segment.num_rows = static_cast<std::int64_t>(source.rows());
  const bool packed = format.rows == FileFormat::Rows::kPacked;
  if (packed) segment.storage_version = 2;
  const EncodeOptions options{
      .dialect = format.rows == FileFormat::Rows::kMilvus23 ? Dialect::kMilvus23 : Dialect::kMilvus24,
      .written_at = kNow};
  const std::vector<std::vector<std::int64_t>> groups = ColumnGroups(rows.fields);
  const std::size_t rows_a_log = (source.rows() + format.logs - 1) / format.logs;
  for (std::size_t first = 0; first < source.rows(); first += rows_a_log) {
    RowBatch batch;
    for (std::size_t i = 0; i < rows.fields.size(); ++i)
      batch.columns.push_back(ColumnOf(rows.fields[i], Slice(source.columns[i], first, first + rows_a_log)));
    for (std::size_t i = 0; !packed && i < rows.fields.size(); ++i) {
      Column times = *batch.Find(kTimestampField);
      times.length = std::min(times.length, batch.columns[i].length);
      const std::string file =
          Codec()
              .EncodeInsertLog(OriginOf(segment), rows.fields[i], batch.columns[i], times, options)
              .value();
      Place(segment, segment.insert_logs, rows.fields[i].field_id, false, file);
    }
    for (std::size_t group = 0; packed && group < groups.size(); ++group) {
      RowBatch columns;
      for (const std::int64_t id : groups[group]) columns.columns.push_back(*batch.Find(id));
      columns.rows = columns.columns.front().length;
      Place(segment, segment.insert_logs, group == 0 ? 0 : groups[group].front(), false,
            Codec().EncodePacked(rows.schema, columns, groups).value());
    }
  }
  AddDeletes(segment, rows, source.deletes, format);
  partition_of_.push_back(source.partition);
  partition.segments.push_back(std::move(segment));
}

void GeneratedBackup::AddDeletes(Segment& segment, const GeneratedRows& rows,
                                 const std::vector<GeneratedDelete>& deletes, const FileFormat& format) {
  if (deletes.empty()) return;
  Values keys;
  std::vector<std::uint64_t> times;
  for (const GeneratedDelete& deleted : deletes) {
    keys.emplace_back(deleted.key);
    times.push_back(deleted.timestamp);
  }
  const Column column = ColumnOf(rows.fields[rows.key_field()], keys);
  Place(segment, segment.delta_logs, 0, true,
        Codec()
            .EncodeDeltaLog(OriginOf(segment), column, codec::testing::TimestampsOf(times), format.deletes,
                            {.written_at = kNow})
            .value());
}

Segment& GeneratedBackup::SegmentAt(std::size_t index) {
  const std::size_t partition = partition_of_[index];
  const auto before = std::count(partition_of_.begin(),
                                 partition_of_.begin() + static_cast<std::ptrdiff_t>(index), partition);
  return collection().partitions[partition].segments[static_cast<std::size_t>(before)];
}

std::string GeneratedBackup::KeyOf(const Segment& segment, const Binlog& log, bool is_delta) const {
  const BinlogTree& tree = layout().tree();
  return (is_delta ? tree.DeltaLog(kCollection, segment, log) : tree.InsertLog(kCollection, segment, log))
      .str();
}

std::unique_ptr<rows::RowSource> GeneratedBackup::Source() {
  const rows::BinlogSource source{store(),
                                  [this](const DataObject& object) { return object.KeyIn(layout().tree()); }};
  return std::make_unique<rows::BinlogRows>(
      "backup " + backup().name,
      rows::CollectionRows::Open(Codec(), source, collection(), {.workers = 1}).value());
}

GeneratedRows Regroup(const GeneratedRows& original, rows::RowSource& source, Random& random) {
  GeneratedRows other{.schema = original.schema, .fields = original.fields};
  other.segments.resize(2 * kPartitions);
  for (std::size_t i = 0; i < other.segments.size(); ++i) {
    other.segments[i].partition = i % kPartitions;
    other.segments[i].columns.resize(other.fields.size());
  }
  const Status read = source.ForEachBatch(
      [&](const std::string& partition, const RowBatch& batch) {
        std::vector<Values> columns;
        for (const FieldSchema& field : other.fields) {
          const Column* column = batch.Find(field.field_id);
          columns.push_back(column == nullptr ? Values() : codec::testing::ValuesOf(*column));
        }
        for (std::size_t row = 0; row < static_cast<std::size_t>(batch.rows); ++row) {
          const std::size_t index = (partition == "new" ? 1 : 0) + kPartitions * Pick(random, 2);
          GeneratedSegment& segment = other.segments[index];
          segment.columns[kRowId].emplace_back(Bytes(random()));
          segment.columns[kTimestamp].emplace_back(Bytes(kNow + Pick(random, 1000) * kMs));
          for (std::size_t i = kTimestamp + 1; i < columns.size(); ++i)
            segment.columns[i].push_back(columns[i][row]);
        }
        return Status();
      },
      {});
  EXPECT_TRUE(read.ok()) << read.message();
  std::erase_if(other.segments, [](const GeneratedSegment& segment) { return segment.rows() == 0; });
  for (std::size_t i = 0; i < other.segments.size(); ++i)
    for (std::size_t row = 0; row < other.segments[i].rows(); ++row) other.living.push_back({i, row});
  return other;
}

}  // namespace mbk::opstest
