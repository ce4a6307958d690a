#include "transfer/byte_budget.h"

#include <algorithm>

namespace mbk {

void ByteBudget::Share::Release() {
  if (budget_ != nullptr) budget_->Give(bytes_);
  budget_ = nullptr;
}

ByteBudget::Share& ByteBudget::Share::operator=(Share&& other) noexcept {
  if (this == &other) return *this;
  Release();
  budget_ = std::exchange(other.budget_, nullptr);
  bytes_ = other.bytes_;
  return *this;
}

Result<ByteBudget::Share> ByteBudget::Acquire(std::int64_t bytes, const CallContext& context) {
  const std::int64_t wanted = std::clamp<std::int64_t>(bytes, 0, limit_);
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
  return Share(this, wanted);
}

void ByteBudget::Give(std::int64_t bytes) {
  {
    std::scoped_lock lock(mutex_);
    free_ += bytes;
  }
  changed_.notify_all();
}

}  // namespace mbk
