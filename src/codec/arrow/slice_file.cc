#include "codec/arrow/slice_file.h"

#include <arrow/buffer.h>
#include <arrow/result.h>

#include <algorithm>
#include <cstring>

namespace mbk::codec {
namespace {

/// Bytes that somebody else holds.
class ViewBuffer : public arrow::Buffer {
 public:
  ViewBuffer(const ByteView& view, std::int64_t offset, std::int64_t length)
      : Buffer(reinterpret_cast<const std::uint8_t*>(view.data) + offset, length), owner_(view.owner) {}

 private:
  const std::shared_ptr<const void> owner_;
};

}  // namespace

arrow::Result<std::int64_t> SliceFile::ReadAt(std::int64_t position, std::int64_t length, void* out) {
  ARROW_ASSIGN_OR_RAISE(length, Clip(position, length));
  if (length == 0) return 0;
  if (position >= tail_.offset) {
    std::memcpy(out, tail_.bytes.data() + (position - tail_.offset), static_cast<std::size_t>(length));
    return length;
  }
  Status status = source_.ReadAt(slice_.offset + position, length, static_cast<char*>(out));
  if (status.ok()) return length;
  failure_ = std::move(status);
  return arrow::Status::IOError(failure_.message());
}

arrow::Result<std::shared_ptr<arrow::Buffer>> SliceFile::ReadAt(std::int64_t position, std::int64_t length) {
  ARROW_ASSIGN_OR_RAISE(length, Clip(position, length));
  if (view_) return std::make_shared<ViewBuffer>(*view_, position, length);
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(length, pool_.get()));
  ARROW_RETURN_NOT_OK(ReadAt(position, length, buffer->mutable_data()));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Result<std::int64_t> SliceFile::Read(std::int64_t length, void* out) {
  ARROW_ASSIGN_OR_RAISE(length, ReadAt(position_, length, out));
  position_ += length;
  return length;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> SliceFile::Read(std::int64_t length) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, ReadAt(position_, length));
  position_ += buffer->size();
  return buffer;
}

arrow::Status SliceFile::Seek(std::int64_t position) {
  ARROW_RETURN_NOT_OK(Clip(position, 0));
  position_ = position;
  return arrow::Status::OK();
}

arrow::Status SliceFile::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

arrow::Result<std::int64_t> SliceFile::Clip(std::int64_t position, std::int64_t length) const {
  if (position < 0 || length < 0 || position > slice_.length)
    return arrow::Status::Invalid("an offset outside of the file");
  return std::min(length, slice_.length - position);
}

}  // namespace mbk::codec
