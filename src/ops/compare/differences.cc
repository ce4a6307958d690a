#include "ops/compare/differences.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "ops/rows/collection_rows.h"

namespace mbk {
namespace {

using rows::KeyHash;
using rows::RowSource;

struct KeyedRow {
  Hash128 key;
  Hash128 row;
};

bool operator<(const KeyedRow& a, const KeyedRow& b) {
  return std::tie(a.key, a.row) < std::tie(b.key, b.row);
}

const Column* KeysOf(const RowSource& source, const RowBatch& batch) {
  const FieldSchema* key = PrimaryKeyOf(source.schema());
  return key == nullptr ? nullptr : batch.Find(key->field_id);
}

Status NoKeys(const RowSource& source) { return Internal(source.name() + ": rows without their keys"); }

// One part of the key space, chosen by the hash of the key.
struct Part {
  std::uint64_t index = 0, count = 1;
  bool Has(const Hash128& key) const {
    return count == 1 || ((key.low ^ key.high) * 0x9E3779B97F4A7C15u >> 32) % count == index;
  }
};

Result<std::vector<KeyedRow>> GatherRows(RowSource& source, const Part& part, const CallContext& context) {
  const RowHasher hasher(source.schema());
  std::vector<KeyedRow> gathered;
  std::mutex mutex;
  MBK_TRY(source.ForEachBatch(
      [&](const std::string&, const RowBatch& batch) -> Status {
        const Column* keys = KeysOf(source, batch);
        if (keys == nullptr) return NoKeys(source);
        MBK_TRY_ASSIGN(const std::vector<Hash128> hashes, hasher.HashRows(batch));
        std::vector<KeyedRow> found;
        for (std::int64_t row = 0; row < batch.rows; ++row) {
          const Hash128 key = KeyHash(*keys, row);
          if (part.Has(key)) found.push_back({key, hashes[static_cast<std::size_t>(row)]});
        }
        std::scoped_lock lock(mutex);
        gathered.insert(gathered.end(), found.begin(), found.end());
        return {};
      },
      context));
  std::sort(gathered.begin(), gathered.end());
  return gathered;
}

// The keys that differ: how, by the hash of the key. Sorted.
struct DifferentKey {
  Hash128 key;
  RowDifference::Kind kind = RowDifference::Kind::kChanged;
};

// Rows of both sides, sorted by key. A key may stand several times (in several partitions): equal rows cancel
// out, what is left over pairs up as changed.
class Difference {
 public:
  Difference(Comparison& comparison, std::int64_t max_keys) : comparison_(comparison), max_keys_(max_keys) {}

  void Add(const std::vector<KeyedRow>& left, const std::vector<KeyedRow>& right) {
    auto l = left.begin(), r = right.begin();
    while (l != left.end() || r != right.end()) {
      const Hash128 key = l == left.end() ? r->key : r == right.end() ? l->key : std::min(l->key, r->key);
      const auto l_end = std::find_if(l, left.end(), [&](const KeyedRow& row) { return row.key != key; });
      const auto r_end = std::find_if(r, right.end(), [&](const KeyedRow& row) { return row.key != key; });
      CompareKey(key, {l, l_end}, {r, r_end});
      l = l_end;
      r = r_end;
    }
  }
  const std::vector<DifferentKey>& keys() const { return keys_; }

 private:
  void CompareKey(const Hash128& key, const std::vector<KeyedRow>& left, const std::vector<KeyedRow>& right) {
    std::vector<KeyedRow> only_left, only_right;
    std::set_difference(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(only_left));
    std::set_difference(right.begin(), right.end(), left.begin(), left.end(), std::back_inserter(only_right));
    const auto changed = static_cast<std::int64_t>(std::min(only_left.size(), only_right.size()));
    const auto missing = static_cast<std::int64_t>(only_left.size()) - changed;
    const auto extra = static_cast<std::int64_t>(only_right.size()) - changed;
    comparison_.changed += changed;
    comparison_.missing += missing;
    comparison_.extra += extra;
    if (changed > 0) Note(key, RowDifference::Kind::kChanged);
    if (missing > 0) Note(key, RowDifference::Kind::kMissing);
    if (extra > 0) Note(key, RowDifference::Kind::kExtra);
  }
  void Note(const Hash128& key, RowDifference::Kind kind) {
    if (static_cast<std::int64_t>(keys_.size()) < max_keys_) keys_.push_back({key, kind});
  }

  Comparison& comparison_;
  const std::int64_t max_keys_;
  std::vector<DifferentKey> keys_;
};

// A row taken out of a batch: its key, also as text, and the canonical bytes of its fields; no value for
// null.
struct TakenRow {
  RowSource::PlacedKey at;
  std::string key;
  std::vector<std::optional<std::string>> values;
};

std::string KeyText(const Column& keys, std::int64_t row) {
  if (keys.type == DataType::kInt64) return std::to_string(keys.NumberAt<std::int64_t>(row));
  return nlohmann::json(keys.BytesAt(row)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The rows of the keys that differ; of a key that stands several times one of them.
Result<std::map<Hash128, TakenRow>> TakeRows(RowSource& source, const std::vector<DifferentKey>& wanted,
                                             const CallContext& context) {
  const RowHasher hasher(source.schema());
  std::map<Hash128, TakenRow> taken;
  std::mutex mutex;
  MBK_TRY_ASSIGN(const KeyField field, KeyField::Of(source.schema()));
  std::vector<Hash128> wanted_keys;
  for (const DifferentKey& one : wanted) wanted_keys.push_back(one.key);
  std::sort(wanted_keys.begin(), wanted_keys.end());
  auto is_wanted = [&](const Hash128& key) {
    return std::binary_search(wanted_keys.begin(), wanted_keys.end(), key);
  };
  MBK_TRY(source.ForEachBatch(
      [&](const std::string& partition, const RowBatch& batch) -> Status {
        const Column* keys = KeysOf(source, batch);
        if (keys == nullptr) return NoKeys(source);
        for (std::int64_t row = 0; row < batch.rows; ++row) {
          const Hash128 key = KeyHash(*keys, row);
          if (!is_wanted(key)) continue;
          TakenRow one{.at = {partition, field.At(*keys, row)}, .key = KeyText(*keys, row)};
          for (const FieldSchema& field : hasher.fields()) {
            const Column* column = batch.Find(field.field_id);
            if (column == nullptr) return Internal(source.name() + ": rows without field " + field.name);
            if (column->IsNull(row)) {
              one.values.emplace_back();
              continue;
            }
            MBK_TRY_ASSIGN(std::string bytes, CanonicalBytes(*column, row));
            one.values.emplace_back(std::move(bytes));
          }
          std::scoped_lock lock(mutex);
          taken.insert_or_assign(key, std::move(one));
        }
        return {};
      },
      context));
  return taken;
}

std::vector<std::string> ChangedFields(const RowHasher& hasher, const TakenRow& left, const TakenRow& right) {
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < hasher.fields().size(); ++i)
    if (left.values[i] != right.values[i]) changed.push_back(hasher.fields()[i].name);
  return changed;
}

// A side and what was taken of it.
struct TakenSide {
  RowSource& source;
  const std::map<Hash128, TakenRow>& rows;
};

Result<std::vector<bool>> FindRepeated(const TakenSide& side, const std::vector<Hash128>& keys,
                                       const CallContext& context) {
  std::vector<RowSource::PlacedKey> placed;
  for (const Hash128& key : keys) placed.push_back(side.rows.at(key).at);
  return side.source.FindRepeated(placed, context);
}

// How many of the first changed keys stand more than once at either side.
Result<std::int64_t> CountRepeated(const TakenSide& left, const TakenSide& right,
                                   const std::vector<DifferentKey>& different, const CallContext& context) {
  std::vector<Hash128> changed;
  for (const DifferentKey& one : different)
    if (one.kind == RowDifference::Kind::kChanged && left.rows.contains(one.key) &&
        right.rows.contains(one.key) && changed.size() < kMostRepeatedLookedFor)
      changed.push_back(one.key);
  MBK_TRY_ASSIGN(const std::vector<bool> at_left, FindRepeated(left, changed, context));
  MBK_TRY_ASSIGN(const std::vector<bool> at_right, FindRepeated(right, changed, context));
  std::int64_t repeated = 0;
  for (std::size_t i = 0; i < changed.size(); ++i) repeated += at_left[i] || at_right[i] ? 1 : 0;
  return repeated;
}

}  // namespace

Status FindDifferences(RowSource& left, RowSource& right, const CompareOptions& options,
                       Comparison& comparison, const CallContext& context) {
  const std::int64_t rows = std::max(comparison.left.total.rows, comparison.right.total.rows);
  Part part{.count = static_cast<std::uint64_t>(rows / options.max_keys + 1)};
  Difference difference(comparison, std::max<std::int64_t>(options.max_differences, kMostRepeatedLookedFor));
  for (; part.index < part.count; ++part.index) {
    MBK_TRY_ASSIGN(const std::vector<KeyedRow> left_rows, GatherRows(left, part, context));
    MBK_TRY_ASSIGN(const std::vector<KeyedRow> right_rows, GatherRows(right, part, context));
    difference.Add(left_rows, right_rows);
  }
  MBK_TRY_ASSIGN(const auto left_taken, TakeRows(left, difference.keys(), context));
  MBK_TRY_ASSIGN(const auto right_taken, TakeRows(right, difference.keys(), context));
  const RowHasher hasher(left.schema());
  for (const DifferentKey& one : difference.keys()) {
    const auto l = left_taken.find(one.key), r = right_taken.find(one.key);
    if (l == left_taken.end() && r == right_taken.end()) continue;  // gone since: the passes differ anyway
    RowDifference found{.kind = one.kind, .key = l == left_taken.end() ? r->second.key : l->second.key};
    if (l != left_taken.end() && r != right_taken.end())
      found.fields = ChangedFields(hasher, l->second, r->second);
    comparison.differences.push_back(std::move(found));
  }
  std::sort(comparison.differences.begin(), comparison.differences.end(),
            [](const RowDifference& a, const RowDifference& b) {
              return std::tie(a.key, a.kind) < std::tie(b.key, b.kind);
            });
  if (static_cast<std::int64_t>(comparison.differences.size()) > options.max_differences)
    comparison.differences.resize(static_cast<std::size_t>(options.max_differences));
  MBK_TRY_ASSIGN(comparison.repeated,
                 CountRepeated({left, left_taken}, {right, right_taken}, difference.keys(), context));
  return {};
}

}  // namespace mbk
