#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "codec/byte_source.h"

namespace mbk {

/// A file that is in memory already.
class MemorySource : public ByteSource {
 public:
  MemorySource(std::string name, std::string bytes)
      : name_(std::move(name)), bytes_(std::make_shared<const std::string>(std::move(bytes))) {}

  const std::string& name() const override { return name_; }
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_->size()); }
  Status ReadAt(std::int64_t offset, std::int64_t length, char* out) override {
    MBK_TRY(Check(offset, length));
    if (length > 0) std::memcpy(out, bytes_->data() + offset, static_cast<std::size_t>(length));
    return {};
  }
  Result<std::optional<ByteView>> View(std::int64_t offset, std::int64_t length) override {
    MBK_TRY(Check(offset, length));
    return std::optional(ByteView{bytes_->data() + offset, bytes_});
  }

 private:
  Status Check(std::int64_t offset, std::int64_t length) const {
    if (offset < 0 || length < 0 || offset > size() || length > size() - offset)
      return Internal(name_ + ": read outside of the file");
    return {};
  }

  std::string name_;
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace mbk
