#pragma once

#include <chrono>

#include "base/call_context.h"

namespace mbk::load {

/// For what has been begun with something of the user's, and is brought to its end also after a stop, which
/// leaves five seconds.
inline CallContext ToTheEnd(const CallContext& context) {
  constexpr std::chrono::seconds kUsual{60}, kWhenStopped{3};
  return {.deadline = Deadline::After(context.Check().ok() ? kUsual : kWhenStopped)};
}

}  // namespace mbk::load
