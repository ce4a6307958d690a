#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "milvus/column_buffers.h"
#include "milvus/field_data.h"
#include "milvus/timestamptz.h"

// FromFieldData: a message to a column.
namespace mbk {
namespace {

namespace schema = ::milvus::proto::schema;

/// The values of a message, as `at(i)` bytes or numbers; how many there are need not be how many rows.
struct Values {
  std::int64_t count = 0;
  std::int64_t width = 0;        ///< bytes each, when they lie one behind another at `packed`
  const void* packed = nullptr;  ///< nullptr: they do not
};

Status Contradiction(const schema::FieldData& data, std::string_view what) {
  return DataLoss(
      fmt::format("the column \"{}\" (type {}) of the answer {}", data.field_name(), data.type(), what));
}

/// Which value belongs to which row. Servers either keep a place for rows without a value or do not.
class RowPlaces {
 public:
  static Result<RowPlaces> Of(const schema::FieldData& data, std::int64_t rows, std::int64_t values) {
    RowPlaces places;
    if (data.valid_data().empty()) {
      if (values != rows) return Contradiction(data, fmt::format("has {} values for {} rows", values, rows));
      return places;
    }
    if (data.valid_data_size() != rows) {
      return Contradiction(data, fmt::format("says of {} rows whether they have a value, and there are {}",
                                             data.valid_data_size(), rows));
    }
    places.valid_ = &data.valid_data();
    std::int64_t valid = 0;
    for (bool one : data.valid_data()) valid += one ? 1 : 0;
    if (values != rows && values != valid) {
      return Contradiction(
          data, fmt::format("has {} values for {} rows of which {} have one", values, rows, valid));
    }
    places.left_out_ = values != rows;
    return places;
  }

  bool may_lack() const { return valid_ != nullptr; }
  /// Calls visit(row, index of its value) for each row; nullopt where it has none.
  template <class Visit>
  Status ForEach(std::int64_t rows, Visit visit) const {
    int next = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      const bool valid = valid_ == nullptr || valid_->Get(static_cast<int>(row));
      std::optional<int> at;
      if (valid) at = next;
      if (valid || !left_out_) ++next;
      MBK_TRY(visit(at));
    }
    return {};
  }

 private:
  const google::protobuf::RepeatedField<bool>* valid_ = nullptr;
  bool left_out_ = false;
};

/// Builds a column row by row: add(buffers, index of the value) where there is one, blank(buffers) where not.
template <class Add, class Blank>
Result<Column> Build(const schema::FieldData& data, std::int64_t rows, std::int64_t values,
                     ColumnLayout layout, std::int64_t width, Add add, Blank blank) {
  MBK_TRY_ASSIGN(RowPlaces places, RowPlaces::Of(data, rows, values));
  auto buffers = std::make_shared<ColumnBuffers>();
  MBK_TRY(places.ForEach(rows, [&](std::optional<int> at) -> Status {
    if (places.may_lack()) buffers->AddValid(at.has_value());
    if (at) {
      MBK_TRY(add(*buffers, *at));
    } else {
      blank(*buffers);
    }
    if (layout == ColumnLayout::kVariable && !buffers->EndValue())
      return Contradiction(data, "has more than 2 GiB of values");
    return {};
  }));
  return ColumnBuffers::Finish(std::move(buffers), static_cast<DataType>(data.type()), layout,
                               static_cast<std::int32_t>(width), rows);
}

template <class T, class Repeated>
Result<Column> Narrowed(const schema::FieldData& data, std::int64_t rows, const Repeated& numbers) {
  return Build(
      data, rows, numbers.size(), ColumnLayout::kFixed, sizeof(T),
      [&](ColumnBuffers& buffers, int at) -> Status {
        const T narrow = static_cast<T>(numbers.Get(at));
        if (narrow != numbers.Get(at))
          return Contradiction(data, fmt::format("holds the number {}", numbers.Get(at)));
        buffers.AddNumber(narrow);
        return {};
      },
      [](ColumnBuffers& buffers) { buffers.AddNumber(T{}); });
}

/// Numbers or vectors: a view where they lie, a copy when some rows have none.
Result<Column> Packed(const schema::FieldData& data, std::int64_t rows, const Values& values,
                      std::shared_ptr<const void> owner) {
  const char* const bytes = static_cast<const char*>(values.packed);
  const auto width = static_cast<std::size_t>(values.width);
  if (data.valid_data().empty()) {
    MBK_TRY(RowPlaces::Of(data, rows, values.count).status());
    return Column{.type = static_cast<DataType>(data.type()),
                  .layout = ColumnLayout::kFixed,
                  .width = static_cast<std::int32_t>(values.width),
                  .length = rows,
                  .values = reinterpret_cast<const std::uint8_t*>(bytes),
                  .owner = std::move(owner)};
  }
  const bool is_vector = IsVector(static_cast<DataType>(data.type()));
  return Build(
      data, rows, values.count, is_vector ? ColumnLayout::kVariable : ColumnLayout::kFixed,
      is_vector ? 0 : values.width,
      [&](ColumnBuffers& buffers, int at) -> Status {
        buffers.AddBytes({bytes + static_cast<std::size_t>(at) * width, width});
        return {};
      },
      [&](ColumnBuffers& buffers) {
        if (!is_vector) buffers.AddBytes(std::string(width, '\0'));
      });
}

template <class T>
Values NumbersOf(const google::protobuf::RepeatedField<T>& numbers) {
  return {.count = numbers.size(), .width = sizeof(T), .packed = numbers.data()};
}

template <class Repeated>
Result<Column> Strings(const schema::FieldData& data, std::int64_t rows, const Repeated& strings) {
  return Build(
      data, rows, strings.size(), ColumnLayout::kVariable, 0,
      [&](ColumnBuffers& buffers, int at) -> Status {
        buffers.AddBytes(strings.Get(at));
        return {};
      },
      [](ColumnBuffers&) {});
}

Result<Column> Bools(const schema::FieldData& data, std::int64_t rows) {
  const auto& bools = data.scalars().bool_data().data();
  return Build(
      data, rows, bools.size(), ColumnLayout::kBits, 0,
      [&](ColumnBuffers& buffers, int at) -> Status {
        buffers.AddBit(bools.Get(at));
        return {};
      },
      [](ColumnBuffers& buffers) { buffers.AddBit(false); });
}

Result<Column> Times(const schema::FieldData& data, std::int64_t rows, std::shared_ptr<const void> owner) {
  const schema::ScalarField& scalars = data.scalars();
  if (!scalars.has_string_data())
    return Packed(data, rows,
                  NumbersOf(scalars.has_timestamptz_data() ? scalars.timestamptz_data().data()
                                                           : scalars.long_data().data()),
                  std::move(owner));
  const auto& texts = scalars.string_data().data();
  return Build(
      data, rows, texts.size(), ColumnLayout::kFixed, sizeof(std::int64_t),
      [&](ColumnBuffers& buffers, int at) -> Status {
        std::optional<std::int64_t> time = ParseTimestamptz(texts.Get(at));
        if (!time)
          return Contradiction(
              data, fmt::format("holds the time \"{}\", which is none", texts.Get(at).substr(0, 64)));
        buffers.AddNumber(*time);
        return {};
      },
      [](ColumnBuffers& buffers) { buffers.AddNumber(std::int64_t{0}); });
}

/// The packed vectors of `vectors`, whose kind `type` names; nullopt when they are of another kind.
std::optional<Values> VectorsOf(DataType type, const schema::VectorField& vectors) {
  const std::int64_t width = FixedWidth(type, vectors.dim());
  auto values = [&](bool has, std::int64_t bytes, const void* packed) -> std::optional<Values> {
    if (bytes == 0) return Values{.width = std::max<std::int64_t>(width, 0)};
    if (!has || width <= 0 || width > std::numeric_limits<std::int32_t>::max() || bytes % width != 0)
      return std::nullopt;
    return Values{.count = bytes / width, .width = width, .packed = packed};
  };
  auto bytes = [&](bool has, const std::string& all) {
    return values(has, static_cast<std::int64_t>(all.size()), all.data());
  };
  switch (type) {
    case DataType::kFloatVector: {
      const auto& floats = vectors.float_vector().data();
      return values(vectors.has_float_vector(), floats.size() * std::int64_t{sizeof(float)}, floats.data());
    }
    case DataType::kBinaryVector:
      return bytes(vectors.has_binary_vector(), vectors.binary_vector());
    case DataType::kFloat16Vector:
      return bytes(vectors.has_float16_vector(), vectors.float16_vector());
    case DataType::kBFloat16Vector:
      return bytes(vectors.has_bfloat16_vector(), vectors.bfloat16_vector());
    case DataType::kInt8Vector:
      return bytes(vectors.has_int8_vector(), vectors.int8_vector());
    default:
      return std::nullopt;
  }
}

Result<Column> ArraysOfVectors(const schema::FieldData& data, std::int64_t rows) {
  const schema::VectorArray& arrays = data.vectors().vector_array();
  const auto element = static_cast<DataType>(arrays.element_type());
  return Build(
      data, rows, arrays.data_size(), ColumnLayout::kVariable, 0,
      [&](ColumnBuffers& buffers, int at) -> Status {
        std::optional<Values> vectors = VectorsOf(element, arrays.data(at));
        if (!vectors) return Contradiction(data, "holds vectors that are not of its element type");
        buffers.AddBytes({static_cast<const char*>(vectors->packed),
                          static_cast<std::size_t>(vectors->count * vectors->width)});
        return {};
      },
      [](ColumnBuffers&) {});
}

Result<Column> Vectors(const schema::FieldData& data, std::int64_t rows, std::shared_ptr<const void> owner) {
  const schema::VectorField& vectors = data.vectors();
  const auto type = static_cast<DataType>(data.type());
  if (type == DataType::kSparseFloatVector)
    return Strings(data, rows, vectors.sparse_float_vector().contents());
  if (type == DataType::kArrayOfVector) return ArraysOfVectors(data, rows);
  std::optional<Values> values = VectorsOf(type, vectors);
  if (!values) return Contradiction(data, fmt::format("holds no vectors of dimension {}", vectors.dim()));
  return Packed(data, rows, *values, std::move(owner));
}

const google::protobuf::RepeatedPtrField<std::string>& GeometriesOf(const schema::ScalarField& scalars) {
  if (scalars.has_geometry_data()) return scalars.geometry_data().data();
  if (scalars.has_geometry_wkt_data()) return scalars.geometry_wkt_data().data();
  return scalars.string_data().data();
}

/// How many values there are, without those that are left out.
Result<std::int64_t> CountValues(const schema::FieldData& data) {
  const schema::ScalarField& scalars = data.scalars();
  switch (scalars.data_case()) {
    case schema::ScalarField::kBoolData:
      return scalars.bool_data().data_size();
    case schema::ScalarField::kIntData:
      return scalars.int_data().data_size();
    case schema::ScalarField::kLongData:
      return scalars.long_data().data_size();
    case schema::ScalarField::kFloatData:
      return scalars.float_data().data_size();
    case schema::ScalarField::kDoubleData:
      return scalars.double_data().data_size();
    case schema::ScalarField::kStringData:
      return scalars.string_data().data_size();
    case schema::ScalarField::kArrayData:
      return scalars.array_data().data_size();
    case schema::ScalarField::kJsonData:
      return scalars.json_data().data_size();
    case schema::ScalarField::kGeometryData:
      return scalars.geometry_data().data_size();
    case schema::ScalarField::kTimestamptzData:
      return scalars.timestamptz_data().data_size();
    case schema::ScalarField::kGeometryWktData:
      return scalars.geometry_wkt_data().data_size();
    case schema::ScalarField::DATA_NOT_SET:
      break;
  }
  const schema::VectorField& vectors = data.vectors();
  if (vectors.has_sparse_float_vector()) return vectors.sparse_float_vector().contents_size();
  if (vectors.has_vector_array()) return vectors.vector_array().data_size();
  if (vectors.data_case() == schema::VectorField::DATA_NOT_SET) return 0;
  std::optional<Values> values = VectorsOf(static_cast<DataType>(data.type()), vectors);
  if (!values) return Contradiction(data, fmt::format("holds no vectors of dimension {}", vectors.dim()));
  return values->count;
}

}  // namespace

Result<std::int64_t> RowsOf(const schema::FieldData& data) {
  if (!data.valid_data().empty()) return data.valid_data_size();
  return CountValues(data);
}

Result<Column> FromFieldData(const schema::FieldData& data, std::int64_t rows,
                             std::shared_ptr<const void> owner) {
  const schema::ScalarField& scalars = data.scalars();
  switch (static_cast<DataType>(data.type())) {
    case DataType::kBool:
      return Bools(data, rows);
    case DataType::kInt8:
      return Narrowed<std::int8_t>(data, rows, scalars.int_data().data());
    case DataType::kInt16:
      return Narrowed<std::int16_t>(data, rows, scalars.int_data().data());
    case DataType::kInt32:
      return Packed(data, rows, NumbersOf(scalars.int_data().data()), std::move(owner));
    case DataType::kInt64:
      return Packed(data, rows, NumbersOf(scalars.long_data().data()), std::move(owner));
    case DataType::kFloat:
      return Packed(data, rows, NumbersOf(scalars.float_data().data()), std::move(owner));
    case DataType::kDouble:
      return Packed(data, rows, NumbersOf(scalars.double_data().data()), std::move(owner));
    case DataType::kTimestamptz:
      return Times(data, rows, std::move(owner));
    case DataType::kString:
    case DataType::kVarChar:
    case DataType::kText:
      return Strings(data, rows, scalars.string_data().data());
    case DataType::kJson:
      return Strings(data, rows, scalars.json_data().data());
    case DataType::kGeometry:
      return Strings(data, rows, GeometriesOf(scalars));
    case DataType::kArray:
      return Strings(data, rows, scalars.array_data().data());
    default:
      if (data.has_vectors()) return Vectors(data, rows, std::move(owner));
      return Contradiction(data, "is of a type that this program does not know");
  }
}

}  // namespace mbk
