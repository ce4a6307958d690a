#include "config/unknown_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "config/nearest_key.h"
#include "config/text.h"

namespace mbk::config {
namespace {

constexpr std::string_view kVersionKey = "configversion";
constexpr std::size_t kMaxListed = 20;

using RowsByName = std::map<std::string, const Row*, std::less<>>;

RowsByName IndexOf(const std::vector<Row>& rows) {
  RowsByName index;
  for (const Row& row : rows) {
    for (const std::string& key : row.keys) index.emplace(Lower(key), &row);
    if (!row.env.empty()) index.emplace(Lower(row.env), &row);
  }
  return index;
}

const RowsByName& V1Index() {
  static const RowsByName index = IndexOf(V1Rows());
  return index;
}

const RowsByName& V2Index() {
  static const RowsByName index = IndexOf(V2Rows());
  return index;
}

// The old default is in every old file; another path was meant to be written to.
bool IsUnfulfilled(const std::string& lower_key, const FileValue& value) {
  return lower_key == "log.file.rootpath" && value.value.text != "logs/backup.log" &&
         !value.value.text.empty();
}

bool IsQuiet(const std::string& lower_key) {
  return std::ranges::find(QuietV1Keys(), lower_key) != QuietV1Keys().end();
}

std::string Here(const FileValue& value) {
  return fmt::format("{} (line {})", OneLine(value.spelling), value.line);
}

std::string DidYouMean(const std::string& key) {
  return key.empty() ? "" : fmt::format("; did you mean {}?", key);
}

// Lists of what a hostile or foreign file holds are cut.
void AppendCut(std::vector<std::string>& out, const std::vector<std::string>& lines, std::string_view what) {
  const std::size_t shown = std::min(lines.size(), kMaxListed);
  out.insert(out.end(), lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(shown));
  if (lines.size() > shown) out.push_back(fmt::format("… and {} more {}", lines.size() - shown, what));
}

// What to write in a v2 file instead of a v1 key; empty if the key has no successor.
std::string V2NameOf(const std::string& lower_key) {
  const auto place = V1Index().find(lower_key);
  if (place == V1Index().end() || place->second->path.empty()) return "";
  const Row& v1 = *place->second;
  const std::string& name = V2Row(v1.path).keys.front();
  const std::string section = v1.path.substr(0, v1.path.find(".Auth."));
  const auto or_azure = [&](std::string_view parameter) {
    return fmt::format("{} (azure: {})", name, V2Row(fmt::format("{}.{}", section, parameter)).keys.front());
  };
  // The credentials' keys of v1 serve two parameters each.
  if (v1.path.ends_with(".Auth.AccessKeyID")) return or_azure("AccountName");
  if (v1.path.ends_with(".Auth.SecretAccessKey")) return or_azure("Auth.AccountKey");
  return name;
}

// A file is shared with other programs and other versions; what is given by hand is meant, and with it
// ignored a run goes elsewhere. Keys that the Go tool reads and that change nothing here are said.
void CheckOverrides(const Sources& sources, const RowsByName& known, const std::vector<Row>& rows,
                    Resolution& out) {
  for (const Override& item : sources.overrides) {
    const std::string lower = Lower(item.key);
    if (known.contains(lower)) continue;
    std::string replacement = &rows == &V2Rows() ? V2NameOf(lower) : "";
    if (replacement.empty() && (V1Index().contains(lower) || IsQuiet(lower))) {
      out.warnings.push_back(
          fmt::format("{} {}: ignored, it changes nothing", SetFlag(sources.role), OneLine(item.key)));
      continue;
    }
    if (replacement.empty()) replacement = NearestKey(item.key, rows);
    out.problems.push_back(fmt::format("{} {}: unknown key{}", SetFlag(sources.role), OneLine(item.key),
                                       DidYouMean(replacement)));
  }
}

bool IsOfAStore(const Row& row) {
  return row.path.starts_with(kMilvusStorage) || row.path.starts_with(kBackupStorage);
}

bool IsGiven(const Row& row, const Sources& sources) {
  return std::ranges::any_of(row.keys, [&](const auto& key) { return sources.file.contains(Lower(key)); }) ||
         std::ranges::any_of(sources.overrides, [&](const auto& item) { return NamesRow(row, item.key); }) ||
         (!row.env.empty() && FindVariable(row.env, sources.role, sources.env));
}

// A file of which only unknown keys could name a store was written for another program, or from memory. With
// the defaults in their place, backups go where nobody looks for them.
void RequireAStore(const Sources& sources, const std::vector<Row>& rows, Resolution& out) {
  if (std::ranges::any_of(rows, [&](const Row& row) { return IsOfAStore(row) && IsGiven(row, sources); }))
    return;
  out.problems.emplace_back(
      "no key that says where the data and the backups lie is known; the keys that are not known:");
}

// A variable of --to that the file's schema has no name for: on the side of --config such variables are
// everywhere, and were never read; TO_ says that it is meant for us.
void WarnOfUnreadVariables(const Sources& sources, const std::vector<Row>& rows,
                           const std::vector<Row>& other_rows, Resolution& out) {
  if (sources.role != Role::kTo) return;
  for (const Row& row : other_rows) {
    if (row.env.empty() || std::ranges::find(rows, row.env, &Row::env) != rows.end()) continue;
    const auto variable = FindVariable(row.env, sources.role, sources.env);
    if (!variable) continue;
    const auto same = std::ranges::find(rows, row.path, &Row::path);
    const std::string instead = same == rows.end()  ? ""
                                : same->env.empty() ? fmt::format("; give {} in the file or by {}",
                                                                  same->keys.front(), SetFlag(sources.role))
                                                    : fmt::format("; set TO_{}", same->env);
    out.warnings.push_back(fmt::format("environment variable {} is ignored: the file is of the schema {}{}",
                                       variable->name, &rows == &V2Rows() ? "v2" : "v1", instead));
  }
}

struct ForeignFile {
  std::string_view mark;  ///< a section or key in lower case that only this kind of file has
  std::string_view what;
};

constexpr std::array kForeignFiles = {
    ForeignFile{"externals3", "the values of Milvus's Helm chart"},
    ForeignFile{"externaletcd", "the values of Milvus's Helm chart"},
    ForeignFile{"apiversion", "an object of Kubernetes"},
    ForeignFile{"services", "a Compose file"},
    ForeignFile{"rootcoord", "Milvus's own configuration"},
    ForeignFile{"datacoord", "Milvus's own configuration"},
    ForeignFile{"localstorage", "Milvus's own configuration"},
};

std::string Below(std::string_view section) { return fmt::format("{}.", section); }

// The section minio and log.level are shared with Milvus and its chart.
bool IsOursAlone(std::string_view lower_key) {
  if (lower_key == kVersionKey) return true;
  if (!V1Index().contains(lower_key) && !V2Index().contains(lower_key)) return false;
  const bool shared = lower_key.starts_with("log.") ||
                      (lower_key.starts_with("minio.") && !lower_key.starts_with("minio.backup"));
  return !shared;
}

}  // namespace

void CheckV1Keys(const Sources& sources, Resolution& resolution) {
  std::vector<std::string> unknown;
  std::vector<std::string> v2_keys;
  for (const auto& [key, value] : sources.file) {
    const bool quiet = IsQuiet(key) && !IsUnfulfilled(key, value);
    if (V1Index().contains(key) || quiet || key == kVersionKey) continue;
    if (V2Index().contains(key)) {
      v2_keys.push_back(
          fmt::format("{} is a key of the v2 schema and ignored in a v1 file; a v2 file begins with "
                      "\"configVersion: v2\"",
                      Here(value)));
    } else {
      unknown.push_back(fmt::format("{}: unknown key, ignored{}", Here(value),
                                    DidYouMean(NearestKey(value.spelling, V1Rows()))));
    }
  }
  AppendCut(resolution.warnings, v2_keys, "keys of the v2 schema");
  AppendCut(resolution.warnings, unknown, "unknown keys");
  if (!v2_keys.empty() || !unknown.empty()) RequireAStore(sources, V1Rows(), resolution);
  CheckOverrides(sources, V1Index(), V1Rows(), resolution);
  WarnOfUnreadVariables(sources, V1Rows(), V2Rows(), resolution);
}

void CheckV2Keys(const Sources& sources, Resolution& resolution) {
  std::vector<std::string> v1_keys;
  std::vector<std::string> unknown;
  bool any_unknown = false;
  for (const auto& [key, value] : sources.file) {
    if (V2Index().contains(key) || key == kVersionKey) continue;
    if (const std::string successor = V2NameOf(key); !successor.empty()) {
      v1_keys.push_back(
          fmt::format("{} is a key of the v1 schema, but the file says configVersion: v2; write {}",
                      Here(value), successor));
    } else if (V1Index().contains(key) || IsQuiet(key)) {
      unknown.push_back(fmt::format("{}: ignored, v2 has no such key; remove it", Here(value)));
    } else {
      any_unknown = true;
      unknown.push_back(fmt::format("{}: unknown key, ignored{}", Here(value),
                                    DidYouMean(NearestKey(value.spelling, V2Rows()))));
    }
  }
  AppendCut(resolution.problems, v1_keys, "keys of the v1 schema");
  AppendCut(resolution.warnings, unknown, "unknown keys");
  if (any_unknown && v1_keys.empty()) RequireAStore(sources, V2Rows(), resolution);
  CheckOverrides(sources, V2Index(), V2Rows(), resolution);
  WarnOfUnreadVariables(sources, V2Rows(), V1Rows(), resolution);
}

Status CheckIsOurs(const FileValues& file) {
  if (std::ranges::any_of(file, [](const auto& entry) { return IsOursAlone(entry.first); })) return {};
  for (const ForeignFile& foreign : kForeignFiles) {
    const auto mark = std::ranges::find_if(file, [&](const auto& entry) {
      return entry.first == foreign.mark || entry.first.starts_with(Below(foreign.mark));
    });
    if (mark == file.end()) continue;
    return InvalidArgument(
        fmt::format("this is no configuration of milvus-backup but {} ({} says so); write one with the "
                    "sections milvus and minio, as configs/backup.yaml has them",
                    foreign.what, Here(mark->second)));
  }
  return {};
}

}  // namespace mbk::config
