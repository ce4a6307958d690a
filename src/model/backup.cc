#include "model/backup.h"

namespace mbk {

std::string_view LoadStateName(LoadState state) {
  switch (state) {
    case LoadState::kNotLoad:
      return "NotLoad";
    case LoadState::kLoading:
      return "Loading";
    case LoadState::kLoaded:
      return "Loaded";
  }
  return "NotLoad";
}

}  // namespace mbk
