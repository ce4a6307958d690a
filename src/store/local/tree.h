#pragma once

#include <string>
#include <string_view>

#include "base/named.h"
#include "base/status.h"
#include "store/local/posix.h"
#include "store/object_store.h"

/// From keys to files: which keys are allowed, how their directories are reached, made and removed, how a
/// file appears under its name at once.
namespace mbk::local_internal {

/// What this program makes for itself begins so; it is never listed, and no key may contain it.
inline constexpr std::string_view kHiddenPrefix = ".mbk-";

/// The directory that a key's file is in, and its name there.
struct Place {
  posix::Fd directory;  ///< opened for its path only (O_PATH)
  std::string name;
  std::string path;  ///< for messages
};

/// The directory tree of a LocalStore. Thread-safe.
class Tree {
 public:
  /// Keys are paths below `base`.
  static Tree Below(std::string base) { return Tree(std::move(base), ""); }
  /// Keys are paths, all of which begin with `root`; an empty one is any.
  static Tree Rooted(std::string root) { return Tree("", root == "/" ? "" : std::move(root)); }
  /// The tree of a CopySource: only where keys are paths does `key` begin with what `bucket` names, since
  /// no key below a base begins with "/".
  static Tree OfSource(const BucketName& bucket, std::string_view key);

  /// What names the tree: its base or its root, "" when it has neither.
  BucketName name() const { return BucketName(base_.empty() ? root_ : base_); }
  std::string PathOf(std::string_view key) const;
  /// kInvalidArgument for the keys that LocalStore refuses.
  Status CheckKey(std::string_view key) const;
  /// The same for the directory part of a listing's prefix, which ends in "/".
  Status CheckDirectory(std::string_view directory) const;

  /// Where the file of `key` is, or would be. kNotFound when a directory on the way is missing.
  Result<Place> Find(const std::string& key) const;
  /// Where the file of `key` is to be; makes the directories. kNotFound when the base is missing, or
  /// when another thread or process removes a directory on the way: see PendingFile::Create.
  Result<Place> Make(const std::string& key) const;
  /// A directory below the base; "" is the base itself, or where relative keys begin.
  Result<posix::Fd> OpenDirectory(const std::string& directory) const;
  /// Open the file of `key` for reading; kNotFound when there is none or it is no regular file.
  Result<posix::Fd> OpenFile(const std::string& key, std::string_view action) const;

  /// Make the base or root and its parents; kPermissionDenied when nothing can be written into it.
  Status MakeTop() const;
  /// Remove the directories above `key` that hold nothing, or only what killed runs left in them, up to the
  /// base or root, which stay.
  void Prune(std::string key) const;

 private:
  Tree(std::string base, std::string root) : base_(std::move(base)), root_(std::move(root)) {}

  /// Whether `key` begins with the root; its part below it is then what is checked.
  bool IsRooted(std::string_view key) const;
  /// O_NOFOLLOW for the component of `key` that ends at `end`, or 0: above base and root symbolic links are
  /// the administrator's, below they must not lead out.
  int FollowFlag(std::size_t end) const;
  enum class Missing { kFail, kMake };
  Result<Place> Walk(const std::string& key, Missing missing) const;

  std::string base_;  ///< empty where keys are paths
  std::string root_;  ///< may be set where keys are paths
};

/// Lock what this process has just made under a hidden name, so that nobody takes it for abandoned. kNotFound
/// when somebody just did. The lock goes with the descriptor.
Status Claim(const posix::Fd& made, std::string_view path);

/// Remove what was made under hidden names in `directory` and is not locked: the runs that made it were
/// killed. Whether there was any. What cannot be removed stays.
bool RemoveAbandoned(const posix::Fd& directory);

/// A file that does not show under its name before Publish; removed when it is dropped earlier.
class PendingFile {
 public:
  static Result<PendingFile> Create(const Tree& tree, const std::string& key);
  PendingFile(PendingFile&& other) noexcept = default;
  PendingFile& operator=(PendingFile&&) = delete;
  ~PendingFile();

  int fd() const { return file_.get(); }
  const std::string& path() const { return place_.path; }
  /// Sync, and give the file its name; kAlreadyExists when the condition is kIfAbsent and the name taken.
  /// The result is the file's etag.
  Result<std::string> Publish(PutCondition condition);

 private:
  PendingFile(Place place, std::string hidden_name, posix::Fd file)
      : place_(std::move(place)), hidden_name_(std::move(hidden_name)), file_(std::move(file)) {}
  Status Rename(PutCondition condition);

  Place place_;
  std::string hidden_name_;  ///< empty once it is published
  posix::Fd file_;
};

/// Give `from` the name `to` in the same directory unless it is taken; two ways, since no file system
/// knows both: renameat2 fails on NFS, hard links on FAT and SMB. 0, or an errno.
int RenameIfAbsent(int directory, const char* from, const char* to);
int LinkIfAbsent(int directory, const char* from, const char* to);

/// Size, modification time and inode: changes whenever the content may have.
std::string EtagOf(const struct stat& status);

}  // namespace mbk::local_internal
