#include "ops/backup_name.h"

#include <fmt/core.h>

#include "manifest/keys.h"

namespace mbk {

Status CheckBackupName(std::string_view name) {
  if (IsValidBackupName(name)) return {};
  return InvalidArgument(fmt::format(
      "invalid backup name \"{}\": want a letter or _, then letters, digits, _; at most 128 bytes", name));
}

}  // namespace mbk
