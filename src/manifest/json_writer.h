#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "manifest/manifest.h"

namespace mbk::manifest {

enum class JsonStyle {
  kCompact,   ///< no white space at all
  kIndented,  ///< four spaces a level, as the Go tool prints for people
};

/// Writes JSON piece by piece, byte for byte as Go's encoding/json does: `<`, `>`, `&`, U+2028 and U+2029
/// escaped, other text raw, invalid UTF-8 replaced by U+FFFD. Not thread-safe.
///
/// The caller keeps the grammar: a key before each value of an object, every Begin with its End. An error
/// of the sink is kept, what follows is dropped, and Finish returns it.
class JsonWriter {
 public:
  /// `sink` must outlive the writer; it gets pieces of about 64 KiB.
  JsonWriter(const TextSink& sink, JsonStyle style) : sink_(sink), style_(style) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }
  void Key(std::string_view key);

  void Value(std::string_view text);
  void Value(const char* text) { Value(std::string_view(text)); }
  void Value(bool value) { Raw(value ? "true" : "false"); }
  void Value(std::integral auto number) { Raw(std::to_string(number)); }

  /// A member that is always there.
  template <class T>
  void Member(std::string_view key, const T& value) {
    Key(key);
    Value(value);
  }
  /// A member that is left out when it is zero, false or empty: Go's `omitempty`.
  template <class T>
  void NonZero(std::string_view key, const T& value) {
    if (value != T{}) Member(key, value);
  }

  /// Hand over the rest; the first error of the sink.
  Status Finish();

 private:
  void Begin(char bracket);
  void End(char bracket);
  void Raw(std::string_view token);
  void BeforeItem();
  void BreakLine();
  void Quoted(std::string_view text);
  void FlushIfFull();

  const TextSink& sink_;
  JsonStyle style_;
  std::string buffer_;
  std::vector<bool> has_items_;  ///< one an open bracket
  bool after_key_ = false;
  Status status_;
};

}  // namespace mbk::manifest
