#include "milvus/key_expression.h"

#include <fmt/core.h>

#include <limits>
#include <vector>

namespace mbk {
namespace {

constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

std::string Literal(const KeyField& field, const RowKey& key) {
  return field.is_text ? TextLiteral(key.text) : std::to_string(key.number);
}

}  // namespace

Result<KeyField> KeyField::Of(const CollectionSchema& schema) {
  const FieldSchema* key = PrimaryKeyOf(schema);
  if (key == nullptr)
    return InvalidArgument(fmt::format("the schema of \"{}\" has no primary key", schema.name));
  if (key->data_type != DataType::kInt64 && key->data_type != DataType::kVarChar) {
    return InvalidArgument(
        fmt::format("the primary key \"{}\" of \"{}\" is of type {}: neither Int64 nor VarChar", key->name,
                    schema.name, static_cast<int>(key->data_type)));
  }
  return KeyField{
      .field_id = key->field_id, .name = key->name, .is_text = key->data_type == DataType::kVarChar};
}

RowKey KeyField::At(const Column& column, std::int64_t row) const {
  if (is_text) return {.text = std::string(column.BytesAt(row))};
  return {.number = column.NumberAt<std::int64_t>(row)};
}

// All parsers know these four escapes (2.3.5 is Go's strconv.Unquote behind a C-like lexer, Lite has its
// own), none allows a line break in a literal, and all take every other character as it is.
std::string TextLiteral(std::string_view text) {
  std::string literal = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
      case '\\':
        literal += '\\';
        literal += c;
        break;
      case '\n':
        literal += "\\n";
        break;
      case '\r':
        literal += "\\r";
        break;
      default:
        literal += c;
    }
  }
  return literal + '"';
}

std::string KeyExpression(const KeyField& key, const KeyRange& range) {
  std::vector<std::string> terms;
  // `from` the smallest key is no bound, and `after` it is from the one behind, which has a literal.
  if (range.from && (key.is_text || range.from->number != kSmallest))
    terms.push_back(fmt::format("{} >= {}", key.name, Literal(key, *range.from)));
  if (range.after && (key.is_text || range.after->number != kSmallest))
    terms.push_back(fmt::format("{} > {}", key.name, Literal(key, *range.after)));
  if (range.after && !key.is_text && range.after->number == kSmallest)
    terms.push_back(fmt::format("{} >= {}", key.name, kSmallest + 1));
  if (range.to) terms.push_back(fmt::format("{} < {}", key.name, Literal(key, *range.to)));
  if (terms.empty())
    return key.is_text ? fmt::format("{} >= \"\"", key.name) : fmt::format("{} <= {}", key.name, kLargest);
  std::string all = terms.front();
  for (std::size_t i = 1; i < terms.size(); ++i) all += " && " + terms[i];
  return all;
}

std::string KeyEquals(const KeyField& field, const RowKey& key) {
  if (!field.is_text && key.number == kSmallest)
    return KeyExpression(field, {.to = RowKey{.number = kSmallest + 1}});
  return fmt::format("{} == {}", field.name, Literal(field, key));
}

bool IsEmptyRange(const KeyField& key, const KeyRange& range) {
  const RowKey smallest{.number = key.is_text ? 0 : kSmallest};
  if (!key.is_text && range.after && range.after->number == kLargest) return true;
  if (!range.to) return false;
  return *range.to <= smallest || (range.from && *range.to <= *range.from) ||
         (range.after && *range.to <= *range.after);
}

std::string KeyText(const KeyField& field, const RowKey& key) { return Literal(field, key); }

}  // namespace mbk
