#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <exception>
#include <string>
#include <utility>

#include "base/status.h"

/// Where Arrow ends: its statuses become ours, its exceptions go no further.
namespace mbk::codec {

/// The first line of what Arrow says; further ones are context for its developers.
inline std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

/// Runs `call`, which returns an arrow::Status; an error has `code` and begins with `context`. Of exceptions
/// Parquet throws its own, and std::bad_alloc and its like are what a damaged file may provoke as well.
template <class Call>
Status Guard(Code code, const std::string& context, Call&& call) {
  std::string what;
  try {
    const arrow::Status status = std::forward<Call>(call)();
    if (status.ok()) return {};
    what = status.message();
  } catch (const std::exception& error) {
    what = error.what();
  }
  return Status(code, context + ": " + FirstLine(what));
}

}  // namespace mbk::codec
