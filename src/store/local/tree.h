#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/named.h"
#include "base/status.h"
#include "store/local/posix.h"
#include "store/object_store.h"

/// From keys to files: which keys are allowed, how their directories are reached, made and removed, how a
/// file appears under its name at once.
namespace mbk::local_internal {

/// What this program makes for itself begins so; it is never listed, and no key may contain it.
inline constexpr std::string_view kHiddenPrefix = ".mbk-";

/// Deeper trees do not come from Milvus, and each level costs a listing an open directory.
inline constexpr int kMaxDepth = 128;

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
  /// Remove the directories above `keys` that hold nothing, or only what killed runs left in them, up to the
  /// base or root, which stay. Each directory is looked at once.
  void Prune(const std::vector<std::string>& keys) const;

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

/// Call `remove` for each of `directories`, and for the parents of those that it removed (returned true for),
/// up to `top`, which is left out: the deepest first and each once, since to see that one with thousands of
/// entries is not empty takes reading it.
void ClimbOnce(const std::vector<std::string>& directories, std::string_view top,
               const std::function<bool(const std::string&)>& remove);

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
  const Place& place() const { return place_; }
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

/// The one process, of all that work in a tree, that may compare a file's etag and then replace or remove it:
/// what lies between the two steps is for it alone. A hidden file beside the target, locked (flock), and gone
/// with the turn. Where hosts share a file system without sharing its locks, hosts do not see each other.
class Turn {
 public:
  /// Waits for the turn of others, ten seconds at most: kUnavailable then. kUnimplemented on a file system
  /// without locks.
  static Result<Turn> Take(const Place& place, const CallContext& context);
  Turn(Turn&& other) noexcept = default;
  Turn& operator=(Turn&&) = delete;
  ~Turn();

 private:
  Turn(const posix::Fd& directory, posix::Fd file) : directory_(directory), file_(std::move(file)) {}

  const posix::Fd& directory_;
  posix::Fd file_;
};

/// kFailedPrecondition when the file is gone or has another etag than `etag`.
Status CheckVersion(const Place& place, std::string_view etag);

/// Give `from` the name `to` in the same directory unless it is taken; two ways, since no file system
/// knows both: renameat2 fails on NFS, hard links on FAT and SMB. 0, or an errno.
int RenameIfAbsent(int directory, const char* from, const char* to);
int LinkIfAbsent(int directory, const char* from, const char* to);

/// Size, modification time and inode: changes whenever the content may have.
std::string EtagOf(const struct stat& status);
/// Unix milliseconds.
std::int64_t ModifiedMs(const struct stat& status);

}  // namespace mbk::local_internal
