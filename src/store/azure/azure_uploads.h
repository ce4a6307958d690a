#pragma once

#include <mutex>
#include <set>
#include <string>

#include "store/object_store.h"

namespace mbk::azure {

/// Which uploads are under way. The service keeps blocks by blob, not by upload: whose they are stands in
/// their ids, and which uploads are open is known here alone. Thread-safe. Internal to store/azure/.
class Uploads {
 public:
  UploadId Start(const ObjectKey& key);
  /// kNotFound when it was not started here, or is completed or aborted.
  Status Check(const UploadId& upload) const;
  void Forget(const UploadId& upload);

 private:
  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> open_;
};

/// The id of a part's block, base64. All ids of a blob must be of one length; these are as long as those of
/// the Go tool ("block-00000001"), whose leftovers may wait in the same blob, and differ from them and from
/// those of any other upload, so that no upload ever commits the blocks of another.
std::string BlockId(const UploadId& upload, int part_number);

}  // namespace mbk::azure
