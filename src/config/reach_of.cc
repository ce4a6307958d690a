#include "config/reach_of.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/resolve.h"
#include "config/text.h"

namespace mbk::config {
namespace {

// SplitSetFlag read backwards.
std::string AsSetItem(const Override& item) {
  const std::string text = item.key + "=" + item.value;
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

void AppendWord(std::string& words, std::string_view word) {
  if (!words.empty()) words += ' ';
  words += word;
}

std::string ConfigFlag(const LoadOptions& options) {
  if (options.role == Role::kConfig && options.file == kDefaultFile) return "";
  // A name like a flag would be taken for one.
  return (options.file.starts_with('-') ? "--config=" : "--config ") + ShellQuoted(options.file);
}

bool IsSecret(const Row& row, const Override& item) {
  return row.secret || WithoutUserInfo(item.value) != item.value;
}

void AppendOverrides(const std::vector<Row>& rows, const std::vector<Override>& overrides, Reach& reach) {
  std::set<std::string> secret;
  for (const Override& item : overrides) {
    const auto row = std::ranges::find_if(rows, [&](const Row& r) { return NamesRow(r, item.key); });
    if (row == rows.end()) continue;
    if (!IsSecret(*row, item)) {
      AppendWord(reach.flags, "--set " + ShellQuoted(AsSetItem(item)));
    } else if (secret.insert(Lower(item.key)).second) {
      AppendWord(reach.secret_flags, fmt::format("--set {}=…", OneLine(item.key)));
    }
  }
}

// Assignments stand before `env`, whose arguments everybody on the machine can read.
std::string EnvironmentAsConfig(const std::vector<Row>& rows, const EnvLookup& env) {
  std::string assigned, unset;
  for (const Row& row : rows) {
    if (row.env.empty()) continue;
    if (const auto meant = FindVariable(row.env, Role::kTo, env)) {
      AppendWord(assigned, fmt::format("{}=\"${}\"", row.env, meant->name));
    } else if (const auto other = FindVariable(row.env, Role::kConfig, env);
               other && !IsKubernetesServiceLink(*other)) {
      AppendWord(unset, "-u " + row.env);
    }
  }
  if (!unset.empty()) AppendWord(assigned, "env " + unset);
  return assigned;
}

}  // namespace

Reach ReachOf(const LoadOptions& options, const std::vector<Row>& rows,
              const std::vector<Override>& overrides) {
  Reach reach{.flags = ConfigFlag(options)};
  if (options.role == Role::kTo) reach.environment = EnvironmentAsConfig(rows, options.env);
  AppendOverrides(rows, overrides, reach);
  return reach;
}

}  // namespace mbk::config
