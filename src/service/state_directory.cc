#include "service/state_directory.h"

#include <cstdlib>
#include <string_view>

namespace mbk::service {
namespace {

// The XDG specification has relative paths ignored.
std::string AbsolutePathIn(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && value[0] == '/' ? value : "";
}

}  // namespace

std::string StateDirectory() {
  std::string state = AbsolutePathIn("XDG_STATE_HOME");
  if (state.empty()) {
    const std::string home = AbsolutePathIn("HOME");
    if (home.empty()) return "";
    state = home + "/.local/state";
  }
  return state + "/milvus-backup/runs";
}

}  // namespace mbk::service
