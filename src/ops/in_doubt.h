#pragma once

#include "base/status.h"

namespace mbk {

/// Whether a call that changes something on a server may have been carried out although it failed so: no
/// answer came, or one that does not say. kInternal is one of these: a proxy that gives up on the component
/// that does the work answers so (gRPC code 13, Milvus code 65535). A server that names a reason of its own
/// has carried out nothing.
inline bool MayBeCarriedOut(const Status& failure) {
  switch (failure.code()) {
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
    case Code::kCancelled:
    case Code::kInternal:
      return true;
    default:
      return false;
  }
}

}  // namespace mbk
