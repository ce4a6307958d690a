#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>

#include "milvus/grpc_client.h"
#include "milvus/row_cursor.h"
#include "milvus/row_size.h"
#include "milvus/testing/any_rows.h"

// Rows through a real server: what goes in comes out. Skipped unless MBK_TEST_MILVUS=host:port is set; that
// may be a Milvus (2.3.5 is the newest that can be installed here) or a Milvus Lite.
namespace mbk {
namespace {

using milvustest::CellsOf;
using milvustest::CellValues;
using milvustest::ColumnOfCells;
using milvustest::NumberColumn;
using milvustest::TextColumn;
using testing::HasSubstr;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

template <class T>
std::string Raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

std::string Floats(const std::vector<float>& values) {
  std::string bytes;
  for (float value : values) bytes += Raw(value);
  return bytes;
}

/// A serialized schema.ScalarField that holds these numbers: long_data (3), in it data (1), packed. As all
/// libraries write it: servers take arrays apart and put them together again.
std::string LongArray(const std::string& small_numbers) {
  if (small_numbers.empty()) return {"\x1a\0", 2};
  const auto size = static_cast<char>(small_numbers.size());
  return std::string("\x1a") + static_cast<char>(size + 2) + "\x0a" + size + small_numbers;
}

class RealRows : public testing::Test {
 protected:
  void SetUp() override {
    const char* server = std::getenv("MBK_TEST_MILVUS");
    if (server == nullptr) GTEST_SKIP() << "MBK_TEST_MILVUS is not set";
    const std::string text = server;
    const std::size_t colon = text.rfind(':');
    auto client = Connect(
        {.address = text.substr(0, colon), .port = std::stoi(text.substr(colon + 1)), .tool_version = "test"},
        {});
    ASSERT_TRUE(client.ok()) << client.status().message();
    client_ = std::move(client).value();
    is_lite_ = client_->version().starts_with("milvus_lite");
  }

  void TearDown() override {
    if (client_ == nullptr) return;
    EXPECT_TRUE(client_->DropCollection(collection_, {}).ok());
  }

  void Create(CollectionSchema schema, std::int32_t shards = 1) {
    Status created =
        client_->CreateCollection({.target = collection_, .schema = schema, .shards_num = shards}, {});
    ASSERT_TRUE(created.ok()) << created.message();
    schema_ = client_->DescribeCollection(collection_, {})->schema;
    for (const FieldSchema& field : schema_.fields) {
      if (!IsVector(field.data_type)) continue;
      const bool binary = field.data_type == DataType::kBinaryVector;
      KeyValues params = {{"index_type", binary ? "BIN_FLAT" : "FLAT"},
                          {"metric_type", binary ? "HAMMING" : "L2"},
                          {"params", "{}"}};
      if (is_lite_) params[0].value = "BRUTE_FORCE";
      Status indexed = client_->CreateIndex(
          {.collection = collection_, .field_name = field.name, .index_name = field.name, .params = params},
          {});
      ASSERT_TRUE(indexed.ok()) << indexed.message();
    }
  }

  void Load() {
    Status loaded = client_->LoadCollection(collection_, {});
    ASSERT_TRUE(loaded.ok()) << loaded.message();
    const CallContext context{.deadline = Deadline::After(std::chrono::seconds(60))};
    while (client_->GetLoadingProgress(collection_, {}, context).value() < 100)
      ASSERT_TRUE(RealSleeper().Sleep(Milliseconds(50), context).ok());
  }

  void Insert(const RowBatch& rows, const std::string& partition = "") {
    Result<WriteRowsResult> written = client_->InsertRows(
        {.target = collection_, .partition_name = partition, .schema = &schema_, .rows = &rows}, {});
    ASSERT_TRUE(written.ok()) << written.status().message();
    EXPECT_EQ(written->accepted, rows.rows);
  }

  /// The cells of each field, by name, in the order of the keys.
  std::map<std::string, CellValues> ReadAll(RowCursorOptions options) {
    options.collection = collection_;
    options.schema = schema_;
    std::map<std::string, CellValues> all;
    RowCursor cursor = RowCursor::Open(*client_, options).value();
    for (;;) {
      Result<std::optional<RowBatch>> page = cursor.Next({});
      EXPECT_TRUE(page.ok()) << page.status().message();
      if (!page.ok() || !page->has_value()) return all;
      for (const Column& column : (*page)->columns) {
        std::string name = kDynamicFieldName;
        for (const FieldSchema& field : schema_.fields) {
          if (field.field_id == column.field_id) name = field.name;
        }
        for (auto& cell : CellsOf(column)) all[name].push_back(std::move(cell));
      }
    }
  }

  std::int64_t Count(const std::vector<std::string>& partitions = {}) {
    Result<std::int64_t> count = client_->CountRows(
        {.collection = collection_, .schema = &schema_, .partition_names = partitions}, {});
    EXPECT_TRUE(count.ok()) << count.status().message();
    return count.ok() ? *count : -1;
  }

  FieldSchema Field(const std::string& name, DataType type, KeyValues params = {}) {
    return {.field_id = next_id_++, .name = name, .data_type = type, .type_params = std::move(params)};
  }

  FieldSchema Key(DataType type) {
    FieldSchema key = Field("id", type);
    key.is_primary_key = true;
    if (type == DataType::kVarChar) key.type_params = {{"max_length", "200"}};
    return key;
  }

  /// Key and a small vector; the rows of `keys`.
  RowBatch Keyed(const CellValues& keys) const {
    const bool text = schema_.fields[0].data_type == DataType::kVarChar;
    Column key = ColumnOfCells(schema_.fields[0].data_type,
                               text ? ColumnLayout::kVariable : ColumnLayout::kFixed, text ? 0 : 8, keys);
    key.field_id = schema_.fields[0].field_id;
    Column vector = ColumnOfCells(DataType::kFloatVector, ColumnLayout::kFixed, 8,
                                  CellValues(keys.size(), Floats({1, 2})));
    vector.field_id = schema_.fields[1].field_id;
    return {.rows = static_cast<std::int64_t>(keys.size()), .columns = {key, vector}};
  }

  std::unique_ptr<MilvusClient> client_;
  bool is_lite_ = false;
  std::int64_t next_id_ = kFirstFieldId;
  CollectionSchema schema_;
  const CollectionName collection_{.db = "", .name = "mbk_rows_" + std::to_string(::getpid())};
};

TEST_F(RealRows, OfEveryTypeComeBackByteForByte) {
  CollectionSchema schema{
      .fields = {Key(DataType::kInt64), Field("bool", DataType::kBool), Field("i8", DataType::kInt8),
                 Field("i16", DataType::kInt16), Field("i32", DataType::kInt32),
                 Field("f32", DataType::kFloat), Field("f64", DataType::kDouble),
                 Field("text", DataType::kVarChar, {{"max_length", "100"}}), Field("json", DataType::kJson),
                 Field("arr", DataType::kArray, {{"max_capacity", "10"}})},
      .enable_dynamic_field = true};
  schema.fields[9].element_type = DataType::kInt64;
  // One vector field is all that 2.3.5 takes; Lite knows no binary ones.
  schema.fields.push_back(is_lite_ ? Field("vec", DataType::kFloatVector, {{"dim", "4"}})
                                   : Field("bin", DataType::kBinaryVector, {{"dim", "16"}}));
  Create(schema);
  std::map<std::string, CellValues> want = {
      {"id", {Raw<std::int64_t>(-5), Raw<std::int64_t>(7)}},
      {"bool", {std::string("\1"), std::string(1, '\0')}},
      {"i8", {Raw<std::int8_t>(-128), Raw<std::int8_t>(127)}},
      {"i16", {Raw<std::int16_t>(-32'768), Raw<std::int16_t>(32'767)}},
      {"i32", {Raw<std::int32_t>(-2'147'483'647), Raw<std::int32_t>(2'147'483'647)}},
      {"f32", {Raw(-0.0f), Raw(1.17549435e-38f)}},
      {"f64", {Raw(-0.0), Raw(1.7976931348623157e308)}},
      {"text", {"", "h\u00e9llo \"\\\n\u4e2d\u6587"}},
      {"json", {R"({"a": 1})", R"({"b": [1, 2, null], "c": "\n"})"}},
      {"arr", {LongArray(""), LongArray("\1\2\3")}},
      {"vec", {Floats({1, -2, 0.5f, 1e-30f}), Floats({0, 0, 0, -0.0f})}},
      {"bin", {std::string("\xff\x00", 2), std::string("\x01\x80", 2)}},
      {"$meta", {R"({"x": "y"})", "{}"}}};
  RowBatch rows{.rows = 2};
  for (const FieldSchema& field : schema_.fields) {
    std::int64_t dim = field.name == "vec" ? 4 : 16;
    const std::int64_t width = FixedWidth(field.data_type, dim);
    ColumnLayout layout = field.data_type == DataType::kBool ? ColumnLayout::kBits
                          : width > 0                        ? ColumnLayout::kFixed
                                                             : ColumnLayout::kVariable;
    Column column =
        ColumnOfCells(field.data_type, layout, static_cast<std::int32_t>(width), want.at(field.name));
    column.field_id = field.field_id;
    rows.columns.push_back(column);
  }
  Column meta = ColumnOfCells(DataType::kJson, ColumnLayout::kVariable, 0, want.at("$meta"));
  meta.field_id = DynamicFieldId(schema_);
  rows.columns.push_back(meta);
  Insert(rows);
  Load();
  std::map<std::string, CellValues> got = ReadAll({});
  ASSERT_EQ(got.size(), schema_.fields.size() + 1);
  // An empty array has lost its kind on its way through 2.3.5: it comes back as no bytes at all.
  if (got["arr"][0] == "") got["arr"][0] = LongArray("");
  for (const auto& [name, cells] : got) EXPECT_EQ(cells, want.at(name)) << name;
  EXPECT_EQ(Count(), 2);
}

TEST_F(RealRows, EveryFloatOfAVectorComesBackWithItsBits) {
  Create({.fields = {Key(DataType::kInt64), Field("vec", DataType::kFloatVector, {{"dim", "2"}})}});
  RowBatch rows = Keyed({Raw<std::int64_t>(1), Raw<std::int64_t>(2)});
  const CellValues vectors = {Floats({std::numeric_limits<float>::denorm_min(), -0.0f}),
                              Floats({3.4e38f, -1e-45f})};
  rows.columns[1] = ColumnOfCells(DataType::kFloatVector, ColumnLayout::kFixed, 8, vectors);
  rows.columns[1].field_id = schema_.fields[1].field_id;
  Insert(rows);
  Load();
  EXPECT_EQ(ReadAll({})["vec"], vectors);
}

TEST_F(RealRows, UpsertReplacesAndPartitionsAreApart) {
  Create({.fields = {Key(DataType::kInt64), Field("vec", DataType::kFloatVector, {{"dim", "2"}})}});
  ASSERT_TRUE(client_->CreatePartition(collection_, "p", {}).ok());
  Insert(Keyed({Raw<std::int64_t>(1), Raw<std::int64_t>(2)}));
  Insert(Keyed({Raw<std::int64_t>(3)}), "p");
  RowBatch again = Keyed({Raw<std::int64_t>(2), Raw<std::int64_t>(4)});
  Result<WriteRowsResult> upserted =
      client_->UpsertRows({.target = collection_, .schema = &schema_, .rows = &again}, {});
  ASSERT_TRUE(upserted.ok()) << upserted.status().message();
  EXPECT_EQ(upserted->accepted, 2);
  Load();
  EXPECT_EQ(Count(), 4);
  EXPECT_EQ(Count({"p"}), 1);
  EXPECT_EQ(Count({"_default"}), 3);
  RowCursorOptions options;
  options.partition_name = "p";
  EXPECT_EQ(ReadAll(options)["id"], CellValues({Raw<std::int64_t>(3)}));
}

TEST_F(RealRows, ARefusedBatchSaysWhy) {
  Create({.fields = {Key(DataType::kInt64), Field("vec", DataType::kFloatVector, {{"dim", "2"}})}});
  RowBatch rows = Keyed({Raw<std::int64_t>(1)});
  rows.columns.pop_back();
  Status status =
      client_->InsertRows({.target = collection_, .schema = &schema_, .rows = &rows}, {}).status();
  EXPECT_EQ(status.code(), is_lite_ ? Code::kInternal : Code::kInvalidArgument) << status.message();
  EXPECT_THAT(status.message(), HasSubstr("vec"));
}

TEST_F(RealRows, TheExtremeKeysAreRead) {
  Create({.fields = {Key(DataType::kInt64), Field("vec", DataType::kFloatVector, {{"dim", "2"}})}});
  CellValues keys;
  for (std::int64_t key : {kMin, kMin + 1, std::int64_t{-1}, std::int64_t{0}, kMax - 1, kMax})
    keys.emplace_back(Raw(key));
  Insert(Keyed(keys));
  Load();
  EXPECT_EQ(Count(), 6);
  if (!is_lite_) keys.pop_back();  // 2.3.5 counts the largest key, and returns it to no query
  for (std::int64_t page_rows : {1, 2, 100}) {
    RowCursorOptions options;
    options.page_rows = page_rows;
    EXPECT_EQ(ReadAll(options)["id"], keys) << page_rows;
  }
}

TEST_F(RealRows, TextKeysOfAnyCharactersAreRead) {
  Create({.fields = {Key(DataType::kVarChar), Field("vec", DataType::kFloatVector, {{"dim", "2"}})}});
  CellValues keys = {"a",           "a\nb", "a\rb", "a\"b", "a\\", "a\\n", "a'b", "\x01",
                     "\x7f",        "a\tb", "é",    "中文", "😀",  "{x}",  "a%b", std::string("\0z", 2),
                     "\xe2\x80\xa8"};
  if (!is_lite_) keys.emplace_back("");
  Insert(Keyed(keys));
  Load();
  std::sort(keys.begin(), keys.end());
  for (std::int64_t page_rows : {1, 100}) {
    RowCursorOptions options;
    options.page_rows = page_rows;
    EXPECT_EQ(ReadAll(options)["id"], keys) << page_rows;
  }
}

// The case in which a server that fills pages as it likes loses rows: keys that a segment holds often, in
// several segments and shards, flushed and growing.
TEST_F(RealRows, KeysThatSegmentsHoldManyTimesComeOnceAndHideNone) {
  std::mt19937 random(7);
  auto pick = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<unsigned>(below));
  };
  Create({.fields = {Key(DataType::kInt64), Field("vec", DataType::kFloatVector, {{"dim", "2"}})}}, 2);
  std::set<std::int64_t> keys;
  auto insert_some = [&] {
    CellValues cells;
    auto add = [&](std::int64_t key, std::int64_t times) {
      keys.insert(key);
      for (; times > 0; --times) cells.emplace_back(Raw(key));
    };
    for (int i = 0; i < 500; ++i) add(pick(3'000), 1);
    for (int i = 0; i < 8; ++i) add(pick(3'000), 200);
    std::shuffle(cells.begin(), cells.end(), random);
    Insert(Keyed(cells));
  };
  for (int segment = 0; segment < 3; ++segment) {
    insert_some();
    const CallContext context{.deadline = Deadline::After(std::chrono::seconds(60))};
    FlushResult flush = client_->Flush(collection_, context).value();
    while (!client_->IsFlushed(collection_, flush, context).value())
      ASSERT_TRUE(RealSleeper().Sleep(Milliseconds(50), context).ok());
  }
  Load();
  insert_some();
  CellValues want;
  for (std::int64_t key : keys) want.emplace_back(Raw(key));
  for (std::int64_t page_rows : {100, 1'000}) {
    RowCursorOptions options;
    options.page_rows = page_rows;
    EXPECT_EQ(ReadAll(options)["id"], want) << page_rows;
  }
}

TEST_F(RealRows, ASplitCollectionIsReadWholeInItsParts) {
  if (is_lite_) GTEST_SKIP() << "Milvus Lite counts in Python: minutes";
  for (DataType type : {DataType::kInt64, DataType::kVarChar}) {
    next_id_ = kFirstFieldId;
    Create({.fields = {Key(type), Field("vec", DataType::kFloatVector, {{"dim", "2"}})}});
    constexpr std::int64_t kRows = 140'000;
    CellValues keys;
    for (std::int64_t i = 0; i < kRows; ++i) {
      const std::int64_t number = 470'636'371'198'221'768 + i * 3;
      keys.emplace_back(type == DataType::kInt64 ? Raw(number)
                                                 : fmt::format("user-{:x}", number * 2'654'435'761));
    }
    for (const RowBatch& piece : SplitRows(Keyed(keys), kInsertBytes, 20'000)) Insert(piece);
    Load();
    ASSERT_EQ(Count(), kRows);  // and waits until all can be seen
    Result<std::vector<KeyRange>> ranges = SplitKeys(*client_, collection_, schema_, "", {}, 4, {});
    ASSERT_TRUE(ranges.ok()) << ranges.status().message();
    EXPECT_EQ(ranges->size(), 4u);
    std::sort(keys.begin(), keys.end());
    CellValues got;
    for (const KeyRange& range : *ranges) {
      RowCursorOptions options;
      options.range = range;
      options.output_fields = {"id"};
      CellValues part = ReadAll(options)["id"];
      EXPECT_GT(part.size(), kRows / 12u);
      got.insert(got.end(), part.begin(), part.end());
    }
    std::sort(got.begin(), got.end());
    EXPECT_TRUE(got == keys);
    ASSERT_TRUE(client_->DropCollection(collection_, {}).ok());
  }
}

}  // namespace
}  // namespace mbk
