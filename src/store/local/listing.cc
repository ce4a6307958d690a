#include "store/local/listing.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "store/page_builder.h"

namespace mbk::local_internal {
namespace {

using posix::Entry;
using posix::Fd;

constexpr int kMaxDepth = 128;  // as for keys

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
    page_.Add({.key = ObjectKey(node.key), .size = status.st_size, .etag = EtagOf(status)});
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

}  // namespace

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
