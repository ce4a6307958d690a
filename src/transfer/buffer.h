#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace mbk {

/// Bytes that arrive one after another in memory of a size given beforehand. Unlike a std::string it lets who
/// reads a file write behind what is there, and clears nothing that will be overwritten. One thread at a
/// time.
class Buffer {
 public:
  Buffer() = default;
  /// What was moved from has no memory, and no capacity.
  Buffer(Buffer&& other) noexcept { Swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    Swap(taken);
    return *this;
  }

  /// Begin anew, with room for `bytes` and no more.
  void Reserve(std::size_t bytes) {
    if (bytes > capacity_) {
      memory_ = std::make_unique_for_overwrite<char[]>(bytes);
      capacity_ = bytes;
    }
    limit_ = bytes;
    size_ = 0;
  }
  /// Where the next bytes go. `Append` takes them from there without moving them.
  std::span<char> room() { return {memory_.get() + size_, limit_ - size_}; }
  /// False, and nothing added, when there is no room for `bytes`.
  [[nodiscard]] bool Append(std::string_view bytes) {
    if (bytes.size() > limit_ - size_) return false;
    if (!bytes.empty() && bytes.data() != memory_.get() + size_)
      std::memcpy(memory_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
    return true;
  }

  std::string_view view() const { return {memory_.get(), size_}; }
  std::size_t capacity() const { return capacity_; }

 private:
  void Swap(Buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(capacity_, other.capacity_);
    std::swap(limit_, other.limit_);
    std::swap(size_, other.size_);
  }

  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t limit_ = 0;  ///< within the capacity
  std::size_t size_ = 0;
};

}  // namespace mbk
