#include "repository/tree_check.h"

#include <fmt/core.h>

#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "manifest/tree_form.h"

namespace mbk {
namespace {

constexpr std::size_t kMostSamples = 5;

// The index and the listing, both in key order, walked side by side.
class Comparison {
 public:
  using OnUnknown = std::function<void(const ObjectInfo& listed)>;
  /// `on_unknown` sees what the index does not have.
  Comparison(const ObjectIndex& index, const BinlogTree& tree, TreeMatch on_match, OnUnknown on_unknown = {})
      : index_(index), tree_(tree), on_match_(std::move(on_match)), on_unknown_(std::move(on_unknown)) {}

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
    if (on_unknown_) on_unknown_(listed);
    return {};
  }

  // What the listing did not come to is missing.
  void NoteTheRest() {
    for (; next_ < index_.size(); ++next_) NoteAbsent(index_.at(next_).KeyIn(tree_));
  }
  void Note(std::string problem) { problems_.Add(std::move(problem)); }
  Findings& problems() { return problems_; }

  Status Finish() {
    NoteTheRest();
    if (problems_.empty()) return {};
    return DataLoss(fmt::format("{} of {} objects are missing or damaged: {}", problems_.count(),
                                index_.size(), problems_.Summary(kMostSamples)));
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
    if (listed.size == 0) {
      Note(fmt::format("{} is empty", listed.key.str()));
      return {};
    }
    return on_match_ ? on_match_(listed, expected) : Status();
  }

  const ObjectIndex& index_;
  const BinlogTree& tree_;
  const TreeMatch on_match_;
  const OnUnknown on_unknown_;
  std::size_t next_ = 0;
  ObjectKey last_match_;  ///< the last that was in both
  Findings problems_;
};

// A restore of its directory would take it in, and what it is of may have been lost from the metadata.
std::string Stray(const ObjectKey& key) {
  return fmt::format("{} is not of this backup: no metadata name it", key.str());
}

// Of snapshots everything lies outside of binlogs/, and no metadata name it.
bool IsBinlog(const BinlogTree& tree, const ObjectKey& key) {
  return key.str().starts_with(tree.DataPrefix()) && HasFormOfBinlog(tree, key);
}

/// The partitions of which an index has objects; made when first asked.
class PartitionsOf {
 public:
  explicit PartitionsOf(const ObjectIndex& index) : index_(index) {}
  /// Whether `key`, below the directory of a collection, is of one of them.
  bool Have(std::string_view below_collection) {
    if (!ids_) {
      ids_.emplace();
      for (std::size_t i = 0; i < index_.size(); ++i)
        ids_->insert(std::to_string(index_.at(i).segment->partition_id));
    }
    return ids_->contains(std::string(below_collection.substr(0, below_collection.find('/'))));
  }

 private:
  const ObjectIndex& index_;
  std::optional<std::set<std::string>> ids_;
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
  std::optional<Comparison> comparison;
  comparison.emplace(index, tree, TreeMatch(), [&](const ObjectInfo& listed) {
    if (IsBinlog(tree, listed.key)) comparison->Note(Stray(listed.key));
  });
  MBK_TRY(ForEachObject(store, tree.prefix(), context, [&](const ObjectInfo& listed) -> Status {
    if (on_listed) MBK_TRY(on_listed(listed));
    return comparison->Visit(listed);
  }));
  return comparison->Finish().WithContext(store.identity().Url(ObjectKey(tree.prefix())));
}

Result<TreeFindings> ExamineTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                                 const std::function<bool(const ObjectKey&)>& is_expected,
                                 const CallContext& context) {
  TreeFindings findings;
  auto matched = [&](const ObjectInfo& listed, const DataObject& object) {
    ++findings.objects;
    findings.bytes += listed.size;
    if (object.log->size == 0) ++findings.sizes_unknown;
    return Status();
  };
  std::optional<Comparison> comparison;
  auto unknown = [&](const ObjectInfo& listed) {
    const bool stands_for_a_directory = listed.size == 0 && listed.key.str().ends_with('/');
    if (stands_for_a_directory || is_expected(listed.key)) return;
    if (HasFormOfBinlog(tree, listed.key))
      comparison->Note(Stray(listed.key));
    else
      findings.foreign.Add(listed.key.str());
  };
  comparison.emplace(index, tree, matched, unknown);
  MBK_TRY(ForEachObject(store, tree.prefix(), context,
                        [&](const ObjectInfo& listed) { return comparison->Visit(listed); }));
  comparison->NoteTheRest();
  findings.damage = std::move(comparison->problems());
  return findings;
}

Result<CollectionFindings> ExamineCollection(ObjectReader& store, const BinlogTree& tree,
                                             std::int64_t collection_id, const ObjectIndex& index,
                                             const TreeMatch& on_match, const CallContext& context) {
  CollectionFindings findings;
  PartitionsOf partitions(index);
  std::string prefix;
  std::optional<Comparison> comparison;
  auto unknown = [&](const ObjectInfo& listed) {
    if (!findings.stray) findings.stray = listed.key;
    if (!IsBinlog(tree, listed.key)) return;
    findings.stray_binlogs.Add(Stray(listed.key));
    if (!partitions.Have(std::string_view(listed.key.str()).substr(prefix.size())))
      comparison->Note(
          fmt::format("{} is of a partition of which the metadata name no files", listed.key.str()));
  };
  comparison.emplace(index, tree, on_match, unknown);
  // In key order, as the index is.
  for (const std::string& of_kind :
       {tree.DeltaLogPrefix(collection_id), tree.InsertLogPrefix(collection_id)}) {
    prefix = of_kind;
    MBK_TRY(ForEachObject(store, prefix, context,
                          [&](const ObjectInfo& listed) { return comparison->Visit(listed); }));
  }
  comparison->NoteTheRest();
  findings.damage = std::move(comparison->problems());
  return findings;
}

Status DamageOf(const Findings& damage, const ObjectReader& store, const BinlogTree& tree) {
  if (damage.empty()) return {};
  return DataLoss(fmt::format("{}: {} objects are missing or damaged: {}",
                              store.identity().Url(ObjectKey(tree.prefix())), damage.count(),
                              damage.Summary(Findings::kMostNamed)));
}

Result<std::optional<ObjectKey>> CheckCollection(ObjectReader& store, const BinlogTree& tree,
                                                 std::int64_t collection_id, const ObjectIndex& index,
                                                 const CallContext& context) {
  MBK_TRY_ASSIGN(CollectionFindings found,
                 ExamineCollection(store, tree, collection_id, index, TreeMatch(), context));
  MBK_TRY(DamageOf(found.damage, store, tree));
  return std::move(found.stray);
}

}  // namespace mbk
