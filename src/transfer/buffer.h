#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace mbk {

/// Bytes that arrive one after another in memory of a size given beforehand. Unlike a std::string it lets who
/// reads a file write behind what is there, and clears nothing that will be overwritten. One thread at a
/// time.
class Buffer {
 public:
  /// Room for `bytes` in all. What is there is lost when that is more than before.
  void Reserve(std::size_t bytes) {
    if (bytes <= capacity_) return;
    memory_ = std::make_unique_for_overwrite<char[]>(bytes);
    capacity_ = bytes;
    size_ = 0;
  }
  /// Where the next bytes go. `Append` takes them from there without moving them.
  std::span<char> room() { return {memory_.get() + size_, capacity_ - size_}; }
  /// False, and nothing added, when there is no room for `bytes`.
  [[nodiscard]] bool Append(std::string_view bytes) {
    if (bytes.size() > capacity_ - size_) return false;
    if (!bytes.empty() && bytes.data() != memory_.get() + size_)
      std::memcpy(memory_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
    return true;
  }
  void Clear() { size_ = 0; }

  std::string_view view() const { return {memory_.get(), size_}; }
  std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace mbk
