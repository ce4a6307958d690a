#include "store/local/tree.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <set>

namespace mbk::local_internal {
namespace {

using posix::ErrnoStatus;
using posix::Fd;

constexpr int kDirectoryFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr mode_t kDirectoryMode = 0777;  // less the umask, as every other program makes them
constexpr mode_t kFileMode = 0666;
constexpr char kTurnName[] = ".mbk-turn";
// A turn is two system calls; one that lasts is of a process that was suspended.
constexpr Milliseconds kLongestTurn{10'000};

std::string_view FirstComponent(std::string_view path) { return path.substr(0, path.find('/')); }

// Cut the first component and the slashes behind it off `path`.
std::string_view NextComponents(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return {};
  const std::size_t next = path.find_first_not_of('/', slash);
  return next == std::string_view::npos ? std::string_view() : path.substr(next);
}

// `fd` is the entry, locked. Uploads were directories with a file for each part once, and may still lie
// there.
bool RemoveHidden(const Fd& directory, const posix::Entry& entry, const Fd& fd) {
  if (entry.type != posix::Entry::Type::kDirectory)
    return ::unlinkat(directory.get(), entry.name.c_str(), 0) == 0;
  const auto parts = posix::ReadDirectory(fd.get(), entry.name);
  if (!parts.ok()) return false;
  for (const posix::Entry& part : *parts) ::unlinkat(fd.get(), part.name.c_str(), 0);
  return ::unlinkat(directory.get(), entry.name.c_str(), AT_REMOVEDIR) == 0;
}

std::string ParentOf(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  return std::string(slash == std::string_view::npos ? std::string_view() : key.substr(0, slash));
}

std::string HiddenName() {
  std::random_device random;
  return fmt::format("{}tmp-{:08x}{:08x}", kHiddenPrefix, random(), random());
}

// Run `make`, which makes the directories of a key and something in them, again while somebody's Prune takes
// the new, still empty directories away.
Status RetryWhilePruned(const std::function<Status()>& make) {
  // Each round is lost only if a Prune hits the moment between mkdir and create.
  constexpr int kRounds = 16;
  for (int round = 1;; ++round) {
    Status status = make();
    if (status.code() != Code::kNotFound || round == kRounds) return status;
  }
}

}  // namespace

std::string Tree::PathOf(std::string_view key) const {
  return base_.empty() ? std::string(key) : fmt::format("{}/{}", base_, key);
}

Tree Tree::OfSource(const BucketName& bucket, std::string_view key) {
  Tree rooted = Rooted(bucket.str());
  return rooted.IsRooted(key) ? rooted : Below(bucket.str());
}

bool Tree::IsRooted(std::string_view key) const {
  return root_.empty() || (key.starts_with(root_) && key.substr(root_.size()).starts_with('/'));
}

Status Tree::CheckKey(std::string_view key) const {
  auto refuse = [&](std::string_view why) {
    return InvalidArgument(
        fmt::format("the key \"{}\" cannot be a file: {}", key.substr(0, key.find('\0')), why));
  };
  if (key.empty()) return refuse("it is empty");
  if (key.find('\0') != std::string_view::npos) return refuse("it contains a NUL byte");
  if (key.ends_with('/')) return refuse("it ends in \"/\"");
  if (!IsRooted(key)) return refuse(fmt::format("it does not begin with {}/", root_));
  const bool one_path_a_file = !base_.empty() || !root_.empty();
  int depth = 0;
  for (std::size_t begin = root_.empty() ? 0 : root_.size() + 1; begin <= key.size();) {
    const std::string_view component = FirstComponent(key.substr(begin));
    begin += component.size() + 1;
    if (component == "..") return refuse("it contains \"..\"");
    if (component.starts_with(kHiddenPrefix)) return refuse("names that begin with \".mbk-\" are reserved");
    if (one_path_a_file && (component.empty() || component == ".")) {
      return refuse("it contains an empty component or \".\"");
    }
    if (++depth > kMaxDepth) return refuse(fmt::format("it is more than {} directories deep", kMaxDepth));
  }
  return {};
}

Status Tree::CheckDirectory(std::string_view directory) const {
  const std::string_view path = directory.substr(0, directory.size() - 1);
  const bool is_root = base_.empty() && (root_.empty() ? path.find_first_not_of('/') == std::string_view::npos
                                                       : path == root_);
  return is_root ? Status() : CheckKey(path);
}

int Tree::FollowFlag(std::size_t end) const {
  const bool anywhere = base_.empty() && root_.empty();
  return anywhere || (base_.empty() && end <= root_.size()) ? 0 : O_NOFOLLOW;
}

Result<Place> Tree::Find(const std::string& key) const { return Walk(key, Missing::kFail); }
Result<Place> Tree::Make(const std::string& key) const { return Walk(key, Missing::kMake); }

// Component by component, never through a symbolic link below the base or root: a hostile key, or a link that
// someone planted, cannot lead out.
Result<Place> Tree::Walk(const std::string& key, Missing missing) const {
  const std::string path = PathOf(key);
  const char* root = !base_.empty() ? base_.c_str() : key.starts_with('/') ? "/" : ".";
  Fd directory(::open(root, kDirectoryFlags));
  if (!directory.ok()) return ErrnoStatus(errno, "open the directory", root);

  std::string_view rest = key;
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  for (std::string_view next = NextComponents(rest); !next.empty();
       rest = next, next = NextComponents(rest)) {
    const std::string name(FirstComponent(rest));
    const int flags = kDirectoryFlags | FollowFlag(key.size() - rest.size() + name.size());
    Fd child(::openat(directory.get(), name.c_str(), flags));
    if (!child.ok() && errno == ENOENT && missing == Missing::kMake) {
      if (::mkdirat(directory.get(), name.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
        return ErrnoStatus(errno, "make the directory for", path);
      }
      MBK_TRY(posix::SyncDirectory(directory.get(), path));
      child = Fd(::openat(directory.get(), name.c_str(), flags));
    }
    if (!child.ok()) return ErrnoStatus(errno, "reach", path);
    directory = std::move(child);
  }
  return Place{.directory = std::move(directory), .name = std::string(rest), .path = path};
}

Result<Fd> Tree::OpenDirectory(const std::string& directory) const {
  if (directory.find_first_not_of('/') == std::string::npos) {
    const char* root = !base_.empty() ? base_.c_str() : directory.empty() ? "." : "/";
    Fd fd(::open(root, kDirectoryFlags));
    if (!fd.ok()) return ErrnoStatus(errno, "open the directory", root);
    return fd;
  }
  // The place of a file in it is the directory itself.
  MBK_TRY_ASSIGN(Place inside, Find(directory + "/."));
  return std::move(inside.directory);
}

Result<Fd> Tree::OpenFile(const std::string& key, std::string_view action) const {
  MBK_TRY(CheckKey(key));
  auto place = Find(key);
  // A missing directory and a file in its stead both mean that there is no such object.
  if (!place.ok() && place.status().code() == Code::kFailedPrecondition)
    return NotFound(place.status().message());
  if (!place.ok()) return place.status();
  // O_NONBLOCK: a FIFO of that name must not hang us.
  Fd file(::openat(place->directory.get(), place->name.c_str(),
                   O_RDONLY | O_CLOEXEC | O_NONBLOCK | FollowFlag(key.size())));
  if (!file.ok() && posix::IsAbsent(errno))
    return NotFound(fmt::format("{} {}: no such file", action, place->path));
  if (!file.ok()) return ErrnoStatus(errno, action, place->path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return ErrnoStatus(errno, action, place->path);
  if (!S_ISREG(status.st_mode)) return NotFound(fmt::format("{} {}: not a file", action, place->path));
  return file;
}

Status Tree::MakeTop() const {
  const std::string& top = base_.empty() ? root_ : base_;
  if (top.empty()) return {};
  // Above it symbolic links are the administrator's: walk as for keys that are any path.
  MBK_TRY_ASSIGN(const Place inside, Rooted("").Make(top + "/."));
  if (::faccessat(inside.directory.get(), ".", W_OK | X_OK, 0) != 0)
    return ErrnoStatus(errno, "write into", top);
  return {};
}

void ClimbOnce(const std::vector<std::string>& directories, std::string_view top,
               const std::function<bool(const std::string&)>& remove) {
  std::map<std::ptrdiff_t, std::set<std::string>, std::greater<>> by_depth;
  auto add = [&](std::string directory) {
    if (directory.empty() || directory == top) return;
    const auto depth = std::count(directory.begin(), directory.end(), '/');
    by_depth[depth].insert(std::move(directory));
  };
  for (const std::string& directory : directories) add(directory);
  while (!by_depth.empty()) {
    auto deepest = by_depth.extract(by_depth.begin());
    for (const std::string& directory : deepest.mapped())
      if (remove(directory)) add(ParentOf(directory));
  }
}

void Tree::Prune(const std::vector<std::string>& keys) const {
  std::vector<std::string> directories;
  for (const std::string& key : keys) directories.push_back(ParentOf(key));
  ClimbOnce(directories, root_, [&](const std::string& directory) {
    auto place = Find(directory);
    if (!place.ok()) return false;
    auto remove = [&] { return ::unlinkat(place->directory.get(), place->name.c_str(), AT_REMOVEDIR) == 0; };
    if (remove()) return true;
    // Most often other objects are in it. Any other failure only leaves an empty directory behind.
    const Fd fd(::openat(place->directory.get(), place->name.c_str(), kDirectoryFlags | O_NOFOLLOW));
    return fd.ok() && RemoveAbandoned(fd) && remove();
  });
}

Status Claim(const Fd& made, std::string_view path) {
  const Status taken = NotFound(fmt::format("write {}: the temporary file was removed", path));
  if (::flock(made.get(), LOCK_EX | LOCK_NB) != 0) {
    // A file system without locks lets nobody call anything abandoned either.
    return errno == EWOULDBLOCK ? taken : Status();
  }
  struct stat status{};
  if (::fstat(made.get(), &status) != 0) return ErrnoStatus(errno, "stat", path);
  return status.st_nlink > 0 ? Status() : taken;
}

bool RemoveAbandoned(const Fd& directory) {
  const auto entries = posix::ReadDirectory(directory.get(), "");
  if (!entries.ok()) return false;
  bool removed = false;
  for (const posix::Entry& entry : *entries) {
    if (!entry.name.starts_with(kHiddenPrefix)) continue;
    const Fd fd(
        ::openat(directory.get(), entry.name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.ok() || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    removed |= RemoveHidden(directory, entry, fd);
  }
  return removed;
}

Result<PendingFile> PendingFile::Create(const Tree& tree, const std::string& key) {
  MBK_TRY(tree.CheckKey(key));
  std::string hidden_name;
  Place place;
  Fd file;
  MBK_TRY(RetryWhilePruned([&]() -> Status {
    MBK_TRY_ASSIGN(place, tree.Make(key));
    hidden_name = HiddenName();
    file = Fd(::openat(place.directory.get(), hidden_name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
                       kFileMode));
    return file.ok() ? Claim(file, place.path) : ErrnoStatus(errno, "create", place.path);
  }));
  return PendingFile(std::move(place), std::move(hidden_name), std::move(file));
}

PendingFile::~PendingFile() {
  if (file_.ok() && !hidden_name_.empty()) ::unlinkat(place_.directory.get(), hidden_name_.c_str(), 0);
}

Result<std::string> PendingFile::Publish(PutCondition condition) {
  if (::fsync(file_.get()) != 0) return ErrnoStatus(errno, "sync", place_.path);
  MBK_TRY(Rename(condition));
  hidden_name_.clear();
  MBK_TRY(posix::SyncDirectory(place_.directory.get(), place_.path));
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) return ErrnoStatus(errno, "stat", place_.path);
  return EtagOf(status);
}

Status PendingFile::Rename(PutCondition condition) {
  const int directory = place_.directory.get();
  const char* from = hidden_name_.c_str();
  const char* to = place_.name.c_str();
  int error = 0;
  if (condition == PutCondition::kNone) {
    error = ::renameat(directory, from, directory, to) == 0 ? 0 : errno;
  } else {
    error = RenameIfAbsent(directory, from, to);
    if (error == EINVAL || error == ENOSYS) error = LinkIfAbsent(directory, from, to);
  }
  return error == 0 ? Status() : ErrnoStatus(error, "write", place_.path);
}

Result<Turn> Turn::Take(const Place& place, const CallContext& context) {
  constexpr Milliseconds kPause{10};
  const CallContext limited{.stop = context.stop, .deadline = Deadline::After(kLongestTurn)};
  for (;;) {
    MBK_TRY(context.Check());
    Fd file(::openat(place.directory.get(), kTurnName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    if (!file.ok()) return ErrnoStatus(errno, "create the turn of", place.path);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
      // Whoever had the turn before has removed the file: one that is nowhere keeps nobody out.
      struct stat status{};
      if (::fstat(file.get(), &status) != 0) return ErrnoStatus(errno, "stat the turn of", place.path);
      if (status.st_nlink > 0) return Turn(place.directory, std::move(file));
      continue;
    }
    if (errno != EWOULDBLOCK && errno != EINTR)
      return Status(Code::kUnimplemented, fmt::format("write {}: the file system has no locks", place.path));
    if (!RealSleeper().Sleep(kPause, limited).ok()) {
      MBK_TRY(context.Check());
      return Status(Code::kUnavailable,
                    fmt::format("write {}: another process is about to, for {} s", place.path,
                                std::chrono::duration_cast<std::chrono::seconds>(kLongestTurn).count()));
    }
  }
}

Turn::~Turn() {
  if (file_.ok()) ::unlinkat(directory_.get(), kTurnName, 0);
}

Status CheckVersion(const Place& place, std::string_view etag) {
  struct stat status{};
  if (::fstatat(place.directory.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (posix::IsAbsent(errno))
      return FailedPrecondition(fmt::format("write {}: the file is gone", place.path));
    return ErrnoStatus(errno, "stat", place.path);
  }
  const std::string now = EtagOf(status);
  if (now == etag) return {};
  return FailedPrecondition(
      fmt::format("write {}: the file changed: its etag is {}, expected {}", place.path, now, etag));
}

int RenameIfAbsent(int directory, const char* from, const char* to) {
  return ::renameat2(directory, from, directory, to, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

int LinkIfAbsent(int directory, const char* from, const char* to) {
  if (::linkat(directory, from, directory, to, 0) != 0) return errno;
  return ::unlinkat(directory, from, 0) == 0 ? 0 : errno;
}

std::string EtagOf(const struct stat& status) {
  const std::int64_t modified_ns = status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec;
  return fmt::format("{:x}-{:x}-{:x}", status.st_size, modified_ns, status.st_ino);
}

std::int64_t ModifiedMs(const struct stat& status) {
  return status.st_mtim.tv_sec * 1'000LL + status.st_mtim.tv_nsec / 1'000'000;
}

}  // namespace mbk::local_internal
