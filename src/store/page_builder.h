#pragma once

#include <string>
#include <string_view>

#include "store/object_store.h"

namespace mbk {

/// Cuts a sequence of keys in byte order into the pages of a listing, as S3 does: prefix, delimiter,
/// page token. The token is the last key or common prefix of the page before. For the stores that keep
/// their keys themselves (memory, local). Not thread-safe.
class PageBuilder {
 public:
  enum class Verdict {
    kSkip,  ///< not of this page: another prefix, an earlier page, or folded into a common prefix
    kTake,  ///< describe it with Add
    kFull,  ///< the page is full and this key is of the next one: offer no more
  };

  explicit PageBuilder(const ListRequest& request);

  /// Keys must be offered in ascending byte order.
  Verdict Offer(std::string_view key);
  /// The description of the key that Offer took; leave it out when the object is gone by now.
  void Add(ObjectInfo info);
  /// Whether everything below `directory` (which ends in the delimiter) was on an earlier page.
  bool Behind(std::string_view directory) const;
  ListPage Finish() && { return std::move(page_); }

 private:
  Verdict Count(std::string_view item);
  bool OnEarlierPage(std::string_view key) const;

  const ListRequest& request_;
  int room_;
  std::string last_item_;
  ListPage page_;
};

}  // namespace mbk
