#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "milvus/column_buffers.h"
#include "milvus/convert.h"
#include "milvus/field_data.h"
#include "milvus/row_messages.h"
#include "milvus/testing/mock_filter.h"
#include "milvus/testing/mock_refusals.h"
#include "milvus/testing/mock_state.h"

// MockState: rows in and out, as Milvus 2.3.5 was seen to do it: a query returns each key once and in order,
// a count counts all there is, and the row of the largest Int64 is counted and never returned.
namespace mbk::milvustest {
namespace {

using MilvusStatus = pb::common::Status;

constexpr int kIllegalArgument = 5;
constexpr std::uint64_t kWriteTimestamp = 470'645'694'407'639'052;

MilvusStatus Illegal(const std::string& reason) { return Refuse(kIllegalArgument, 1100, reason); }

/// `schema` and the dynamic field, which descriptions leave out.
CollectionSchema WithDynamicField(CollectionSchema schema) {
  if (!schema.enable_dynamic_field) return schema;
  schema.fields.push_back({.field_id = DynamicFieldId(schema),
                           .name = kDynamicFieldName,
                           .data_type = DataType::kJson,
                           .is_dynamic = true});
  return schema;
}

std::string ValueAt(const Column& column, std::int64_t row) {
  if (column.layout == ColumnLayout::kBits) return std::string(1, column.BoolAt(row) ? '\1' : '\0');
  return std::string(column.BytesAt(row));
}

/// The values of one field of `rows` as a column. One that may lack values is written as dense as it can be.
Result<Column> ColumnOf(const FieldSchema& field, const std::vector<const MockRow*>& rows) {
  const std::string* dim_text = FindValue(field.type_params, "dim");
  std::int64_t dim = 0;
  if (dim_text != nullptr) std::from_chars(dim_text->data(), dim_text->data() + dim_text->size(), dim);
  std::int64_t width = FixedWidth(field.data_type, dim);
  ColumnLayout layout = width > 0 ? ColumnLayout::kFixed : ColumnLayout::kVariable;
  if (IsVector(field.data_type)) layout = ColumnLayout::kVariable;
  if (field.data_type == DataType::kBool) layout = ColumnLayout::kBits;
  auto buffers = std::make_shared<ColumnBuffers>();
  for (const MockRow* row : rows) {
    auto found = row->values.find(field.name);
    const bool has = found != row->values.end() && found->second.has_value();
    buffers->AddValid(has);
    if (layout == ColumnLayout::kBits) {
      buffers->AddBit(has && *found->second == std::string(1, '\1'));
      continue;
    }
    std::string bytes = has ? *found->second : std::string();
    if (layout == ColumnLayout::kFixed) bytes.resize(static_cast<std::size_t>(width));
    buffers->AddBytes(bytes);
    if (layout == ColumnLayout::kVariable && !buffers->EndValue()) return Internal("too large for a mock");
  }
  Column column = ColumnBuffers::Finish(std::move(buffers), field.data_type, layout,
                                        layout == ColumnLayout::kFixed ? static_cast<std::int32_t>(width) : 0,
                                        static_cast<std::int64_t>(rows.size()));
  column.field_id = field.field_id;
  return column;
}

std::int64_t Limit(const pb::milvus::QueryRequest& request) {
  for (const auto& param : request.query_params()) {
    if (param.key() == "limit") return std::stoll(param.value());
  }
  return -1;
}

/// Takes the rows of a message; the first complaint of the server when they do not fit.
template <class Request>
Result<std::vector<MockRow>> RowsOfRequest(const CollectionDescription& collection, const Request& request,
                                           const std::function<std::int64_t()>& new_key) {
  const CollectionSchema schema = WithDynamicField(collection.schema);
  const std::string* allowed = FindValue(collection.properties, "allow_insert_auto_id");
  const bool takes_keys = allowed != nullptr && *allowed == "true";
  auto columns = std::make_shared<pb::milvus::QueryResults>();
  *columns->mutable_fields_data() = request.fields_data();
  MBK_TRY_ASSIGN(RowBatch batch, FromQueryResults(schema, columns));
  MBK_TRY_ASSIGN(KeyField key, KeyField::Of(schema));
  if (batch.rows != request.num_rows()) {
    return InvalidArgument(fmt::format("the num_rows ({}) of field ({}) is not equal to passed num_rows ({})",
                                       batch.rows, key.name, request.num_rows()));
  }
  std::vector<MockRow> rows(static_cast<std::size_t>(batch.rows));
  for (const FieldSchema& field : schema.fields) {
    const Column* column = batch.Find(field.field_id);
    const bool servers_key = field.is_primary_key && field.auto_id && !(takes_keys && column != nullptr);
    if (servers_key && column != nullptr) return InvalidArgument("the number of fields is less than needed");
    const bool may_lack = field.nullable || !field.default_value.empty() || field.is_function_output;
    if (column == nullptr && !servers_key && !may_lack && !field.is_dynamic)
      return InvalidArgument(fmt::format("field '{}' is illegal, array type mismatch", field.name));
    for (std::int64_t i = 0; i < batch.rows; ++i) {
      MockRow& row = rows[static_cast<std::size_t>(i)];
      if (!request.partition_name().empty()) row.partition = request.partition_name();
      std::optional<std::string>& value = row.values[field.name];
      if (servers_key) {
        const std::int64_t number = new_key();
        value = std::string(reinterpret_cast<const char*>(&number), sizeof(number));
        row.key.number = number;
      } else if (column != nullptr && !column->IsNull(i)) {
        value = ValueAt(*column, i);
        if (field.is_primary_key) row.key = key.At(*column, i);
      } else if (field.is_dynamic) {
        value = "{}";
      }
    }
  }
  return rows;
}

void RejectAll(std::uint32_t rows, pb::milvus::MutationResult* response) {
  for (std::uint32_t i = 0; i < rows; ++i) response->add_err_index(i);
}

void Accept(const std::vector<MockRow>& rows, pb::milvus::MutationResult* response) {
  for (std::uint32_t i = 0; i < rows.size(); ++i) response->add_succ_index(i);
  response->set_insert_cnt(static_cast<std::int64_t>(rows.size()));
  response->set_timestamp(kWriteTimestamp);
}

MilvusStatus NotLoaded(const MockCollection& collection) {
  return Refuse(kUnexpectedError, 101,
                fmt::format("failed to query: collection not loaded[collection={}]",
                            collection.description.collection_id));
}

/// The oldest row of each key, as 2.3.5 mostly chooses, in the order of the keys, `limit` at most.
std::vector<const MockRow*> Page(const MockCollection& collection, const KeyField& key, std::int64_t limit,
                                 const std::function<bool(const MockRow&)>& wanted) {
  std::map<RowKey, const MockRow*> oldest;
  for (const MockRow& row : collection.rows) {
    if (wanted(row)) oldest.emplace(row.key, &row);
  }
  if (!key.is_text) oldest.erase({.number = std::numeric_limits<std::int64_t>::max()});
  std::vector<const MockRow*> page;
  for (const auto& [unused, row] : oldest) {
    if (static_cast<std::int64_t>(page.size()) == limit) break;
    page.push_back(row);
  }
  return page;
}

}  // namespace

MilvusStatus MockState::Answer(const pb::milvus::InsertRequest& request, const std::string& db,
                               pb::milvus::MutationResult* response) {
  MockCollection* found = Find(db, request.collection_name());
  RejectAll(request.num_rows(), response);
  if (found == nullptr) return NoCollection(db, request.collection_name());
  if (!request.partition_name().empty() && FindPartition(*found, request.partition_name()) == nullptr)
    return NoPartition(request.partition_name());
  Result<std::vector<MockRow>> rows = RowsOfRequest(found->description, request, [this] { return NewId(); });
  if (!rows.ok()) return Illegal(rows.status().message());
  response->Clear();
  Accept(*rows, response);
  std::move(rows->begin(), rows->end(), std::back_inserter(found->rows));
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::UpsertRequest& request, const std::string& db,
                               pb::milvus::MutationResult* response) {
  MockCollection* found = Find(db, request.collection_name());
  RejectAll(request.num_rows(), response);
  if (found == nullptr) return NoCollection(db, request.collection_name());
  if (!request.partition_name().empty() && FindPartition(*found, request.partition_name()) == nullptr)
    return NoPartition(request.partition_name());
  const FieldSchema* key = PrimaryKeyOf(found->description.schema);
  if (key != nullptr && key->auto_id)
    return Illegal(
        fmt::format("upsert can not assign primary field data when auto id enabled {}", key->name));
  Result<std::vector<MockRow>> rows = RowsOfRequest(found->description, request, [this] { return NewId(); });
  if (!rows.ok()) return Illegal(rows.status().message());
  std::set<RowKey> replaced;
  for (const MockRow& row : *rows) replaced.insert(row.key);
  std::erase_if(found->rows, [&](const MockRow& row) { return replaced.contains(row.key); });
  response->Clear();
  Accept(*rows, response);
  response->set_upsert_cnt(response->insert_cnt());
  response->set_delete_cnt(response->insert_cnt());
  std::move(rows->begin(), rows->end(), std::back_inserter(found->rows));
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::QueryRequest& request, const std::string& db,
                               pb::milvus::QueryResults* response) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  if (!found->loaded_percent && found->partition_loaded_percent.empty()) return NotLoaded(*found);
  for (const std::string& name : request.partition_names()) {
    if (FindPartition(*found, name) == nullptr)
      return Refuse(kUnexpectedError, 65535, fmt::format("partition name {} not found", name));
  }
  const CollectionSchema schema = WithDynamicField(found->description.schema);
  Result<KeyField> key = KeyField::Of(schema);
  if (!key.ok()) return Illegal(key.status().message());
  auto filter = ParseKeyFilter(request.expr(), *key);
  if (!filter.ok()) return Illegal(filter.status().message());
  auto wanted = [&](const MockRow& row) {
    const auto& names = request.partition_names();
    return (*filter)(row.key) &&
           (names.empty() || std::find(names.begin(), names.end(), row.partition) != names.end());
  };
  const auto& fields = request.output_fields();
  if (fields.size() == 1 && fields.Get(0) == "count(*)") {
    auto* count = response->add_fields_data();
    count->set_type(static_cast<std::int32_t>(DataType::kInt64));
    count->set_field_name("count(*)");
    count->mutable_scalars()->mutable_long_data()->add_data(
        std::count_if(found->rows.begin(), found->rows.end(), wanted));
    return {};
  }
  const std::int64_t limit = Limit(request);
  if (limit < 0 && request.expr().empty()) return Illegal("empty expression should be used with limit");
  if (limit < 1 || limit > kMaxQueryRows) {
    return Illegal(
        fmt::format("invalid max query result window, (offset+limit) should be in range [1, {}], but got {}",
                    kMaxQueryRows, limit));
  }
  const std::vector<const MockRow*> page = Page(*found, *key, limit, wanted);
  for (const FieldSchema& field : schema.fields) {
    const bool named = std::find(fields.begin(), fields.end(), field.name) != fields.end();
    const bool all = std::find(fields.begin(), fields.end(), "*") != fields.end();
    if (!named && !all && !field.is_primary_key) continue;
    Result<Column> column = ColumnOf(field, page);
    if (!column.ok()) return Illegal(column.status().message());
    auto* data = response->add_fields_data();
    if (Status sent = ToFieldData(field, *column, data); !sent.ok()) return Illegal(sent.message());
    data->set_field_id(field.field_id);
    response->add_output_fields(field.name);
  }
  return {};
}

}  // namespace mbk::milvustest
