#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "store/local/tree.h"
#include "store/object_store.h"

/// Multipart uploads on a file system: one hidden file beside the target, to which parts are appended as they
/// come. Parts in files of their own would have to be read and written once more.
namespace mbk::local_internal {

/// Append the bytes of a part to the file.
using PartWriter = std::function<Status(int fd, const std::string& path)>;

/// One upload. Dropped before Complete, it leaves nothing. Calls take turns.
class Upload {
 public:
  explicit Upload(PendingFile file) : file_(std::move(file)) {}

  const std::string& path() const { return file_.path(); }
  /// Part `number` follows the parts before, or replaces the last one. After an error it may be sent again.
  Result<UploadedPart> Append(int number, const PartWriter& write);
  /// Give the file its name. kFailedPrecondition when `parts` are not those that were sent.
  Result<WriteResult> Complete(std::span<const UploadedPart> parts);

 private:
  struct Sent {
    UploadedPart part;
    std::int64_t end = 0;  ///< size of the file with this part
  };
  Status CheckParts(std::span<const UploadedPart> parts) const;

  std::mutex mutex_;
  PendingFile file_;
  std::vector<Sent> sent_;
  int writes_ = 0;  ///< part of the etags: a part that was replaced has another
};

/// The uploads of a store by their ids. Thread-safe.
class UploadTable {
 public:
  UploadId Add(const ObjectKey& key, std::shared_ptr<Upload> upload);
  /// kNotFound when there is none of that id.
  Result<std::shared_ptr<Upload>> Find(const UploadId& upload) const;
  /// No error when there is none.
  void Remove(const UploadId& upload);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Upload>> uploads_;
};

}  // namespace mbk::local_internal
