#pragma once

#include <string>

namespace mbk::service {

/// Where this program keeps what must outlive a killed run and has no store to lie in:
/// $XDG_STATE_HOME/milvus-backup/runs, by default ~/.local/state/milvus-backup/runs. Always absolute; "" when
/// neither variable says where. It need not exist.
std::string StateDirectory();

}  // namespace mbk::service
