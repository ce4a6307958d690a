#include "codec/arrow/limit_pool.h"

namespace mbk::codec {

arrow::Status LimitPool::Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) {
  ARROW_RETURN_NOT_OK(Reserve(size));
  arrow::Status status = pool_->Allocate(size, alignment, out);
  if (!status.ok()) allocated_ -= size;
  return status;
}

arrow::Status LimitPool::Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                                    std::uint8_t** out) {
  ARROW_RETURN_NOT_OK(Reserve(new_size - old_size));
  arrow::Status status = pool_->Reallocate(old_size, new_size, alignment, out);
  if (!status.ok()) allocated_ -= new_size - old_size;
  return status;
}

void LimitPool::Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) {
  pool_->Free(buffer, size, alignment);
  allocated_ -= size;
}

arrow::Status LimitPool::Reserve(std::int64_t bytes) {
  const std::int64_t after = allocated_ += bytes;
  if (bytes > 0 && after - lent_ > limit_) {
    allocated_ -= bytes;
    return arrow::Status::OutOfMemory("more than ", limit_ >> 20, " MiB in memory");
  }
  if (bytes > 0) total_ += bytes;
  ++allocations_;
  return arrow::Status::OK();
}

}  // namespace mbk::codec
