#include "config/roots.h"

#include <fmt/format.h>

#include <ranges>
#include <vector>

#include "config/enum_names.h"
#include "config/text.h"

namespace mbk::config {
namespace {

std::vector<std::string_view> ElementsOf(std::string_view path) {
  std::vector<std::string_view> elements;
  for (const auto part : path | std::views::split('/')) {
    const std::string_view element(part.begin(), part.end());
    if (!element.empty() && element != ".") elements.push_back(element);
  }
  return elements;
}

bool ClimbsUp(const std::vector<std::string_view>& elements) {
  return std::ranges::find(elements, "..") != elements.end();
}

// A directory of some machine, or a URL: what a key in a bucket is not meant to be.
bool LooksLikeAPlace(std::string_view given) {
  const bool has_drive = given.size() > 2 && given[1] == ':' && (given[2] == '\\' || given[2] == '/');
  return given.starts_with('/') || given.find("://") != std::string_view::npos || has_drive;
}

// One storage section's root.
class RootNormaliser {
 public:
  RootNormaliser(Resolution& out, std::string_view section, Storage& storage)
      : out_(out), section_(section), storage_(storage) {}

  void Run() {
    if (OriginOf("Provider").rejected) return;
    const std::string given = storage_.root_path;
    const std::vector<std::string_view> elements = ElementsOf(given);
    if (ClimbsUp(elements) && !OriginOf("RootPath").inherited) {
      return out_.Reject(Path("RootPath"),
                         fmt::format("{} holds \"..\"; want the path that it leads to", Quoted(given)));
    }
    if (storage_.provider == Provider::kLocal && given.empty() && OriginOf("RootPath").is_explicit())
      return out_.Reject(Path("RootPath"), "names no directory; want one, \".\" for the working directory");
    storage_.root_path = fmt::format("{}", fmt::join(elements, "/"));
    if (storage_.provider == Provider::kLocal) {
      KeepDirectory(given);
    } else if (LooksLikeAPlace(given) && !elements.empty()) {
      PointOutThatItIsAKey(given);
    }
  }

 private:
  void KeepDirectory(const std::string& given) {
    if (given.starts_with('/')) {
      storage_.root_path.insert(0, "/");
    } else if (storage_.root_path.empty() && !given.empty()) {
      storage_.root_path = ".";
    }
    if (OriginOf("RootPath").inherited) return;
    if (given.find("://") != std::string::npos)
      out_.warnings.push_back(
          fmt::format("{}: {} is no URL but a directory of that name, from the working directory on",
                      OriginOf("RootPath").Name(), Quoted(given)));
    if (given != "~" && !given.starts_with("~/")) return;
    out_.warnings.push_back(
        fmt::format("{}: {} begins with \"~\", which is not expanded: it is a directory of that name here",
                    OriginOf("RootPath").Name(), Quoted(given)));
  }

  void PointOutThatItIsAKey(const std::string& given) {
    if (OriginOf("RootPath").inherited) return;
    out_.warnings.push_back(fmt::format(
        "{}: {} is no URL and no directory of this machine but a key in the bucket {} ({}): {} below {}/ "
        "there. For a "
        "directory set {} to local",
        OriginOf("RootPath").Name(), Quoted(given), Quoted(storage_.bucket_name), NameOf(storage_.provider),
        section_ == kBackupStorage ? "backups lie" : "the data of Milvus are looked for", storage_.root_path,
        OriginOf("Provider").documented));
  }

  std::string Path(std::string_view name) const { return fmt::format("{}.{}", section_, name); }
  const Origin& OriginOf(std::string_view name) const { return out_.OriginOf(Path(name)); }

  Resolution& out_;
  std::string_view section_;
  Storage& storage_;
};

}  // namespace

void NormaliseRoots(Resolution& resolution) {
  Config& config = resolution.draft.config;
  RootNormaliser(resolution, kMilvusStorage, config.milvus.storage).Run();
  RootNormaliser(resolution, kBackupStorage, config.backup_storage).Run();
}

}  // namespace mbk::config
