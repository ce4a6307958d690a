#include "milvus/row_messages.h"

#include <fmt/core.h>

#include <optional>

#include "milvus/column_buffers.h"
#include "milvus/field_data.h"

namespace mbk {
namespace {

namespace pb = ::milvus::proto;

FieldSchema DynamicField(const CollectionSchema& schema) {
  return {.field_id = DynamicFieldId(schema),
          .name = kDynamicFieldName,
          .data_type = DataType::kJson,
          .is_dynamic = true};
}

/// The dynamic field has a value in every row: what has none gets the empty object.
Column WithoutNulls(const Column& column) {
  auto buffers = std::make_shared<ColumnBuffers>();
  for (std::int64_t row = 0; row < column.length; ++row) {
    buffers->AddBytes(column.IsNull(row) ? "{}" : column.BytesAt(row));
    if (!buffers->EndValue()) return column;  // which is too large for a message as well, and refused as such
  }
  return ColumnBuffers::Finish(std::move(buffers), column.type, ColumnLayout::kVariable, 0, column.length);
}

struct Found {
  FieldSchema field;
  const StructArrayField* in = nullptr;  ///< the struct array that it is part of
};

template <class Matches>
std::optional<Found> FindField(const CollectionSchema& schema, Matches matches) {
  for (const FieldSchema& field : schema.fields) {
    if (matches(field)) return Found{.field = field};
  }
  for (const StructArrayField& array : schema.struct_array_fields) {
    for (const FieldSchema& field : array.fields) {
      if (matches(field)) return Found{.field = field, .in = &array};
    }
  }
  if (!schema.enable_dynamic_field) return std::nullopt;
  FieldSchema dynamic = DynamicField(schema);
  if (matches(dynamic)) return Found{.field = std::move(dynamic)};
  return std::nullopt;
}

bool IsServersToMake(const FieldSchema& field, bool send_auto_ids) {
  return field.is_function_output || (field.is_primary_key && field.auto_id && !send_auto_ids);
}

/// The message that holds the fields of a struct array.
pb::schema::StructArrayField* StructOf(const StructArrayField& array, PbFieldsData* out) {
  for (auto& data : *out) {
    if (data.has_struct_arrays() && data.field_name() == array.name) return data.mutable_struct_arrays();
  }
  auto* added = out->Add();
  added->set_type(static_cast<std::int32_t>(DataType::kArrayOfStruct));
  added->set_field_name(array.name);
  return added->mutable_struct_arrays();
}

Status AddColumns(const CollectionSchema& schema, const PbFieldsData& data, std::int64_t rows,
                  const std::shared_ptr<const void>& owner, RowBatch* out) {
  for (const auto& one : data) {
    if (one.has_struct_arrays()) {
      MBK_TRY(AddColumns(schema, one.struct_arrays().fields(), rows, owner, out));
      continue;
    }
    std::optional<Found> found = FindField(schema, [&](const FieldSchema& field) {
      return one.is_dynamic() ? field.is_dynamic : field.name == one.field_name();
    });
    if (!found)
      return DataLoss(
          fmt::format("the answer has a column \"{}\", and the schema no such field", one.field_name()));
    if (static_cast<DataType>(one.type()) != found->field.data_type) {
      return DataLoss(fmt::format("the column \"{}\" of the answer is of type {}, the schema says {}",
                                  one.field_name(), one.type(), static_cast<int>(found->field.data_type)));
    }
    if (out->Find(found->field.field_id) != nullptr) continue;  // asked for twice, by name and by "*"
    MBK_TRY_ASSIGN(Column column, FromFieldData(one, rows, owner));
    column.field_id = found->field.field_id;
    out->columns.push_back(std::move(column));
  }
  return {};
}

/// The rows of the first column; structs have none of their own.
Result<std::int64_t> RowsOfFirst(const PbFieldsData& data) {
  for (const auto& one : data) {
    if (!one.has_struct_arrays()) return RowsOf(one);
  }
  for (const auto& one : data) {
    if (one.struct_arrays().fields_size() > 0) return RowsOf(one.struct_arrays().fields(0));
  }
  return std::int64_t{0};
}

}  // namespace

Status ToFieldsData(const CollectionSchema& schema, const RowBatch& batch, bool send_auto_ids,
                    PbFieldsData* out) {
  for (const Column& column : batch.columns) {
    if (column.field_id < kFirstFieldId) continue;
    if (column.length != batch.rows)
      return InvalidArgument(fmt::format("a column of {} rows in a batch of {}", column.length, batch.rows));
    std::optional<Found> found =
        FindField(schema, [&](const FieldSchema& field) { return field.field_id == column.field_id; });
    if (!found) return InvalidArgument(fmt::format("the schema has no field of id {}", column.field_id));
    if (IsServersToMake(found->field, send_auto_ids)) continue;
    auto* data = found->in != nullptr ? StructOf(*found->in, out)->add_fields() : out->Add();
    const bool fill =
        found->field.is_dynamic && column.validity != nullptr && column.layout == ColumnLayout::kVariable;
    MBK_TRY(ToFieldData(found->field, fill ? WithoutNulls(column) : column, data));
  }
  return {};
}

Result<RowBatch> FromQueryResults(const CollectionSchema& schema,
                                  std::shared_ptr<const pb::milvus::QueryResults> answer) {
  RowBatch batch;
  MBK_TRY_ASSIGN(batch.rows, RowsOfFirst(answer->fields_data()));
  MBK_TRY(AddColumns(schema, answer->fields_data(), batch.rows, answer, &batch));
  return batch;
}

}  // namespace mbk
