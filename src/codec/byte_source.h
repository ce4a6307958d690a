#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"

namespace mbk {

/// Bytes of a file that lie in memory.
struct ByteView {
  const char* data = nullptr;
  std::shared_ptr<const void> owner;  ///< keeps them there
};

/// A file that is read in pieces, wherever it lies. Used by one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// For messages: the object's URL.
  virtual const std::string& name() const = 0;
  virtual std::int64_t size() const = 0;  ///< bytes
  /// Exactly `length` bytes from `offset` into `out`; both lie within the file.
  virtual Status ReadAt(std::int64_t offset, std::int64_t length, char* out) = 0;
  /// The same bytes where they are, without a copy, if the file is small enough to be held in memory; none
  /// otherwise.
  virtual Result<std::optional<ByteView>> View(std::int64_t /*offset*/, std::int64_t /*length*/) {
    return std::optional<ByteView>();
  }
};

}  // namespace mbk
