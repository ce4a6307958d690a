#include "milvus/client.h"

namespace mbk {

std::string_view ImportStateName(ImportState state) {
  switch (state) {
    case ImportState::kPending:
      return "ImportPending";
    case ImportState::kFailed:
      return "ImportFailed";
    case ImportState::kStarted:
      return "ImportStarted";
    case ImportState::kPersisted:
      return "ImportPersisted";
    case ImportState::kFlushed:
      return "ImportFlushed";
    case ImportState::kCompleted:
      return "ImportCompleted";
    case ImportState::kFailedAndCleaned:
      return "ImportFailedAndCleaned";
  }
  return "unknown";
}

}  // namespace mbk
