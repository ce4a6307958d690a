#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/call_context.h"
#include "codec/byte_source.h"
#include "store/object_store.h"

namespace mbk::rows {

/// An object as a file to decode. Reads ahead: each request brings `window_bytes` or the rest of the object,
/// so that a small one costs one request. Holds one window from the first read on, and what was read of the
/// end of a larger object, where Parquet has its footer.
class StoredFile : public ByteSource {
 public:
  /// `store` outlives the file. `size` in bytes, as listed or recorded.
  StoredFile(ObjectReader& store, ObjectKey key, std::int64_t size, std::int64_t window_bytes,
             CallContext context);

  const std::string& name() const override { return url_; }
  std::int64_t size() const override { return size_; }
  Status ReadAt(std::int64_t offset, std::int64_t length, char* out) override;
  /// Of an object that fits into the window.
  Result<std::optional<ByteView>> View(std::int64_t offset, std::int64_t length) override;

 private:
  struct Window {
    std::int64_t begin = 0;
    std::shared_ptr<std::string> bytes;  ///< shared with the views of it
    bool Holds(std::int64_t offset, std::int64_t length) const;
    const char* At(std::int64_t offset) const { return bytes->data() + (offset - begin); }
  };
  /// The window with these bytes, filled if need be.
  Result<const Window*> Hold(std::int64_t offset, std::int64_t length);
  /// Into `buffer`, whose content does not matter.
  Result<Window> Fetch(std::int64_t begin, std::int64_t wanted, std::string buffer);
  /// The memory of a window that is given up, or none.
  std::string TakeBuffer(Window& window) const;

  ObjectReader& store_;
  const ObjectKey key_;
  const std::string url_;
  const std::int64_t size_;
  const std::int64_t window_bytes_;
  const CallContext context_;
  Window window_;
  Window tail_;
};

}  // namespace mbk::rows
