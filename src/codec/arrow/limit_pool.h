#pragma once

#include <arrow/memory_pool.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mbk::codec {

/// Memory for Arrow, up to a limit: what would go beyond fails as OutOfMemory, so that a file that claims
/// too much becomes an error. Buffers that were handed out to a caller (lent) no longer count: how many of
/// them there are is the caller's affair. Thread-safe. What is allocated must not outlive the pool.
class LimitPool : public arrow::MemoryPool {
 public:
  explicit LimitPool(std::int64_t limit_bytes) : limit_(limit_bytes), pool_(arrow::system_memory_pool()) {}
  ~LimitPool() override;

  std::int64_t limit_bytes() const { return limit_; }
  void Lend(std::int64_t bytes) { lent_ += bytes; }
  void TakeBack(std::int64_t bytes) { lent_ -= bytes; }

  arrow::Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override;
  arrow::Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                           std::uint8_t** out) override;
  void Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) override;
  std::int64_t bytes_allocated() const override { return allocated_; }
  std::int64_t total_bytes_allocated() const override { return total_; }
  std::int64_t num_allocations() const override { return allocations_; }
  std::string backend_name() const override { return "limited"; }

 private:
  struct Block {
    std::uint8_t* address = nullptr;
    std::int64_t size = 0;  ///< one of few sizes: RoundedSize in the source
    std::int64_t alignment = 0;
  };

  /// Counts `bytes` more, or fails and counts nothing.
  arrow::Status Reserve(std::int64_t bytes);
  /// A block of a rounded size: a kept one, or a fresh one.
  arrow::Status Obtain(std::int64_t size, std::int64_t alignment, std::uint8_t** out);
  /// Keep it, or give it back to the system.
  void Release(const Block& block);
  /// A kept block of this size, or nullptr.
  std::uint8_t* TakeKept(std::int64_t size, std::int64_t alignment);
  /// False where it is not worth keeping, or enough are kept.
  bool Keep(const Block& block);

  const std::int64_t limit_;
  arrow::MemoryPool* const pool_;
  std::atomic<std::int64_t> allocated_ = 0;
  std::atomic<std::int64_t> lent_ = 0;
  std::atomic<std::int64_t> total_ = 0;
  std::atomic<std::int64_t> allocations_ = 0;
  std::mutex mutex_;
  std::vector<Block> kept_;
  std::int64_t kept_bytes_ = 0;
};

}  // namespace mbk::codec
