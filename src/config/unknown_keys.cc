#include "config/unknown_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "config/text.h"

namespace mbk::config {
namespace {

constexpr std::string_view kVersionKey = "configversion";
constexpr std::size_t kMaxListed = 20;
constexpr std::size_t kTypoEdits = 2;

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

bool IsQuiet(const std::string& lower_key) {
  return std::ranges::find(QuietV1Keys(), lower_key) != QuietV1Keys().end();
}

// The documented key that was probably meant, at most two letters off; empty if nothing is near.
std::string MeantKey(const std::string& lower_key, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (const std::string& key : row.keys) {
      if (WithinEdits(lower_key, Lower(key), kTypoEdits)) return key;
    }
  }
  return "";
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

void WarnOfUnknownOverrides(const Sources& sources, const RowsByName& known, const std::vector<Row>& rows,
                            Resolution& out) {
  for (const Override& item : sources.overrides) {
    const std::string lower = Lower(item.key);
    if (known.contains(lower)) continue;
    std::string replacement = &rows == &V2Rows() ? V2NameOf(lower) : "";
    if (replacement.empty()) replacement = MeantKey(lower, rows);
    out.warnings.push_back(
        fmt::format("--set {}: unknown key, ignored{}", OneLine(item.key), DidYouMean(replacement)));
  }
}

}  // namespace

void CheckV1Keys(const Sources& sources, Resolution& resolution) {
  std::vector<std::string> near_misses;
  std::vector<std::string> v2_keys;
  for (const auto& [key, value] : sources.file) {
    if (V1Index().contains(key) || IsQuiet(key) || key == kVersionKey) continue;
    if (V2Index().contains(key)) {
      v2_keys.push_back(
          fmt::format("{} is a key of the v2 schema and ignored in a v1 file; a v2 file begins with "
                      "\"configVersion: v2\"",
                      Here(value)));
    } else if (const std::string meant = MeantKey(key, V1Rows()); !meant.empty()) {
      near_misses.push_back(fmt::format("{}: unknown key, ignored{}", Here(value), DidYouMean(meant)));
    }
  }
  AppendCut(resolution.warnings, v2_keys, "keys of the v2 schema");
  AppendCut(resolution.warnings, near_misses, "unknown keys");
  WarnOfUnknownOverrides(sources, V1Index(), V1Rows(), resolution);
}

void CheckV2Keys(const Sources& sources, Resolution& resolution) {
  std::vector<std::string> v1_keys;
  std::vector<std::string> unknown;
  for (const auto& [key, value] : sources.file) {
    if (V2Index().contains(key) || key == kVersionKey) continue;
    if (const std::string successor = V2NameOf(key); !successor.empty()) {
      v1_keys.push_back(
          fmt::format("{} is a key of the v1 schema, but the file says configVersion: v2; write {}",
                      Here(value), successor));
    } else if (V1Index().contains(key) || IsQuiet(key)) {
      unknown.push_back(fmt::format("{}: ignored, v2 has no such key; remove it", Here(value)));
    } else {
      unknown.push_back(
          fmt::format("{}: unknown key, ignored{}", Here(value), DidYouMean(MeantKey(key, V2Rows()))));
    }
  }
  AppendCut(resolution.problems, v1_keys, "keys of the v1 schema");
  AppendCut(resolution.warnings, unknown, "unknown keys");
  WarnOfUnknownOverrides(sources, V2Index(), V2Rows(), resolution);
}

}  // namespace mbk::config
