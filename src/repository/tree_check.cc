#include "repository/tree_check.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <optional>

namespace mbk {
namespace {

constexpr std::size_t kMostSamples = 5;

// The index and the listing, both in key order, walked side by side.
class Comparison {
 public:
  /// What to do about an object that the index does not have.
  enum class Unknown { kPassOver, kNote };
  Comparison(const ObjectIndex& index, const BinlogTree& tree, TreeMatch on_match,
             Unknown unknown = Unknown::kPassOver, std::size_t max_samples = kMostSamples)
      : index_(index),
        tree_(tree),
        on_match_(std::move(on_match)),
        unknown_(unknown),
        max_samples_(max_samples) {}

  Status Visit(const ObjectInfo& listed) {
    for (; next_ < index_.size(); ++next_) {
      const DataObject expected = index_.at(next_);
      const ObjectKey key = expected.KeyIn(tree_);
      if (key > listed.key) break;
      if (key < listed.key) {
        NoteAbsent(key);
        continue;
      }
      ++next_;
      last_match_ = key;
      return Match(listed, expected);
    }
    if (!first_unknown_) first_unknown_ = listed.key;
    if (unknown_ == Unknown::kNote)
      Note(fmt::format("{} is not of this backup: no metadata name it", listed.key.str()));
    return {};
  }

  // What the listing did not come to is missing.
  void NoteTheRest() {
    for (; next_ < index_.size(); ++next_) NoteAbsent(index_.at(next_).KeyIn(tree_));
  }
  void Note(std::string problem) {
    if (++problems_ <= max_samples_) samples_.push_back(std::move(problem));
  }
  const std::optional<ObjectKey>& first_unknown() const { return first_unknown_; }
  std::size_t problems() const { return problems_; }
  std::vector<std::string>& samples() { return samples_; }

  Status Finish() {
    NoteTheRest();
    if (problems_ == 0) return {};
    return DataLoss(fmt::format("{} of {} objects are missing or damaged: {}{}", problems_, index_.size(),
                                fmt::join(samples_, "; "), problems_ > samples_.size() ? "; …" : ""));
  }

 private:
  // The listing has each object once: metadata that name a segment twice wait for its objects in vain.
  void NoteAbsent(const ObjectKey& key) {
    Note(fmt::format("{} is {}", key.str(), key <= last_match_ ? "named twice by the metadata" : "missing"));
  }
  Status Match(const ObjectInfo& listed, const DataObject& expected) {
    const std::int64_t size = expected.log->size;
    if (size > 0 && listed.size != size) {
      Note(fmt::format("{} has {} bytes instead of {}", listed.key.str(), listed.size, size));
      return {};
    }
    return on_match_ ? on_match_(listed, expected) : Status();
  }

  const ObjectIndex& index_;
  const BinlogTree& tree_;
  const TreeMatch on_match_;
  const Unknown unknown_;
  const std::size_t max_samples_;
  std::size_t next_ = 0;
  ObjectKey last_match_;  ///< the last that was in both
  std::optional<ObjectKey> first_unknown_;
  std::size_t problems_ = 0;
  std::vector<std::string> samples_;
};

}  // namespace

Status CheckTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                 const TreeMatch& on_match, const CallContext& context) {
  Comparison comparison(index, tree, on_match);
  MBK_TRY(ForEachObject(store, tree.DataPrefix(), context,
                        [&](const ObjectInfo& listed) { return comparison.Visit(listed); }));
  return comparison.Finish().WithContext(store.identity().Url(ObjectKey(tree.prefix())));
}

Status CheckWholeTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                      const std::function<Status(const ObjectInfo&)>& on_listed, const CallContext& context) {
  Comparison comparison(index, tree, {});
  MBK_TRY(ForEachObject(store, tree.prefix(), context, [&](const ObjectInfo& listed) -> Status {
    MBK_TRY(on_listed(listed));
    return comparison.Visit(listed);
  }));
  return comparison.Finish().WithContext(store.identity().Url(ObjectKey(tree.prefix())));
}

Result<TreeFindings> ExamineTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                                 std::size_t max_samples, const CallContext& context) {
  TreeFindings findings;
  auto matched = [&](const ObjectInfo& listed, const DataObject&) {
    ++findings.objects;
    findings.bytes += listed.size;
    return Status();
  };
  Comparison comparison(index, tree, matched, Comparison::Unknown::kNote, max_samples);
  MBK_TRY(ForEachObject(store, tree.DataPrefix(), context,
                        [&](const ObjectInfo& listed) { return comparison.Visit(listed); }));
  comparison.NoteTheRest();
  findings.problems = static_cast<std::int64_t>(comparison.problems());
  findings.samples = std::move(comparison.samples());
  return findings;
}

Result<std::optional<ObjectKey>> CheckCollection(ObjectReader& store, const BinlogTree& tree,
                                                 std::int64_t collection_id, const ObjectIndex& index,
                                                 const CallContext& context) {
  Comparison comparison(index, tree, {});
  // In key order, as the index is.
  for (const std::string& prefix :
       {tree.DeltaLogPrefix(collection_id), tree.InsertLogPrefix(collection_id)}) {
    MBK_TRY(ForEachObject(store, prefix, context,
                          [&](const ObjectInfo& listed) { return comparison.Visit(listed); }));
  }
  MBK_TRY(comparison.Finish().WithContext(store.identity().Url(ObjectKey(tree.prefix()))));
  return comparison.first_unknown();
}

}  // namespace mbk
