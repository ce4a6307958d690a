#include "store/http_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/timestamp.h"
#include "net/http_date.h"
#include "store/byte_range.h"

namespace mbk {
namespace {

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  std::int64_t number = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

struct ContentRange {
  std::int64_t first = 0;
  std::int64_t total = 0;
};

// "bytes first-last/total"
std::optional<ContentRange> ParseContentRange(std::string_view text) {
  std::size_t dash = text.find('-');
  std::size_t slash = text.find('/');
  if (!text.starts_with("bytes ") || dash == std::string_view::npos || slash == std::string_view::npos)
    return {};
  auto first = ParseNumber(text.substr(6, dash - 6));
  auto total = ParseNumber(text.substr(slash + 1));
  if (!first || !total) return {};
  return ContentRange{.first = *first, .total = *total};
}

}  // namespace

Status CheckKey(const ObjectKey& key) {
  return key.empty() ? InvalidArgument("the key of an object must not be empty") : Status();
}

std::string Quoted(std::string_view etag) { return fmt::format("\"{}\"", etag); }

std::string Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::optional<std::int64_t> ContentLength(const HttpHeaders& headers) {
  return ParseNumber(headers.Get("content-length"));
}

std::int64_t LastModifiedMs(const HttpHeaders& headers) { return TimeMs(headers.Get("last-modified")); }

std::int64_t TimeMs(std::string_view text) {
  auto ms = [](std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<Milliseconds>(time.time_since_epoch()).count();
  };
  if (const auto time = ParseHttpDate(text)) return ms(*time);
  const auto time = ParseTimestamp(text);
  return time.ok() ? ms(*time) : 0;
}

bool IsWhole(const ByteRange& range) { return range.offset == 0 && range.length == -1; }

std::string RangeHeader(const ByteRange& range) {
  if (range.length == -1) return fmt::format("bytes={}-", range.offset);
  return fmt::format("bytes={}-{}", range.offset, range.offset + range.length - 1);
}

// Any size will do to find out whether a range is one: the object's is not known yet.
Status CheckRange(const ByteRange& range) {
  constexpr std::int64_t kBeyondAnyObject = std::int64_t{1} << 60;
  if (range.offset >= kBeyondAnyObject || range.length >= kBeyondAnyObject) {
    return InvalidArgument("no object has so many bytes");
  }
  Result<ResolvedRange> resolved = ResolveRange(range, kBeyondAnyObject);
  return resolved.status();
}

Status CheckPage(const ListPage& page, const ListRequest& request) {
  auto outside = [&](const std::string& key) { return !key.starts_with(request.prefix); };
  for (const ObjectInfo& object : page.objects) {
    if (outside(object.key.str())) {
      return DataLoss(fmt::format("the listing holds \"{}\", outside the prefix", OneLine(object.key.str())));
    }
  }
  for (const std::string& prefix : page.common_prefixes) {
    if (outside(prefix))
      return DataLoss(fmt::format("the listing holds \"{}\", outside the prefix", OneLine(prefix)));
  }
  if (!page.next_page_token.empty() && page.next_page_token == request.page_token) {
    return DataLoss("the listing goes in a circle: the next page is this one");
  }
  return {};
}

Status Download::Begin(const HttpResponse& head) {
  MBK_TRY_ASSIGN(std::int64_t size, head.status == 206 ? SizeBehindPart(head) : SizeOfWhole(head));
  MBK_TRY_ASSIGN(ResolvedRange resolved, ResolveRange(request_.range, size));
  expected_ = resolved.length;
  object_ = describe_(head.headers, size);
  if (!request_.if_match.empty() && object_.etag != request_.if_match) {
    return FailedPrecondition(fmt::format("the object has changed: its etag is \"{}\", not \"{}\"",
                                          OneLine(object_.etag), OneLine(request_.if_match)));
  }
  if (request_.on_start) request_.on_start(object_);
  return {};
}

Status Download::Take(std::string_view bytes) {
  received_ += static_cast<std::int64_t>(bytes.size());
  if (received_ > expected_) return DataLoss(fmt::format("more than the {} bytes asked for came", expected_));
  return sink_error_ = sink_(bytes);
}

Status Download::Complete() const {
  if (received_ == expected_) return {};
  return {Code::kUnavailable, fmt::format("{} of {} bytes came", received_, expected_)};
}

bool Download::ComparesMd5() const {
  return IsWhole(request_.range) && object_.digest.kind == Digest::Kind::kMd5;
}

Status Download::CompareMd5(Md5& received) const {
  if (!ComparesMd5()) return {};
  const std::string hex = received.Hex();
  if (hex == object_.digest.hex) return {};
  return DataLoss(
      fmt::format("the bytes that came are not those that were written: MD5 {}, the service has {}", hex,
                  object_.digest.hex));
}

Result<std::int64_t> Download::SizeBehindPart(const HttpResponse& head) const {
  std::string_view text = head.headers.Get("content-range");
  std::optional<ContentRange> range = ParseContentRange(text);
  if (range && range->first == request_.range.offset) return range->total;
  return DataLoss(
      fmt::format("asked for {}, the answer holds \"{}\"", RangeHeader(request_.range), OneLine(text)));
}

Result<std::int64_t> Download::SizeOfWhole(const HttpResponse& head) const {
  std::optional<std::int64_t> size = ContentLength(head.headers);
  if (!size) return DataLoss("the answer has no Content-Length: an object cut short would not be noticed");
  bool covers_all = request_.range.offset == 0 && *size <= request_.range.length;
  if (IsWhole(request_.range) || covers_all) return *size;
  return Status(Code::kUnimplemented, "the service ignores Range and sends the whole object");
}

}  // namespace mbk
