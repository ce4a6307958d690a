#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/status.h"
#include "store/object_store.h"

/// What copy and migrate have in common: the files below a directory of a store, carried to another one.
namespace mbk {

/// What an object browser writes for a directory: there is nothing in it to carry.
bool IsPlaceholder(const ObjectInfo& object);

/// The files below a prefix in the store's order, asked for page by page: a million of them need no memory.
class FileListing {
 public:
  using Keep = std::function<bool(const ObjectInfo&)>;

  /// Those that `keep` wants. `store` outlives the listing.
  FileListing(ObjectReader& store, std::string prefix, Keep keep, const CallContext& context)
      : store_(store), keep_(std::move(keep)), context_(context), request_{.prefix = std::move(prefix)} {}

  Result<std::optional<ObjectInfo>> Next();
  /// A key without the prefix that all of them begin with.
  std::string_view Below(const ObjectKey& key) const {
    return std::string_view(key.str()).substr(request_.prefix.size());
  }

 private:
  Status ReadPage();

  ObjectReader& store_;
  const Keep keep_;
  const CallContext context_;
  ListRequest request_;
  std::deque<ObjectInfo> page_;
  bool last_page_ = false;
};

/// What a set of files comes to, in whatever order they are added. Two sets that differ in a key or a size
/// differ in this, but for a chance of less than one in 2^30 even where sizes differ by gigabytes.
struct Extent {
  std::int64_t objects = 0;
  std::int64_t bytes = 0;
  std::uint64_t fingerprint = 0;

  void Add(std::string_view relative_key, std::int64_t size);
  bool operator==(const Extent&) const = default;
};

/// kDataLoss with the first file in which two listings differ, by relative key or size. Neither has been read
/// from.
Status NameDifference(FileListing& source, FileListing& copy);

}  // namespace mbk
