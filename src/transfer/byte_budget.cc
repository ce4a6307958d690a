#include "transfer/byte_budget.h"

#include <algorithm>
#include <iterator>

namespace mbk {
namespace {

// Smaller ones come out of malloc's own stock (main.cc), and cost nothing.
constexpr std::int64_t kWorthKeepingBytes = 256 << 10;

std::int64_t Capacity(const Buffer& buffer) { return static_cast<std::int64_t>(buffer.capacity()); }

}  // namespace

void ByteBudget::Share::Release() {
  if (budget_ != nullptr) budget_->Give(bytes_, std::move(buffer_));
  budget_ = nullptr;
}

ByteBudget::Share& ByteBudget::Share::operator=(Share&& other) noexcept {
  if (this == &other) return *this;
  Release();
  budget_ = std::exchange(other.budget_, nullptr);
  bytes_ = other.bytes_;
  buffer_ = std::move(other.buffer_);
  return *this;
}

Result<ByteBudget::Share> ByteBudget::Acquire(std::int64_t bytes, const CallContext& context) {
  const std::int64_t wanted = std::clamp<std::int64_t>(bytes, 0, limit_);
  Buffers excess;  // freed behind the lock
  std::unique_lock lock(mutex_);
  // Without a deadline wait_until(max) would overflow in some libraries: two forms of the same wait.
  auto is_free = [&] { return free_ >= wanted; };
  bool got = context.deadline.IsNever()
                 ? changed_.wait(lock, context.stop, is_free)
                 : changed_.wait_for(lock, context.stop, context.deadline.Remaining(), is_free);
  if (!got) {
    Status ended = context.Check();
    return ended.ok() ? Status(Code::kDeadlineExceeded, "no memory for a transfer came free in time") : ended;
  }
  free_ -= wanted;
  Buffer buffer = TakeBuffer(bytes);
  excess = TakeExcess();
  return Share(this, wanted, std::move(buffer));
}

// One of just the size: a larger one would hold more than was acquired.
Buffer ByteBudget::TakeBuffer(std::int64_t bytes) {
  auto fits = [&](const Buffer& idle) { return Capacity(idle) >= bytes && Capacity(idle) / 2 < bytes; };
  auto found = std::ranges::find_if(idle_, fits);
  if (found == idle_.end()) return {};
  Buffer buffer = std::move(*found);
  idle_.erase(found);
  idle_bytes_ -= Capacity(buffer);
  return buffer;
}

ByteBudget::Buffers ByteBudget::TakeExcess() {
  auto end = idle_.begin();
  for (; end != idle_.end() && idle_bytes_ > free_; ++end) idle_bytes_ -= Capacity(*end);
  Buffers excess(std::move_iterator(idle_.begin()), std::move_iterator(end));
  idle_.erase(idle_.begin(), end);
  return excess;
}

void ByteBudget::Give(std::int64_t bytes, Buffer buffer) {
  {
    std::scoped_lock lock(mutex_);
    free_ += bytes;
    if (Capacity(buffer) >= kWorthKeepingBytes && idle_bytes_ + Capacity(buffer) <= free_) {
      buffer.Reserve(0);
      idle_bytes_ += Capacity(buffer);
      idle_.push_back(std::move(buffer));
    }
  }
  changed_.notify_all();
}

}  // namespace mbk
