#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "milvus/row_cursor.h"

// SplitKeys. The rank of a key, how many rows come before it, is one count(*); the keys that cut a range in
// equal parts are found by bisection over the ranks.
namespace mbk {
namespace {

using Text = std::vector<char32_t>;

/// Code points; bytes that are not UTF-8, which no server gives, count as one each.
Text Decode(std::string_view text) {
  Text out;
  while (!text.empty()) {
    const utf8::Character character = utf8::FirstCharacter(text);
    const std::size_t size = character.whole ? character.length : 1;
    out.push_back(character.whole ? utf8::CodePoint(text.substr(0, size))
                                  : static_cast<unsigned char>(text[0]));
    text.remove_prefix(size);
  }
  return out;
}

std::string Encode(const Text& text) {
  std::string out;
  for (char32_t point : text) utf8::Append(point, out);
  return out;
}

/// Halves intervals of keys. Texts are halved among the characters that keys were seen to have, so that the
/// steps go where there are keys.
class Halver {
 public:
  explicit Halver(bool is_text) : is_text_(is_text) {}

  void Saw(const RowKey& key) {
    for (char32_t point : Decode(key.text)) seen_.insert(point);
  }

  /// A key well between the two, greater than `low` and less than `high` (nullopt: no bound); nullopt when
  /// there is none, or for texts none that is worth looking for.
  std::optional<RowKey> Between(const RowKey& low, const std::optional<RowKey>& high) const {
    if (is_text_) return BetweenTexts(low, high);
    const std::int64_t top = high ? high->number : std::numeric_limits<std::int64_t>::max();
    const auto span = static_cast<std::uint64_t>(top) - static_cast<std::uint64_t>(low.number);
    if (top <= low.number || span < 2) return std::nullopt;
    return RowKey{.number = static_cast<std::int64_t>(static_cast<std::uint64_t>(low.number) + span / 2)};
  }

 private:
  static constexpr char32_t kBehindAll = 0x110000;
  static constexpr std::size_t kLongest = 256;  // texts that differ only behind are not told apart

  std::optional<RowKey> BetweenTexts(const RowKey& low, const std::optional<RowKey>& high) const {
    const Text from = Decode(low.text);
    const Text to = high ? Decode(high->text) : Text();
    bool bounded = high.has_value();
    Text prefix;
    while (prefix.size() < kLongest) {
      const std::size_t at = prefix.size();
      const bool starts = at >= from.size();  // the empty rest: any character comes behind it
      if (bounded && at >= to.size()) return std::nullopt;
      const char32_t top = bounded ? to[at] : kBehindAll;
      if (!starts && from[at] == top) {
        prefix.push_back(top);
        continue;
      }
      if (std::optional<char32_t> middle = MiddleOf(starts, starts ? 0 : from[at], top)) {
        prefix.push_back(*middle);
        return RowKey{.text = Encode(prefix)};
      }
      if (starts) return std::nullopt;
      prefix.push_back(from[at]);  // the rest of `low`, and no bound
      bounded = false;
    }
    return std::nullopt;
  }

  /// The middle one of the characters seen between `low` (`inclusive`: itself too) and `high`.
  std::optional<char32_t> MiddleOf(bool inclusive, char32_t low, char32_t high) const {
    auto first = inclusive ? seen_.lower_bound(low) : seen_.upper_bound(low);
    auto last = seen_.lower_bound(high);
    if (first == last || (first != seen_.end() && *first >= high)) return std::nullopt;
    return *std::next(first, std::distance(first, last) / 2);
  }

  bool is_text_;
  std::set<char32_t> seen_;
};

class Splitter {
 public:
  Splitter(MilvusClient& client, CountRowsRequest count, KeyField key, KeyRange range,
           const CallContext& context)
      : client_(client),
        count_(std::move(count)),
        key_(std::move(key)),
        range_(std::move(range)),
        halver_(key_.is_text),
        context_(context) {
    count_.newest = false;
  }

  Result<std::vector<KeyRange>> Split(int parts) {
    MBK_TRY_ASSIGN(total_, Count(range_));
    parts = static_cast<int>(std::min<std::int64_t>(parts, total_ / kRowsWorthAPart + 1));
    if (parts <= 1) return std::vector<KeyRange>{range_};
    MBK_TRY_ASSIGN(smallest_, Look(range_));
    if (!smallest_) return std::vector<KeyRange>{range_};
    if (!key_.is_text) MBK_TRY(FindTop());
    std::vector<RowKey> cuts;
    for (int i = 1; i < parts; ++i) {
      MBK_TRY_ASSIGN(std::optional<RowKey> cut, Find(total_ * i / parts, total_ / (4 * parts)));
      if (cut && (cuts.empty() || cuts.back() < *cut)) cuts.push_back(std::move(*cut));
    }
    return Between(cuts);
  }

 private:
  /// Below this, several readers gain nothing: it is a page or two.
  static constexpr std::int64_t kRowsWorthAPart = 2 * kMaxQueryRows;
  static constexpr int kMostSteps = 80;  // more than an Int64 has bits

  Result<std::int64_t> Count(const KeyRange& range) {
    if (IsEmptyRange(key_, range)) return std::int64_t{0};
    count_.expression = KeyExpression(key_, range);
    return client_.CountRows(count_, context_);
  }

  /// How many rows of the range come before `key`.
  Result<std::int64_t> Rank(const RowKey& key) {
    if (auto known = ranks_.find(key); known != ranks_.end()) return known->second;
    KeyRange before = range_;
    before.to = key;
    MBK_TRY_ASSIGN(std::int64_t rank, Count(before));
    ranks_[key] = rank;
    return rank;
  }

  /// The smallest key of `range`; nullopt when there is none. Learns from the first ones what keys look like.
  Result<std::optional<RowKey>> Look(const KeyRange& range) {
    constexpr std::int64_t kSample = 256;
    if (IsEmptyRange(key_, range)) return std::optional<RowKey>();
    QueryRowsRequest request{.collection = count_.collection,
                             .schema = count_.schema,
                             .expression = KeyExpression(key_, range),
                             .output_fields = {key_.name},
                             .partition_names = count_.partition_names,
                             .limit = key_.is_text ? kSample : 1,
                             .newest = false};
    MBK_TRY_ASSIGN(RowBatch page, client_.QueryRows(request, context_));
    const Column* keys = page.Find(key_.field_id);
    if (keys == nullptr || page.rows == 0) return std::optional<RowKey>();
    for (std::int64_t row = 0; row < page.rows; ++row) halver_.Saw(key_.At(*keys, row));
    return std::optional<RowKey>(key_.At(*keys, 0));
  }

  /// A bound above the numbers there are: keys are often close together and far from the end.
  Status FindTop() {
    std::uint64_t step = 1 << 16;
    const auto limit =
        static_cast<std::uint64_t>(range_.to ? range_.to->number : std::numeric_limits<std::int64_t>::max());
    for (;; step <<= 8) {
      const auto low = static_cast<std::uint64_t>(smallest_->number);
      if (step >= limit - low) return {};
      const RowKey top{.number = static_cast<std::int64_t>(low + step)};
      MBK_TRY_ASSIGN(std::int64_t rank, Rank(top));
      if (rank >= total_ || step >= std::uint64_t{1} << 55) return {};
    }
  }

  /// A key whose rank is `wanted`, give or take `tolerance`, or the nearest that could be found.
  Result<std::optional<RowKey>> Find(std::int64_t wanted, std::int64_t tolerance) {
    RowKey low = *smallest_;
    std::int64_t low_rank = 0;
    std::optional<RowKey> high = range_.to;
    for (const auto& [key, rank] : ranks_) {
      if (rank > wanted) {
        if (!high || key < *high) high = key;
      } else if (low < key) {
        low = key;
        low_rank = rank;
      }
    }
    std::optional<RowKey> best = Nearest(wanted);
    for (int step = 0; step < kMostSteps && Miss(best, wanted) > tolerance; ++step) {
      std::optional<RowKey> middle = halver_.Between(low, high);
      if (!middle) break;
      MBK_TRY_ASSIGN(std::int64_t rank, Rank(*middle));
      if (rank > wanted) {
        high = std::move(middle);
      } else {
        // Nothing lies below: on to the next key there is, lest a text grow towards the end of its like.
        if (rank == low_rank && key_.is_text) {
          MBK_TRY_ASSIGN(middle, Look({.from = middle, .to = high}));
          if (!middle) break;
        }
        low = std::move(*middle);
        low_rank = rank;
      }
      best = Nearest(wanted);
    }
    return best;
  }

  /// Of the keys that were ranked, the one whose rank is nearest; none that has all rows on one side.
  std::optional<RowKey> Nearest(std::int64_t wanted) const {
    std::optional<RowKey> best;
    for (const auto& [key, rank] : ranks_) {
      if (rank > 0 && rank < total_ && std::abs(rank - wanted) < Miss(best, wanted)) best = key;
    }
    return best;
  }

  std::int64_t Miss(const std::optional<RowKey>& key, std::int64_t wanted) const {
    if (!key) return std::numeric_limits<std::int64_t>::max();
    return std::abs(ranks_.at(*key) - wanted);
  }

  std::vector<KeyRange> Between(const std::vector<RowKey>& cuts) const {
    std::vector<KeyRange> ranges = {range_};
    for (const RowKey& cut : cuts) {
      ranges.back().to = cut;
      ranges.push_back({.from = cut, .to = range_.to});
    }
    return ranges;
  }

  MilvusClient& client_;
  CountRowsRequest count_;
  const KeyField key_;
  const KeyRange range_;
  Halver halver_;
  const CallContext& context_;
  std::int64_t total_ = 0;
  std::optional<RowKey> smallest_;
  std::map<RowKey, std::int64_t> ranks_;
};

}  // namespace

Result<std::vector<KeyRange>> SplitKeys(MilvusClient& client, const CollectionName& collection,
                                        const CollectionSchema& schema, const std::string& partition_name,
                                        const KeyRange& range, int parts, const CallContext& context) {
  MBK_TRY_ASSIGN(KeyField key, KeyField::Of(schema));
  if (parts <= 1 || IsEmptyRange(key, range)) return std::vector<KeyRange>{range};
  CountRowsRequest count{.collection = collection, .schema = &schema};
  if (!partition_name.empty()) count.partition_names = {partition_name};
  return Splitter(client, std::move(count), std::move(key), range, context).Split(parts);
}

}  // namespace mbk
