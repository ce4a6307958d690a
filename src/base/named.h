#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace mbk {

/// A string with a meaning of its own, so that a bucket is never passed where a key belongs.
template <class Tag>
class Named {
 public:
  Named() = default;
  explicit Named(std::string value) : value_(std::move(value)) {}

  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend auto operator<=>(const Named&, const Named&) = default;

 private:
  std::string value_;
};

/// A bucket (S3, GCS) or container (Azure).
using BucketName = Named<struct BucketNameTag>;
/// The whole key of an object inside its bucket; for a local directory, its path.
using ObjectKey = Named<struct ObjectKeyTag>;

}  // namespace mbk

template <class Tag>
struct std::hash<mbk::Named<Tag>> {
  std::size_t operator()(const mbk::Named<Tag>& name) const { return std::hash<std::string>()(name.str()); }
};
