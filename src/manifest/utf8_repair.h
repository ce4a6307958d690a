#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mbk::manifest {

/// Makes UTF-8 of text that should be it: each byte that is part of no character becomes U+FFFD, as Go's
/// decoder, and with it the Go tool, reads it. Not thread-safe.
class Utf8Repair {
 public:
  /// The next piece of the text, behind what was held back of the one before: a character may be cut in two.
  /// The result refers to `piece` or to this object, until the next call. `is_last`: nothing is held back.
  std::string_view Take(std::string_view piece, bool is_last);

  /// Bytes that were replaced so far.
  std::int64_t replaced() const { return replaced_; }

 private:
  std::string_view Repaired(std::string_view text, bool is_last);

  std::string held_;  ///< the beginning of a character, at the end of the last piece
  std::string joined_;
  std::string repaired_;
  std::int64_t replaced_ = 0;
};

}  // namespace mbk::manifest
