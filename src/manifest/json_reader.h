#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <set>
#include <string>
#include <string_view>

#include "base/status.h"

/// Reads JSON from outside straight into C++ values, as a stream and without a tree in between.
///
/// A `Shape` says how one JSON value fills one C++ object; the reader keeps a stack of (object, shape)
/// pairs, one an open bracket. Unknown keys are skipped at any depth, and `null` leaves a zero.
namespace mbk::manifest::json {

/// Bounds on what a document may ask for. All are far beyond any real manifest.
struct Limits {
  std::size_t depth = 64;               ///< brackets open at once
  std::size_t token_bytes = 16u << 20;  ///< one string, number or run of white space
  std::size_t free_bytes = 16u << 20;   ///< memory a document may cost whatever its length
  std::size_t bytes_per_byte = 8;       ///< and beyond that, for each byte of it
  /// Takes the keys that no shape knows, the first hundred; null: nobody asks.
  std::set<std::string>* passed_over = nullptr;
};

/// An integer that came without a fraction and fits 64 bits.
struct Integer {
  std::uint64_t bits = 0;
  bool negative = false;  ///< then `bits` is the two's complement
};

class Shape;

/// Where the next value goes. Without a shape it is skipped.
struct Place {
  void* object = nullptr;
  const Shape* shape = nullptr;
  std::string_view name;  ///< its key, for messages; refers to static text
};

/// How a JSON value fills the object `at`, which is always of the shape's own type. What a shape does not
/// take is an error of the document. Shapes are immutable while a document is read.
class Shape {
 public:
  virtual ~Shape() = default;
  /// What should have stood there: "a string".
  virtual std::string_view Expected() const = 0;

  virtual void TakeNull(void* at) const = 0;
  virtual bool TakeBool(void* /*at*/, bool /*value*/) const { return false; }
  virtual bool TakeInteger(void* /*at*/, Integer /*value*/) const { return false; }
  virtual bool TakeString(void* /*at*/, std::string& /*text*/) const { return false; }

  virtual bool BeginObject(void* /*at*/) const { return false; }
  virtual bool BeginArray(void* /*at*/) const { return false; }
  /// The place of the value under `key` (compared without case); `key` lives as long as the call.
  virtual Place Member(void* /*at*/, std::string_view /*key*/) const { return {}; }
  /// The place of the next element of an array.
  virtual Place Element(void* /*at*/) const { return {}; }
  /// Memory that each Member or Element costs, bytes.
  virtual std::size_t GrowthBytes() const { return 0; }
  /// After each element, and after the closing bracket.
  virtual Status ElementDone(void* /*at*/) const { return {}; }
  virtual Status End(void* /*at*/) const { return {}; }
};

/// Read one document, an object, to the end of the input. kDataLoss names the byte, the path of keys and
/// what was expected, never the values (they may be secret); kUnavailable when the stream itself failed.
/// Bytes that are not UTF-8 are read as U+FFFD, with a warning that names `document`.
Status Read(std::istream& text, std::string_view document, Place root, const Limits& limits = {});
Status Read(std::string_view text, std::string_view document, Place root, const Limits& limits = {});

}  // namespace mbk::manifest::json
