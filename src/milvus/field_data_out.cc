#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "milvus/field_data.h"
#include "milvus/timestamptz.h"

// ToFieldData: a column to a message.
namespace mbk {
namespace {

namespace schema = ::milvus::proto::schema;

std::string Describe(const FieldSchema& field) {
  return fmt::format("field \"{}\" (id {}, type {})", field.name, field.field_id,
                     static_cast<int>(field.data_type));
}

template <class Visit>
void ForEachValue(const Column& column, Visit visit) {
  for (std::int64_t row = 0; row < column.length; ++row) {
    if (!column.IsNull(row)) visit(row);
  }
}

template <class T, class Repeated>
void AddNumbers(const Column& column, Repeated* out) {
  out->Reserve(static_cast<int>(column.length));
  ForEachValue(column, [&](std::int64_t row) { out->Add(column.NumberAt<T>(row)); });
}

template <class Repeated>
void AddBytes(const Column& column, Repeated* out) {
  out->Reserve(static_cast<int>(column.length));
  ForEachValue(column, [&](std::int64_t row) {
    std::string_view bytes = column.BytesAt(row);
    out->Add()->assign(bytes.data(), bytes.size());
  });
}

/// All values one behind another.
std::string Concatenate(const Column& column, std::int64_t width) {
  std::string all;
  all.reserve(static_cast<std::size_t>(width * column.length));
  ForEachValue(column, [&](std::int64_t row) { all += column.BytesAt(row); });
  return all;
}

void AddFloats(std::string_view bytes, google::protobuf::RepeatedField<float>* out) {
  const int before = out->size();
  const int count = static_cast<int>(bytes.size() / sizeof(float));
  out->Resize(before + count, 0);
  if (count > 0)
    __builtin_memcpy(out->mutable_data() + before, bytes.data(),
                     static_cast<std::size_t>(count) * sizeof(float));
}

/// Text that every server reads, unless there is a time that no text can say: then numbers.
void AddTimes(const Column& column, schema::ScalarField* out) {
  bool as_text = true;
  ForEachValue(column, [&](std::int64_t row) {
    std::optional<std::string> text;
    if (as_text) text = FormatTimestamptz(column.NumberAt<std::int64_t>(row));
    if (text) out->mutable_string_data()->add_data(*text);
    as_text = as_text && text.has_value();
  });
  if (as_text) {
    out->mutable_string_data();
  } else {
    AddNumbers<std::int64_t>(column, out->mutable_timestamptz_data()->mutable_data());
  }
}

/// As well-known text when it is that, else in its binary form, which begins with a byte order of 0 or 1.
void AddGeometries(const Column& column, schema::ScalarField* out) {
  bool binary = false;
  ForEachValue(column, [&](std::int64_t row) {
    std::string_view bytes = column.BytesAt(row);
    binary = binary || (!bytes.empty() && (bytes[0] == 0 || bytes[0] == 1));
  });
  AddBytes(column,
           (binary ? out->mutable_geometry_data() : out->mutable_geometry_wkt_data())->mutable_data());
}

void AddScalars(const FieldSchema& field, const Column& column, schema::ScalarField* out) {
  switch (field.data_type) {
    case DataType::kBool:
      ForEachValue(column, [&, values = out->mutable_bool_data()](std::int64_t row) {
        values->add_data(column.BoolAt(row));
      });
      return;
    case DataType::kInt8:
      return AddNumbers<std::int8_t>(column, out->mutable_int_data()->mutable_data());
    case DataType::kInt16:
      return AddNumbers<std::int16_t>(column, out->mutable_int_data()->mutable_data());
    case DataType::kInt32:
      return AddNumbers<std::int32_t>(column, out->mutable_int_data()->mutable_data());
    case DataType::kInt64:
      return AddNumbers<std::int64_t>(column, out->mutable_long_data()->mutable_data());
    case DataType::kFloat:
      return AddNumbers<float>(column, out->mutable_float_data()->mutable_data());
    case DataType::kDouble:
      return AddNumbers<double>(column, out->mutable_double_data()->mutable_data());
    case DataType::kTimestamptz:
      return AddTimes(column, out);
    case DataType::kGeometry:
      return AddGeometries(column, out);
    case DataType::kJson:
      return AddBytes(column, out->mutable_json_data()->mutable_data());
    case DataType::kArray:
      out->mutable_array_data()->set_element_type(static_cast<std::int32_t>(field.element_type));
      return AddBytes(column, out->mutable_array_data()->mutable_data());
    default:
      return AddBytes(column, out->mutable_string_data()->mutable_data());
  }
}

/// The largest index of any vector, plus one: what Milvus calls the dimension of sparse vectors.
std::int64_t SparseDim(const Column& column) {
  constexpr std::size_t kEntry = sizeof(std::uint32_t) + sizeof(float);
  std::int64_t dim = 0;
  ForEachValue(column, [&](std::int64_t row) {
    std::string_view bytes = column.BytesAt(row);
    for (std::size_t at = 0; at + kEntry <= bytes.size(); at += kEntry) {
      std::uint32_t index = 0;
      __builtin_memcpy(&index, bytes.data() + at, sizeof(index));
      dim = std::max(dim, std::int64_t{index} + 1);
    }
  });
  return dim;
}

void SetVectors(DataType type, std::string_view bytes, schema::VectorField* out) {
  switch (type) {
    case DataType::kFloatVector:
      return AddFloats(bytes, out->mutable_float_vector()->mutable_data());
    case DataType::kBinaryVector:
      return out->set_binary_vector(std::string(bytes));
    case DataType::kFloat16Vector:
      return out->set_float16_vector(std::string(bytes));
    case DataType::kBFloat16Vector:
      return out->set_bfloat16_vector(std::string(bytes));
    default:
      return out->set_int8_vector(std::string(bytes));
  }
}

void AddVectors(const FieldSchema& field, const Column& column, std::int64_t dim, schema::VectorField* out) {
  if (field.data_type == DataType::kSparseFloatVector) {
    out->set_dim(SparseDim(column));
    auto* sparse = out->mutable_sparse_float_vector();
    sparse->set_dim(out->dim());
    return AddBytes(column, sparse->mutable_contents());
  }
  out->set_dim(dim);
  if (field.data_type == DataType::kArrayOfVector) {
    auto* arrays = out->mutable_vector_array();
    arrays->set_dim(dim);
    arrays->set_element_type(static_cast<std::int32_t>(field.element_type));
    ForEachValue(column, [&](std::int64_t row) {
      auto* vectors = arrays->add_data();
      vectors->set_dim(dim);
      SetVectors(field.element_type, column.BytesAt(row), vectors);
    });
    return;
  }
  if (field.data_type == DataType::kFloatVector) {
    out->mutable_float_vector()->mutable_data()->Reserve(static_cast<int>(dim * column.length));
    ForEachValue(column, [&](std::int64_t row) {
      AddFloats(column.BytesAt(row), out->mutable_float_vector()->mutable_data());
    });
    return;
  }
  SetVectors(field.data_type, Concatenate(column, FixedWidth(field.data_type, dim)), out);
}

/// The dimension that the schema declares; 0 when it does not.
std::int64_t DeclaredDim(const FieldSchema& field) {
  const std::string* text = FindValue(field.type_params, "dim");
  std::int64_t dim = 0;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), dim);
  return std::max<std::int64_t>(dim, 0);
}

/// Whether each value is so many bytes, or a whole number of times as many when there may be several vectors.
Status CheckVectorBytes(const FieldSchema& field, const Column& column, std::int64_t width) {
  const bool several = field.data_type == DataType::kArrayOfVector;
  for (std::int64_t row = 0; row < column.length; ++row) {
    if (column.IsNull(row)) continue;
    const auto size = static_cast<std::int64_t>(column.BytesAt(row).size());
    if (width > 0 && (several ? size % width == 0 : size == width)) continue;
    return InvalidArgument(fmt::format("{}: row {} has {} bytes, a vector of its dimension has {}",
                                       Describe(field), row, size, width));
  }
  return {};
}

/// Whether the column lies in memory as rows.h says that its type does.
Status CheckLayout(const FieldSchema& field, const Column& column, std::int64_t dim) {
  const std::int64_t width = FixedWidth(field.data_type, dim);
  if (column.type != field.data_type) {
    return InvalidArgument(
        fmt::format("{} is given values of type {}", Describe(field), static_cast<int>(column.type)));
  }
  if (field.data_type == DataType::kBool) {
    if (column.layout == ColumnLayout::kBits) return {};
  } else if (column.layout == ColumnLayout::kFixed) {
    if (width > 0 && column.width == width) return {};
  } else if (column.layout == ColumnLayout::kVariable && field.data_type == DataType::kArrayOfVector) {
    return CheckVectorBytes(field, column, FixedWidth(field.element_type, dim));
  } else if (column.layout == ColumnLayout::kVariable && IsVector(field.data_type) && width > 0) {
    return CheckVectorBytes(field, column, width);
  } else if (column.layout == ColumnLayout::kVariable && width == 0) {
    return {};
  }
  return InvalidArgument(fmt::format("{} is given values of {} bytes, which are not of its type",
                                     Describe(field), column.width));
}

/// Sets valid_data as the field wants it: on fields that may lack a value, and on no others.
Status SetValidity(const FieldSchema& field, const Column& column, schema::FieldData* out) {
  const bool may_lack = field.nullable || !field.default_value.empty();
  for (std::int64_t row = 0; row < column.length; ++row) {
    if (may_lack) {
      out->add_valid_data(!column.IsNull(row));
    } else if (column.IsNull(row)) {
      return InvalidArgument(fmt::format("{} must have a value, and row {} has none", Describe(field), row));
    }
  }
  return {};
}

}  // namespace

std::int64_t FixedWidth(DataType type, std::int64_t dim) {
  constexpr std::int64_t kMostDimensions = 1 << 20;  // servers take some ten thousands
  if (dim < 0 || dim > kMostDimensions) dim = 0;
  switch (type) {
    case DataType::kInt8:
      return 1;
    case DataType::kInt16:
      return 2;
    case DataType::kInt32:
    case DataType::kFloat:
      return 4;
    case DataType::kInt64:
    case DataType::kDouble:
    case DataType::kTimestamptz:
      return 8;
    case DataType::kBinaryVector:
      return dim / 8;
    case DataType::kFloatVector:
      return dim * 4;
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      return dim * 2;
    case DataType::kInt8Vector:
      return dim;
    default:
      return 0;
  }
}

Status ToFieldData(const FieldSchema& field, const Column& column, schema::FieldData* out) {
  const bool is_array_of_vector = field.data_type == DataType::kArrayOfVector;
  const std::int64_t dim = DeclaredDim(field);
  if (dim == 0 && (is_array_of_vector || FixedWidth(field.data_type, 8) != FixedWidth(field.data_type, 0))) {
    return InvalidArgument(fmt::format("{} has no dimension in its schema", Describe(field)));
  }
  MBK_TRY(CheckLayout(field, column, dim));
  out->set_type(static_cast<std::int32_t>(field.data_type));
  out->set_field_name(field.name);
  out->set_is_dynamic(field.is_dynamic);
  MBK_TRY(SetValidity(field, column, out));
  if (IsVector(field.data_type) || is_array_of_vector) {
    AddVectors(field, column, dim, out->mutable_vectors());
  } else {
    AddScalars(field, column, out->mutable_scalars());
  }
  return {};
}

}  // namespace mbk
