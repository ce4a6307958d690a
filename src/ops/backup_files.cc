#include "ops/backup_files.h"

#include <fmt/core.h>

#include <utility>

namespace mbk {

bool IsPlaceholder(const ObjectInfo& object) { return object.size == 0 && object.key.str().ends_with('/'); }

Result<std::optional<ObjectInfo>> FileListing::Next() {
  while (page_.empty() && !last_page_) MBK_TRY(ReadPage());
  if (page_.empty()) return std::optional<ObjectInfo>();
  ObjectInfo object = std::move(page_.front());
  page_.pop_front();
  return std::optional(std::move(object));
}

Status FileListing::ReadPage() {
  MBK_TRY_ASSIGN(ListPage page, store_.List(request_, context_));
  for (ObjectInfo& object : page.objects) {
    if (keep_(object)) page_.push_back(std::move(object));
  }
  request_.page_token = page.next_page_token;
  last_page_ = page.next_page_token.empty();
  return {};
}

void Extent::Add(std::string_view relative_key, std::int64_t size) {
  ++objects;
  bytes += size;
  fingerprint += std::hash<std::string_view>()(relative_key) * (2 * static_cast<std::uint64_t>(size) + 1);
}

Status NameDifference(FileListing& source, FileListing& copy) {
  for (;;) {
    MBK_TRY_ASSIGN(std::optional<ObjectInfo> expected, source.Next());
    MBK_TRY_ASSIGN(std::optional<ObjectInfo> listed, copy.Next());
    if (!expected && !listed) return DataLoss("the backup at the source changed while it was copied");
    const bool same = expected && listed && source.Below(expected->key) == copy.Below(listed->key) &&
                      expected->size == listed->size;
    if (same) continue;
    const ObjectKey& at = expected ? expected->key : listed->key;
    return DataLoss(fmt::format(
        "the copy differs from the source at {}: an object is missing, added or of another size", at.str()));
  }
}

}  // namespace mbk
