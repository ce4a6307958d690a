#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "model/rows.h"
#include "model/schema.h"

/// Primary keys, ranges of them, and how both are written in Milvus's expressions.
namespace mbk {

/// A key of either kind: of Int64 keys `number` counts, of VarChar keys `text`. Keys are ordered as Milvus
/// orders them: numbers as numbers, texts byte by byte.
struct RowKey {
  std::int64_t number = 0;
  std::string text;
  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

/// The keys k with from ≤ k, after < k, k < to, as far as these are set.
struct KeyRange {
  std::optional<RowKey> from;
  std::optional<RowKey> after;
  std::optional<RowKey> to;
  friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

/// The primary key of a collection, as far as expressions are concerned.
struct KeyField {
  std::int64_t field_id = 0;
  std::string name;
  bool is_text = false;

  /// kInvalidArgument when the schema has no key, or one that is neither Int64 nor VarChar.
  static Result<KeyField> Of(const CollectionSchema& schema);
  RowKey At(const Column& column, std::int64_t row) const;
};

/// A literal that means `text` to every parser of Milvus expressions there is.
std::string TextLiteral(std::string_view text);

/// An expression that is true of the keys of `range`; of an unbounded one too, and then it is not empty:
/// some servers want one. Milvus 2.3.5 cannot parse the smallest Int64, so it is not written.
std::string KeyExpression(const KeyField& key, const KeyRange& range);

/// An expression that is true of `key` alone.
std::string KeyEquals(const KeyField& field, const RowKey& key);

/// Whether `range` can hold no key at all, so that there is nothing to ask for.
bool IsEmptyRange(const KeyField& key, const KeyRange& range);

/// `key` for messages.
std::string KeyText(const KeyField& field, const RowKey& key);

}  // namespace mbk
