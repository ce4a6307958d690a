#include "store/local/listing.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "store/page_builder.h"

namespace mbk::local_internal {
namespace {

using posix::Entry;
using posix::Fd;

// A directory entry by the key it stands for; a directory's ends in "/".
struct Node {
  std::string key;
  std::string name;
  bool is_directory;
};

class Walk {
 public:
  Walk(const ListRequest& request, const CallContext& context)
      : request_(request), context_(context), page_(request) {}

  // Visit everything below `directory`, whose files' keys begin with `key_prefix`.
  Status Visit(const Fd& directory, const std::string& key_prefix, int depth = 1) {
    MBK_TRY(context_.Check());
    if (depth > kMaxDepth) {
      return FailedPrecondition(fmt::format("list {}: more than {} directories deep", key_prefix, kMaxDepth));
    }
    MBK_TRY_ASSIGN(std::vector<Node> nodes, ReadNodes(directory, key_prefix));
    for (const Node& node : nodes) {
      MBK_TRY(node.is_directory ? VisitDirectory(directory, node, depth) : VisitFile(directory, node));
      if (full_) return {};
    }
    return {};
  }

  ListPage Finish() && { return std::move(page_).Finish(); }

 private:
  // Sorted by key: "a.b" comes before the directory "a/", as all its files come before "a/x".
  Result<std::vector<Node>> ReadNodes(const Fd& directory, const std::string& key_prefix) {
    MBK_TRY_ASSIGN(std::vector<Entry> entries, posix::ReadDirectory(directory.get(), key_prefix));
    std::vector<Node> nodes;
    for (Entry& entry : entries) {
      if (entry.type == Entry::Type::kOther || entry.name.starts_with(kHiddenPrefix)) continue;
      const bool is_directory = entry.type == Entry::Type::kDirectory;
      std::string key = key_prefix + entry.name + (is_directory ? "/" : "");
      if (MayMatter(key, is_directory))
        nodes.push_back({std::move(key), std::move(entry.name), is_directory});
    }
    std::sort(nodes.begin(), nodes.end(), [](const Node& a, const Node& b) { return a.key < b.key; });
    return nodes;
  }

  bool MayMatter(const std::string& key, bool is_directory) const {
    if (!is_directory) return key.starts_with(request_.prefix) && key > request_.page_token;
    const bool has_matches = key.starts_with(request_.prefix) || request_.prefix.starts_with(key);
    return has_matches && !page_.Behind(key);
  }

  Status VisitFile(const Fd& directory, const Node& node) {
    const PageBuilder::Verdict verdict = page_.Offer(node.key);
    full_ = verdict == PageBuilder::Verdict::kFull;
    if (verdict != PageBuilder::Verdict::kTake) return {};
    struct stat status{};
    if (::fstatat(directory.get(), node.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return {};  // deleted since the directory was read
      return posix::ErrnoStatus(errno, "list", node.key);
    }
    page_.Add({.key = ObjectKey(node.key),
               .size = status.st_size,
               .etag = EtagOf(status),
               .last_modified_ms = ModifiedMs(status)});
    return {};
  }

  Status VisitDirectory(const Fd& parent, const Node& node, int depth) {
    const Fd directory(
        ::openat(parent.get(), node.name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory.ok()) {
      if (posix::IsAbsent(errno)) return {};
      return posix::ErrnoStatus(errno, "list", node.key);
    }
    const bool folded = request_.delimiter == "/" && node.key.size() > request_.prefix.size();
    if (!folded) return Visit(directory, node.key, depth + 1);
    MBK_TRY_ASSIGN(bool has_files, HasFiles(directory, node.key, depth + 1));
    if (has_files) full_ = page_.Offer(node.key) == PageBuilder::Verdict::kFull;
    return {};
  }

  // A common prefix stands for keys, so an empty directory is none.
  Result<bool> HasFiles(const Fd& directory, const std::string& key, int depth) {
    const ListRequest any{.prefix = key, .max_keys = 1};
    Walk walk(any, context_);
    MBK_TRY(walk.Visit(directory, key, depth));
    return !std::move(walk).Finish().objects.empty();
  }

  const ListRequest& request_;
  const CallContext& context_;
  PageBuilder page_;
  bool full_ = false;
};

class OtherEntries {
 public:
  explicit OtherEntries(const CallContext& context) : context_(context) {}

  // Whether there is anything in the directory at all.
  Result<bool> Visit(const Fd& directory, const std::string& path, int depth = 1) {
    MBK_TRY(context_.Check());
    if (depth > kMaxDepth || found_.size() >= kMost) return true;
    MBK_TRY_ASSIGN(const std::vector<Entry> entries, posix::ReadDirectory(directory.get(), path));
    for (const Entry& entry : entries) {
      if (entry.type == Entry::Type::kOther)
        Add(path + entry.name, "no file: a symbolic link, or something else");
      if (entry.type != Entry::Type::kDirectory) continue;
      const Fd child(
          ::openat(directory.get(), entry.name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!child.ok()) continue;
      MBK_TRY_ASSIGN(const bool holds_any, Visit(child, path + entry.name + "/", depth + 1));
      if (!holds_any) Add(path + entry.name + "/", "an empty directory");
    }
    return !entries.empty();
  }

  std::vector<std::string> Take() && { return std::move(found_); }

 private:
  static constexpr std::size_t kMost = 100;

  void Add(const std::string& path, std::string_view what) {
    if (found_.size() < kMost) found_.push_back(fmt::format("{}: {}", path, what));
  }

  const CallContext& context_;
  std::vector<std::string> found_;
};

// From the innermost out. What appears meanwhile keeps its directory: the system removes empty ones alone.
class EmptyDirectories {
 public:
  EmptyDirectories(const std::function<bool(std::string_view)>& may_go, const CallContext& context)
      : may_go_(may_go), context_(context) {}

  // All that is below `directory`, whose files' keys begin with `key_prefix`.
  Status Remove(const Fd& directory, const std::string& key_prefix, int depth = 1) {
    MBK_TRY(context_.Check());
    if (depth > kMaxDepth) return {};
    MBK_TRY_ASSIGN(const std::vector<Entry> entries, posix::ReadDirectory(directory.get(), key_prefix));
    const auto is_hidden = [](const Entry& entry) { return entry.name.starts_with(kHiddenPrefix); };
    // Also where the directory itself stays: only their locks tell whose they are.
    if (std::any_of(entries.begin(), entries.end(), is_hidden)) RemoveAbandoned(directory);
    for (const Entry& entry : entries) {
      if (entry.type != Entry::Type::kDirectory || is_hidden(entry)) continue;
      const std::string key = key_prefix + entry.name + "/";
      const Fd child(
          ::openat(directory.get(), entry.name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!child.ok()) continue;
      MBK_TRY(Remove(child, key, depth + 1));
      MBK_TRY(RemoveItself(directory, entry.name, child, key));
    }
    return {};
  }

  Status RemoveItself(const Fd& parent, const std::string& name, const Fd& directory,
                      const std::string& key) {
    if (!may_go_(key)) return {};
    MBK_TRY_ASSIGN(const std::vector<Entry> entries, posix::ReadDirectory(directory.get(), key));
    if (!entries.empty()) return {};
    ::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR);  // fails for what is in use
    return {};
  }

 private:
  const std::function<bool(std::string_view)>& may_go_;
  const CallContext& context_;
};

}  // namespace

Status RemoveEmptyDirectories(const Tree& tree, const std::string& prefix,
                              const std::function<bool(std::string_view)>& may_go,
                              const CallContext& context) {
  MBK_TRY(tree.CheckDirectory(prefix));
  const std::string top = prefix.substr(0, prefix.size() - 1);
  const auto directory = tree.OpenDirectory(top);
  const Code code = directory.status().code();
  if (code == Code::kNotFound || code == Code::kFailedPrecondition) return {};  // nothing of that name
  MBK_TRY(directory.status());
  EmptyDirectories empty(may_go, context);
  MBK_TRY(empty.Remove(*directory, prefix));
  if (top.find_first_not_of('/') == std::string::npos || top == tree.name().str()) return {};
  MBK_TRY_ASSIGN(const Place place, tree.Find(top));
  return empty.RemoveItself(place.directory, place.name, *directory, prefix);
}

Result<std::vector<std::string>> ListOthers(const Tree& tree, const std::string& prefix,
                                            const CallContext& context) {
  MBK_TRY(tree.CheckDirectory(prefix));
  const auto directory = tree.OpenDirectory(prefix.substr(0, prefix.size() - 1));
  const Code code = directory.status().code();
  if (code == Code::kNotFound || code == Code::kFailedPrecondition) return std::vector<std::string>();
  MBK_TRY(directory.status());
  OtherEntries entries(context);
  const std::string path = tree.PathOf(prefix);
  MBK_TRY_ASSIGN(const bool holds_any, entries.Visit(*directory, path));
  std::vector<std::string> found = std::move(entries).Take();
  if (!holds_any) found.push_back(path + ": an empty directory");
  return found;
}

Result<ListPage> ListTree(const Tree& tree, const ListRequest& request, const CallContext& context) {
  // The deepest directory that the whole prefix names; the rest of it selects among the names there.
  const std::size_t slash = request.prefix.rfind('/');
  const std::string key_prefix = request.prefix.substr(0, slash == std::string::npos ? 0 : slash + 1);
  if (!key_prefix.empty()) MBK_TRY(tree.CheckDirectory(key_prefix));
  auto directory = tree.OpenDirectory(key_prefix);
  const Code code = directory.status().code();
  if (code == Code::kNotFound || code == Code::kFailedPrecondition)
    return ListPage{};  // nothing of that name
  if (!directory.ok()) return directory.status();
  Walk walk(request, context);
  MBK_TRY(walk.Visit(*directory, key_prefix));
  return std::move(walk).Finish();
}

}  // namespace mbk::local_internal
