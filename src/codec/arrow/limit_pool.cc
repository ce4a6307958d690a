#include "codec/arrow/limit_pool.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace mbk::codec {
namespace {

/// From here on the C library maps memory for each block (main.cc).
constexpr std::int64_t kMinKeptBytes = 256 << 10;
/// Of one reader: the batches of its widest columns.
#ifdef __SANITIZE_ADDRESS__
constexpr std::int64_t kMaxKeptBytes = 0;  // AddressSanitizer is to see a use of what was freed
#else
constexpr std::int64_t kMaxKeptBytes = 24 << 20;
#endif

/// Large blocks come in eight sizes from one power of two to the next, so that one that was freed fits the
/// next batch, which is of about as many rows. What lies beyond the size asked for is not touched, so it
/// costs nothing.
std::int64_t RoundedSize(std::int64_t size) {
  if (size < kMinKeptBytes) return size;
  const auto step = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(size)) / 8);
  return (size + step - 1) / step * step;
}

}  // namespace

LimitPool::~LimitPool() {
  for (const Block& block : kept_) pool_->Free(block.address, block.size, block.alignment);
}

arrow::Status LimitPool::Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) {
  ARROW_RETURN_NOT_OK(Reserve(size));
  arrow::Status status = Obtain(RoundedSize(size), alignment, out);
  if (!status.ok()) allocated_ -= size;
  return status;
}

arrow::Status LimitPool::Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                                    std::uint8_t** out) {
  ARROW_RETURN_NOT_OK(Reserve(new_size - old_size));
  if (RoundedSize(old_size) == RoundedSize(new_size)) return arrow::Status::OK();
  std::uint8_t* moved = nullptr;
  if (arrow::Status status = Obtain(RoundedSize(new_size), alignment, &moved); !status.ok()) {
    allocated_ -= new_size - old_size;
    return status;
  }
  std::memcpy(moved, *out, static_cast<std::size_t>(std::min(old_size, new_size)));
  Release({.address = *out, .size = RoundedSize(old_size), .alignment = alignment});
  *out = moved;
  return arrow::Status::OK();
}

void LimitPool::Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) {
  Release({.address = buffer, .size = RoundedSize(size), .alignment = alignment});
  allocated_ -= size;
}

arrow::Status LimitPool::Obtain(std::int64_t size, std::int64_t alignment, std::uint8_t** out) {
  *out = TakeKept(size, alignment);
  return *out != nullptr ? arrow::Status::OK() : pool_->Allocate(size, alignment, out);
}

void LimitPool::Release(const Block& block) {
  if (!Keep(block)) pool_->Free(block.address, block.size, block.alignment);
}

std::uint8_t* LimitPool::TakeKept(std::int64_t size, std::int64_t alignment) {
  if (size < kMinKeptBytes) return nullptr;
  std::scoped_lock lock(mutex_);
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Block& block) {
    return block.size == size && block.alignment == alignment;
  });
  if (found == kept_.end()) return nullptr;
  std::uint8_t* const address = found->address;
  kept_bytes_ -= found->size;
  kept_.erase(found);
  return address;
}

bool LimitPool::Keep(const Block& block) {
  if (block.size < kMinKeptBytes) return false;
  std::scoped_lock lock(mutex_);
  if (kept_bytes_ + block.size > kMaxKeptBytes) return false;
  kept_.push_back(block);
  kept_bytes_ += block.size;
  return true;
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
