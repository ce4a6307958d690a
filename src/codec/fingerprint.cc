#include "codec/fingerprint.h"

#include <fmt/core.h>

#define XXH_INLINE_ALL  // the whole of xxHash is in its header: no library to link
#include <xxhash.h>

#include <algorithm>
#include <string_view>

#include "codec/json_text.h"
#include "codec/scalar_field.h"
#include "codec/utf8.h"

namespace mbk {
namespace {

// Values of one type and name hash alike wherever they stand; the same bytes in another field do not.
std::uint64_t SeedOf(const FieldSchema& field) {
  const std::string text =
      fmt::format("{}\n{}\n{}", field.name, static_cast<int>(field.data_type),
                  field.data_type == DataType::kArray ? static_cast<int>(field.element_type) : 0);
  return XXH3_64bits(text.data(), text.size());
}

Hash128 HashBytes(std::string_view bytes, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

// No value at all: not the same as an empty one.
Hash128 HashOfNull(std::uint64_t seed) { return HashBytes("null", ~seed); }

template <class T>
void AppendNumber(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

template <class T>
void AppendNumbers(std::string& out, const std::vector<T>& numbers) {
  out.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T));
}

// `field` is only there to use its memory again.
Status AppendArray(std::string& out, std::string_view message, codec::ScalarField& field) {
  MBK_TRY(codec::ParseScalarField(message, field));
  AppendNumber(out, static_cast<std::uint64_t>(field.size()));
  if (field.kind == codec::ScalarField::Kind::kBool) {
    for (const std::int64_t value : field.integers) out.push_back(value != 0 ? 1 : 0);
    return {};
  }
  AppendNumbers(out, field.integers);
  AppendNumbers(out, field.floats);
  AppendNumbers(out, field.doubles);
  for (const std::string_view text : field.strings) {
    AppendNumber(out, static_cast<std::uint64_t>(text.size()));
    out.append(text);
  }
  return {};
}

// Elements of another kind may have the same canonical bytes: eight of an integer, eight of a double.
Status CheckElements(const codec::ScalarField& array, codec::ScalarField::Kind expected) {
  using Kind = codec::ScalarField::Kind;
  if (expected != Kind::kNone && array.kind != Kind::kNone && array.kind != expected)
    return DataLoss("an array with elements that the schema contradicts");
  for (const std::string_view text : array.strings)
    if (!codec::IsUtf8(text)) return DataLoss("an array with an element that is not UTF-8");
  return {};
}

// The hash of every value of a column, into every `stride`-th place of `out`.
Status HashColumn(const Column& column, const FieldSchema& field, std::uint64_t seed, std::size_t stride,
                  Hash128* out) {
  const codec::ScalarField::Kind elements = codec::KindOf(field.element_type);
  std::string scratch;
  codec::ScalarField array;
  for (std::int64_t row = 0; row < column.length; ++row, out += stride) {
    if (column.IsNull(row)) {
      *out = HashOfNull(seed);
    } else if (column.type == DataType::kArray) {
      scratch.clear();
      MBK_TRY(AppendArray(scratch, column.BytesAt(row), array));
      MBK_TRY(CheckElements(array, elements));
      *out = HashBytes(scratch, seed);
    } else if (column.type == DataType::kJson) {
      *out = HashBytes(codec::CanonicalJson(column.BytesAt(row)), seed);
    } else if (column.layout == ColumnLayout::kBits) {
      *out = HashBytes(column.BoolAt(row) ? std::string_view("\1", 1) : std::string_view("\0", 1), seed);
    } else {
      *out = HashBytes(column.BytesAt(row), seed);
    }
  }
  return {};
}

}  // namespace

Hash128 HashBytes(std::string_view bytes) { return HashBytes(bytes, 0); }

void Fingerprint::Add(const Hash128& row) {
  sum.low += row.low;
  sum.high += row.high + (sum.low < row.low ? 1 : 0);
  ++rows;
}

void Fingerprint::Add(const Fingerprint& other) {
  Add(other.sum);
  rows += other.rows - 1;
}

std::string Fingerprint::ToString() const {
  return fmt::format("{:016x}{:016x}-{}", sum.high, sum.low, rows);
}

RowHasher::RowHasher(const CollectionSchema& schema) {
  std::copy_if(schema.fields.begin(), schema.fields.end(), std::back_inserter(fields_),
               [](const FieldSchema& field) { return !field.is_function_output; });
  for (const StructArrayField& group : schema.struct_array_fields)
    fields_.insert(fields_.end(), group.fields.begin(), group.fields.end());
  std::sort(fields_.begin(), fields_.end(),
            [](const FieldSchema& a, const FieldSchema& b) { return a.name < b.name; });
  for (const FieldSchema& field : fields_) seeds_.push_back(SeedOf(field));
}

Result<std::vector<Hash128>> RowHasher::HashRows(const RowBatch& batch) const {
  const std::size_t rows = static_cast<std::size_t>(batch.rows), width = fields_.size();
  std::vector<Hash128> values(rows * width);
  for (std::size_t i = 0; i < width; ++i) {
    const Column* column = batch.Find(fields_[i].field_id);
    if (column == nullptr || column->length != batch.rows)
      return Internal(fmt::format("field {} is missing from a batch", fields_[i].name));
    MBK_TRY(
        HashColumn(*column, fields_[i], seeds_[i], width, values.data() + i).WithContext(fields_[i].name));
  }
  std::vector<Hash128> hashes(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const char* const begin = reinterpret_cast<const char*>(values.data() + row * width);
    hashes[row] = HashBytes({begin, width * sizeof(Hash128)});
  }
  return hashes;
}

Result<std::string> CanonicalBytes(const Column& column, std::int64_t row) {
  if (column.layout == ColumnLayout::kBits) return std::string(1, column.BoolAt(row) ? 1 : 0);
  if (column.type == DataType::kJson) return codec::CanonicalJson(column.BytesAt(row));
  if (column.type != DataType::kArray) return std::string(column.BytesAt(row));
  std::string bytes;
  codec::ScalarField array;
  MBK_TRY(AppendArray(bytes, column.BytesAt(row), array));
  return bytes;
}

}  // namespace mbk
