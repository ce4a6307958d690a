#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace mbk {

/// What went wrong, as few words as callers need to choose between: would a retry help, is it the
/// user's to mend, which exit code. Everything finer stands in the message.
enum class Code : unsigned char {
  kOk,
  kInvalidArgument,     ///< usage or configuration: the user must change something; never retried
  kNotFound,            ///< the named backup, collection, object or bucket is not there
  kAlreadyExists,       ///< something of that name is there, or a conditional put lost
  kPermissionDenied,    ///< credentials missing, wrong or not allowed
  kFailedPrecondition,  ///< the world is not as it must be, e.g. an object changed while it was read
  kLocked,              ///< another run holds the backup
  kUnavailable,         ///< connection refused or cut, 5xx: try again
  kThrottled,           ///< 429, 503 SlowDown, "rate limit exceeded": try again, slower
  kDeadlineExceeded,    ///< no answer in time; whether it was done is unknown
  kCancelled,           ///< a stop was asked for
  kDataLoss,            ///< what was read is damaged, truncated, or not what was written
  kUnimplemented,       ///< the other side does not have this call
  kInternal,            ///< a defect, here or on the other side
};

/// The name of a code as logs show it, e.g. "not found".
std::string_view CodeName(Code code);

/// Whether the same call may succeed when it is simply made again.
bool IsRetryable(Code code);

/// The outcome of an operation that returns nothing. Small, cheap to move, never ignored.
///
/// A message reads from the outside in: `create backup "nightly": copy s3://a/…: 503 SlowDown …`.
/// It names the action, the object, the other side's own words, and the remedy where there is one.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  /// The same outcome with "context: " before its message; an ok status stays as it is.
  Status WithContext(std::string_view context) const&;
  Status WithContext(std::string_view context) &&;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

/// A value, or why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}         // NOLINT: a value is a result
  Result(Status status) : state_(std::move(status)) {}  // NOLINT: so is an error

  bool ok() const { return std::holds_alternative<T>(state_); }
  /// The error; an ok status when there is a value.
  Status status() const& { return ok() ? Status() : std::get<Status>(state_); }
  Status status() && { return ok() ? Status() : std::get<Status>(std::move(state_)); }

  T& value() & { return std::get<T>(state_); }
  const T& value() const& { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

 private:
  std::variant<Status, T> state_;
};

inline Status InvalidArgument(std::string m) { return {Code::kInvalidArgument, std::move(m)}; }
inline Status NotFound(std::string m) { return {Code::kNotFound, std::move(m)}; }
inline Status AlreadyExists(std::string m) { return {Code::kAlreadyExists, std::move(m)}; }
inline Status FailedPrecondition(std::string m) { return {Code::kFailedPrecondition, std::move(m)}; }
inline Status DataLoss(std::string m) { return {Code::kDataLoss, std::move(m)}; }
inline Status Cancelled(std::string m) { return {Code::kCancelled, std::move(m)}; }
inline Status Internal(std::string m) { return {Code::kInternal, std::move(m)}; }

}  // namespace mbk

/// Leave the function with the error of a Status expression, if it is one.
#define MBK_TRY(expr)                                                              \
  do {                                                                             \
    if (::mbk::Status mbk_status_ = (expr); !mbk_status_.ok()) return mbk_status_; \
  } while (false)

/// Declare a variable from a Result expression, or leave the function with its error.
#define MBK_TRY_ASSIGN(decl, expr) MBK_TRY_ASSIGN_1(MBK_CONCAT(mbk_result_, __LINE__), decl, expr)
#define MBK_TRY_ASSIGN_1(tmp, decl, expr)        \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return std::move(tmp).status(); \
  decl = std::move(tmp).value()
#define MBK_CONCAT(a, b) MBK_CONCAT_1(a, b)
#define MBK_CONCAT_1(a, b) a##b
