#include "manifest/tree_form.h"

#include "manifest/own_objects.h"

namespace mbk {
namespace {

// What the key says of an object with content; one outside of `prefix` is foreign.
BackupPart PartBelow(std::string_view prefix, const ObjectKey& key) {
  const std::string_view text = key.str();
  return text.starts_with(prefix) ? PartOf(text.substr(prefix.size()), 1) : BackupPart::kForeign;
}

}  // namespace

bool HasFormOfBinlog(const BinlogTree& tree, const ObjectKey& key) {
  return PartBelow(tree.prefix(), key) == BackupPart::kData;
}

bool IsMetaFile(const BackupLayout& layout, const ObjectKey& key) {
  const BackupPart part = PartBelow(layout.prefix(), key);
  return part == BackupPart::kMeta || part == BackupPart::kLock || part == BackupPart::kScratch ||
         part == BackupPart::kDeleting;
}

}  // namespace mbk
