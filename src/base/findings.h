#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mbk {

/// Things that were found wrong: each is counted, the first hundred are named. Not thread-safe.
class Findings {
 public:
  static constexpr std::size_t kMostNamed = 100;

  void Add(std::string what) {
    ++count_;
    if (named_.size() < kMostNamed) named_.push_back(std::move(what));
  }
  void Add(const Findings& more) {
    const std::int64_t count = count_ + more.count_;
    for (const std::string& what : more.named_) Add(what);
    count_ = count;
  }

  bool empty() const { return count_ == 0; }
  std::int64_t count() const { return count_; }
  const std::vector<std::string>& named() const { return named_; }

  /// The first `most` of them in one line, and how many there are besides.
  std::string Summary(std::size_t most) const {
    std::string text;
    for (std::size_t i = 0; i < named_.size() && i < most; ++i) text += (i == 0 ? "" : "; ") + named_[i];
    if (count_ > static_cast<std::int64_t>(most))
      text += "; and " + std::to_string(count_ - static_cast<std::int64_t>(most)) + " more";
    return text;
  }

 private:
  std::int64_t count_ = 0;
  std::vector<std::string> named_;
};

}  // namespace mbk
