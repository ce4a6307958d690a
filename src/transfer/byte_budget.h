#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "base/call_context.h"
#include "base/status.h"

namespace mbk {

/// Bounds the bytes that all copies of a run hold in memory at once. Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(std::int64_t limit_bytes) : limit_(limit_bytes), free_(limit_bytes) {}

  /// A share of the budget, given back when it is destroyed.
  class Share {
   public:
    Share() = default;
    Share(ByteBudget* budget, std::int64_t bytes) : budget_(budget), bytes_(bytes) {}
    Share(Share&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept;
    ~Share() { Release(); }

   private:
    void Release();
    ByteBudget* budget_ = nullptr;
    std::int64_t bytes_ = 0;
  };

  /// Wait until `bytes` are free. More than the whole budget is granted when nothing else is held, so
  /// that one huge part still passes, alone. Fails only when `context` ends.
  Result<Share> Acquire(std::int64_t bytes, const CallContext& context);

 private:
  void Give(std::int64_t bytes);

  const std::int64_t limit_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::int64_t free_;
};

}  // namespace mbk
