#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "base/status.h"

namespace mbk {

/// What `work` returns, a Status; or, should it throw, an error that says so. For the foot of a thread, where
/// an exception would end the process before anything is cleaned up: memory or threads that ran out.
template <class Work>
Status Caught(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::bad_alloc&) {
    return Internal("out of memory");
  } catch (const std::exception& thrown) {
    return Internal(std::string("unexpected: ") + thrown.what());
  }
}

}  // namespace mbk
