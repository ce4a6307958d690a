#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "manifest/json_reader.h"

/// The shapes of common types; see json_reader.h. A shape must outlive every shape that refers to it.
namespace mbk::manifest::json {

/// Whether two keys are the same to a reader: ASCII letters without case, as Go's encoding/json does.
bool SameKey(std::string_view a, std::string_view b);

class TextShape : public Shape {
 public:
  std::string_view Expected() const override { return "a string"; }
  void TakeNull(void* at) const override { static_cast<std::string*>(at)->clear(); }
  bool TakeString(void* at, std::string& text) const override {
    static_cast<std::string*>(at)->assign(text);
    return true;
  }
};

class BoolShape : public Shape {
 public:
  std::string_view Expected() const override { return "true or false"; }
  void TakeNull(void* at) const override { *static_cast<bool*>(at) = false; }
  bool TakeBool(void* at, bool value) const override {
    *static_cast<bool*>(at) = value;
    return true;
  }
};

/// An integer of type T that is at least `min`.
template <class T>
class IntegerShape : public Shape {
 public:
  explicit IntegerShape(T min = std::numeric_limits<T>::min()) : min_(min) {}
  std::string_view Expected() const override {
    if (std::is_unsigned_v<T>) return "an unsigned integer";
    if (min_ == 0) return "an integer that is not negative";
    return sizeof(T) == 8 ? "a 64-bit integer" : "a 32-bit integer";
  }
  void TakeNull(void* at) const override { *static_cast<T*>(at) = 0; }
  bool TakeInteger(void* at, Integer value) const override {
    const bool fits = value.negative ? std::in_range<T>(static_cast<std::int64_t>(value.bits))
                                     : std::in_range<T>(value.bits);
    if (!fits) return false;
    const T number = static_cast<T>(value.bits);
    if (number < min_) return false;
    *static_cast<T*>(at) = number;
    return true;
  }

 private:
  T min_;
};

/// An enumeration as its number; numbers without a name pass through.
template <class E>
class EnumShape : public Shape {
 public:
  std::string_view Expected() const override { return number_.Expected(); }
  void TakeNull(void* at) const override { *static_cast<E*>(at) = E{}; }
  bool TakeInteger(void* at, Integer value) const override {
    std::underlying_type_t<E> number{};
    if (!number_.TakeInteger(&number, value)) return false;
    *static_cast<E*>(at) = static_cast<E>(number);
    return true;
  }

 private:
  IntegerShape<std::underlying_type_t<E>> number_;
};

/// The shape of a scalar type, where there is nothing to choose.
template <class T>
const Shape& ScalarShape() {
  if constexpr (std::is_enum_v<T>) {
    static const EnumShape<T> shape;
    return shape;
  } else if constexpr (std::is_same_v<T, std::string>) {
    static const TextShape shape;
    return shape;
  } else if constexpr (std::is_same_v<T, bool>) {
    static const BoolShape shape;
    return shape;
  } else {
    static const IntegerShape<T> shape;
    return shape;
  }
}
/// For sizes and counts.
inline const Shape& CountShape() {
  static const IntegerShape<std::int64_t> shape(0);
  return shape;
}

/// An object whose keys fill parts of a T. Keys not added are skipped.
template <class T>
class Record : public Shape {
 public:
  using Hook = std::function<Status(T&)>;

  /// `key` refers to static text. `part` finds what the value fills; it need not lie inside the T.
  Record& Add(std::string_view key, std::function<void*(T&)> part, const Shape& shape) {
    members_.push_back({.key = key, .part = std::move(part), .shape = &shape});
    return *this;
  }
  template <class M>
  Record& Add(std::string_view key, M T::* member, const Shape& shape) {
    return Add(key, [member](T& object) -> void* { return &(object.*member); }, shape);
  }
  template <class M>
  Record& Add(std::string_view key, M T::* member) {
    return Add(key, member, ScalarShape<M>());
  }
  /// The same record, but deaf to some keys.
  Record Without(std::initializer_list<std::string_view> keys) const {
    Record copy = *this;
    std::erase_if(copy.members_, [&keys](const Part& part) {
      return std::find(keys.begin(), keys.end(), part.key) != keys.end();
    });
    return copy;
  }
  Record& OnBegin(std::function<void(T&)> hook) {
    on_begin_ = std::move(hook);
    return *this;
  }
  Record& OnEnd(Hook hook) {
    on_end_ = std::move(hook);
    return *this;
  }

  std::string_view Expected() const override { return "an object"; }
  void TakeNull(void* at) const override { *static_cast<T*>(at) = T{}; }
  bool BeginObject(void* at) const override {
    if (on_begin_) on_begin_(*static_cast<T*>(at));
    return true;
  }
  Place Member(void* at, std::string_view key) const override {
    for (const Part& member : members_) {
      if (!SameKey(member.key, key)) continue;
      return {.object = member.part(*static_cast<T*>(at)), .shape = member.shape, .name = member.key};
    }
    return {};
  }
  Status End(void* at) const override { return on_end_ ? on_end_(*static_cast<T*>(at)) : Status(); }

 private:
  struct Part {
    std::string_view key;
    std::function<void*(T&)> part;
    const Shape* shape;
  };
  std::vector<Part> members_;
  std::function<void(T&)> on_begin_;
  Hook on_end_;
};

/// An object inside a T that fills the T itself; null changes nothing of it.
template <class T>
class Facet : public Record<T> {
 public:
  void TakeNull(void*) const override {}
};

/// An array as a vector. What was there before is dropped.
template <class T>
class List : public Shape {
 public:
  explicit List(const Shape& element) : element_(element) {}
  std::string_view Expected() const override { return "an array"; }
  void TakeNull(void* at) const override { Vector(at).clear(); }
  bool BeginArray(void* at) const override {
    Vector(at).clear();
    return true;
  }
  Place Element(void* at) const override {
    return {.object = &Vector(at).emplace_back(), .shape = &element_};
  }
  std::size_t GrowthBytes() const override { return sizeof(T); }
  Status End(void* at) const override {
    Vector(at).shrink_to_fit();
    return {};
  }

 private:
  static std::vector<T>& Vector(void* at) { return *static_cast<std::vector<T>*>(at); }
  const Shape& element_;
};

/// An array whose elements are read one after the other into the same T and handed on.
template <class T>
class Each : public Shape {
 public:
  Each(const Shape& element, std::function<Status(T&&)> take) : element_(element), take_(std::move(take)) {}
  std::string_view Expected() const override { return "an array"; }
  void TakeNull(void*) const override {}
  bool BeginArray(void*) const override { return true; }
  Place Element(void* at) const override {
    *static_cast<T*>(at) = T{};
    return {.object = at, .shape = &element_};
  }
  Status ElementDone(void* at) const override { return take_(std::move(*static_cast<T*>(at))); }

 private:
  const Shape& element_;
  std::function<Status(T&&)> take_;
};

/// An object with free keys and string values.
class TextMap : public Shape {
 public:
  using Map = std::map<std::string, std::string>;
  std::string_view Expected() const override { return "an object"; }
  void TakeNull(void* at) const override { static_cast<Map*>(at)->clear(); }
  bool BeginObject(void*) const override { return true; }
  Place Member(void* at, std::string_view key) const override {
    return {.object = &(*static_cast<Map*>(at))[std::string(key)], .shape = &ScalarShape<std::string>()};
  }
  std::size_t GrowthBytes() const override { return sizeof(Map::value_type) + kNodeBytes; }

 private:
  static constexpr std::size_t kNodeBytes = 32;
};

/// An object that may be missing: it is there when the document has it, even empty.
template <class T>
class Optional : public Shape {
 public:
  explicit Optional(const Shape& value) : value_(value) {}
  std::string_view Expected() const override { return value_.Expected(); }
  void TakeNull(void* at) const override { Value(at).reset(); }
  bool BeginObject(void* at) const override { return value_.BeginObject(&Value(at).emplace()); }
  Place Member(void* at, std::string_view key) const override { return value_.Member(&*Value(at), key); }
  Status End(void* at) const override { return value_.End(&*Value(at)); }

 private:
  static std::optional<T>& Value(void* at) { return *static_cast<std::optional<T>*>(at); }
  const Shape& value_;
};

}  // namespace mbk::manifest::json
