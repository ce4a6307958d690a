#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "transfer/buffer.h"

namespace mbk {

/// Bounds the bytes that all copies of a run hold in memory at once, and lends them the memory. A large
/// buffer that comes back is lent again: a fresh one costs a page fault for each of its pages. Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(std::int64_t limit_bytes) : limit_(limit_bytes), free_(limit_bytes) {}

  /// A share of the budget, given back when it is destroyed.
  class Share {
   public:
    Share() = default;
    Share(ByteBudget* budget, std::int64_t bytes, Buffer buffer)
        : budget_(budget), bytes_(bytes), buffer_(std::move(buffer)) {}
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)),
          bytes_(other.bytes_),
          buffer_(std::move(other.buffer_)) {}
    Share& operator=(Share&& other) noexcept;
    ~Share() { Release(); }

    /// Empty at first; has room for what was acquired, or is to be given it by its user.
    Buffer& buffer() { return buffer_; }

   private:
    void Release();
    ByteBudget* budget_ = nullptr;
    std::int64_t bytes_ = 0;
    Buffer buffer_;
  };

  /// Wait until `bytes` are free. More than the whole budget is granted when nothing else is held, so
  /// that one huge part still passes, alone. Fails only when `context` ends.
  Result<Share> Acquire(std::int64_t bytes, const CallContext& context);

 private:
  using Buffers = std::vector<Buffer>;
  Buffer TakeBuffer(std::int64_t bytes);
  /// The oldest of those that lie idle, as many as exceed what is free.
  Buffers TakeExcess();
  void Give(std::int64_t bytes, Buffer buffer);

  const std::int64_t limit_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::int64_t free_;
  Buffers idle_;  ///< within what is free
  std::int64_t idle_bytes_ = 0;
};

}  // namespace mbk
