#include "ops/backup_name.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/one_line.h"
#include "manifest/keys.h"

namespace mbk {

Status CheckBackupName(std::string_view name) {
  if (IsValidBackupName(name)) return {};
  return InvalidArgument(fmt::format(
      "invalid backup name \"{}\": want a letter or _, then letters, digits, _, and inside - and .; "
      "at most 128 bytes",
      OneLine(name)));
}

Status CheckNameOfBackup(std::string_view name) {
  const bool is_directory = name == "." || name == "..";
  const bool is_path = name.find('/') != std::string_view::npos;
  const bool is_text =
      std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 127; });
  if (!name.empty() && !is_directory && !is_path && is_text) return {};
  return InvalidArgument(fmt::format(
      "\"{}\" is no name of a backup: want that of one directory of the backup root", OneLine(name)));
}

}  // namespace mbk
