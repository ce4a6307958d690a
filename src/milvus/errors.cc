#include "milvus/errors.h"

#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>

#include "milvus/text.h"

namespace mbk {
namespace {

using MilvusStatus = ::milvus::proto::common::Status;

// Numbers of common.Status.code (Milvus 2.3 and later, package merr) and of the older error_code that
// mean something to us. Everything else is told apart by words or is kInternal.
constexpr int kCodeServiceNotReady = 1;
constexpr int kCodeCollectionNotLoaded = 101;
constexpr int kCodePartitionNotLoaded = 201;
constexpr int kCodeIndexNotFound = 700;
constexpr int kErrorCodeIndexNotExist = 25;
// What Milvus Lite puts into both numbers when a request asks for what cannot be. A server's two differ.
constexpr int kLiteIllegalArgument = 6;

std::optional<Code> OfCode(int code) {
  switch (code) {
    case kCodeServiceNotReady:
    case 2:    // service unavailable
    case 600:  // segment not found: a compaction has just replaced it
      return Code::kUnavailable;
    case 8:
      return Code::kThrottled;
    case 3:  // memory limit exceeded
    case 7:  // disk limit exceeded
    case 9:  // quota exceeded
    case kCodeCollectionNotLoaded:
    case kCodePartitionNotLoaded:
      return Code::kFailedPrecondition;
    case 11:
      return Code::kUnimplemented;
    case 100:   // collection
    case 200:   // partition
    case 800:   // database
    case 1000:  // key of the meta store, e.g. an import job
    case 1600:  // alias
    case kCodeIndexNotFound:
      return Code::kNotFound;
    case 1602:
      return Code::kAlreadyExists;  // alias
    case 1100:
      return Code::kInvalidArgument;
    case 1400:  // not authenticated
    case 1401:  // privilege not permitted
    case 1800:
      return Code::kPermissionDenied;
    default:
      return std::nullopt;
  }
}

std::optional<Code> OfErrorCode(int error_code) {
  switch (error_code) {
    case 3:
      return Code::kPermissionDenied;
    case 4:   // CollectionNotExists
    case 28:  // CollectionNameNotFound
    case kErrorCodeIndexNotExist:
      return Code::kNotFound;
    case 48:
      return Code::kFailedPrecondition;  // ForceDeny
    case 49:
      return Code::kThrottled;  // RateLimit
    case 47:                    // SegmentNotFound
    case 56:                    // NotReadyServe
    case 57:                    // NotReadyCoordActivating
    case 100:
      return Code::kUnavailable;  // DataCoordNA
    default:
      return std::nullopt;
  }
}

struct Phrase {
  std::string_view text;
  Code code;
};

// Words that stand where a number was lost on its way through the components. First match wins.
constexpr Phrase kPhrases[] = {
    {"rate limit exceeded", Code::kThrottled},
    {"rejected by limiter", Code::kThrottled},
    {"partition not loaded", Code::kFailedPrecondition},
    {"collection not loaded", Code::kFailedPrecondition},
    {"segment not found", Code::kUnavailable},
    {"already exist", Code::kAlreadyExists},
    {"duplicate collection", Code::kAlreadyExists},
    {"duplicate field name", Code::kAlreadyExists},
    {"collection not found", Code::kNotFound},
    {"can't find collection", Code::kNotFound},
    {"database not found", Code::kNotFound},
    {"partition not found", Code::kNotFound},
    {"' does not exist", Code::kNotFound},  // Milvus Lite
    {"auth check failure", Code::kPermissionDenied},
    {"permission deny", Code::kPermissionDenied},
};

std::optional<Code> OfWords(std::string_view words) {
  for (const Phrase& phrase : kPhrases) {
    if (words.find(phrase.text) != words.npos) return phrase.code;
  }
  return std::nullopt;
}

Code Classify(const MilvusStatus& status) {
  std::optional<Code> by_words = OfWords(status.reason());
  if (by_words == Code::kThrottled) return *by_words;
  // Milvus Lite's number for whatever has none, where a server's says that it is not ready yet.
  if (by_words && status.code() == kCodeServiceNotReady) return *by_words;
  if (status.code() == kLiteIllegalArgument && status.error_code() == kLiteIllegalArgument)
    return by_words.value_or(Code::kInvalidArgument);
  if (std::optional<Code> code = OfCode(status.code())) return *code;
  if (status.code() == 0) {
    if (std::optional<Code> code = OfErrorCode(status.error_code())) return *code;
  }
  if (by_words) return *by_words;
  return status.retriable() ? Code::kUnavailable : Code::kInternal;
}

/// The other side's words, at a length that a log can bear (2.3.5 has sent whole stack traces).
std::string Quotable(const std::string& words) {
  constexpr std::size_t kLongest = 1'000;
  if (words.size() <= kLongest) return words;
  return words.substr(0, kLongest) + " …";
}

}  // namespace

Status FromGrpcStatus(const grpc::Status& status) {
  std::string message = Quotable(status.error_message());
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return {};
    case grpc::StatusCode::CANCELLED:
      return Cancelled(message);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {Code::kDeadlineExceeded, "no answer in time"};
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return {Code::kPermissionDenied, message};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {Code::kUnimplemented, message};
    case grpc::StatusCode::UNAVAILABLE:
      return {Code::kUnavailable, message};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      // Also gRPC's own word for an answer above 2 GiB, which no repetition makes smaller.
      if (Contains(message, "larger than max")) return FailedPrecondition(message);
      return {Code::kThrottled, message};
    default:
      return {OfWords(message).value_or(Code::kInternal),
              fmt::format("{} (gRPC code {})", message, static_cast<int>(status.error_code()))};
  }
}

Status FromMilvusStatus(const MilvusStatus& status) {
  if (status.code() == 0 && status.error_code() == 0) return {};
  const std::string& words = status.reason().empty() ? status.detail() : status.reason();
  if (status.code() != 0)
    return {Classify(status), fmt::format("{} (Milvus code {})", Quotable(words), status.code())};
  return {Classify(status), fmt::format("{} (Milvus error code {})", Quotable(words), status.error_code())};
}

bool SaysNoIndex(const MilvusStatus& status) {
  return status.code() == kCodeIndexNotFound || status.error_code() == kErrorCodeIndexNotExist ||
         Contains(status.reason(), "index not found") || Contains(status.reason(), "index doesn't exist");
}

bool SaysNotLoaded(const MilvusStatus& status) {
  return status.code() == kCodeCollectionNotLoaded || status.code() == kCodePartitionNotLoaded ||
         Contains(status.reason(), "not loaded") || Contains(status.reason(), "not been loaded");
}

}  // namespace mbk
