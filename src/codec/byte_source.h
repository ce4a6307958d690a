#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace mbk {

/// A file that is read in pieces, wherever it lies. Used by one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// For messages: the object's URL.
  virtual const std::string& name() const = 0;
  virtual std::int64_t size() const = 0;  ///< bytes
  /// Exactly `length` bytes from `offset` into `out`; both lie within the file.
  virtual Status ReadAt(std::int64_t offset, std::int64_t length, char* out) = 0;
};

}  // namespace mbk
