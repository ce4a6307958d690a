#include "cli/exit_code.h"

namespace mbk::cli {

ExitCode ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case Code::kOk:
      return kDone;
    case Code::kDataLoss:
      return kDamaged;
    case Code::kNotFound:
      return kNoSuchThing;
    case Code::kLocked:
      return kIsLocked;
    case Code::kPermissionDenied:
      return kNotAllowed;
    case Code::kCancelled:
      return kInterrupted;
    default:
      return kFailed;
  }
}

}  // namespace mbk::cli
