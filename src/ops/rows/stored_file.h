#pragma once

#include <string>

#include "base/call_context.h"
#include "codec/byte_source.h"
#include "store/object_store.h"

namespace mbk::rows {

/// An object as a file to decode. Reads ahead: each request brings `window_bytes` or the rest of the object,
/// so that a small one costs one request. Holds one window, from the first read on.
class StoredFile : public ByteSource {
 public:
  /// `store` outlives the file. `size` in bytes, as listed or recorded.
  StoredFile(ObjectReader& store, ObjectKey key, std::int64_t size, std::int64_t window_bytes,
             CallContext context);

  const std::string& name() const override { return url_; }
  std::int64_t size() const override { return size_; }
  Status ReadAt(std::int64_t offset, std::int64_t length, char* out) override;

 private:
  Status FillWindow(std::int64_t offset, std::int64_t length);

  ObjectReader& store_;
  const ObjectKey key_;
  const std::string url_;
  const std::int64_t size_;
  const std::int64_t window_bytes_;
  const CallContext context_;
  std::string window_;
  std::int64_t window_begin_ = 0;
};

}  // namespace mbk::rows
