#include <fmt/core.h>

#include <charconv>

#include "store/byte_range.h"
#include "store/s3/s3_error.h"
#include "store/s3/s3_object_store.h"
#include "store/s3/s3_xml.h"

namespace mbk::s3 {
namespace {

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  std::int64_t number = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

bool IsWhole(const ByteRange& range) { return range.offset == 0 && range.length == -1; }

// "bytes=a-b", both ends included.
std::string RangeHeader(const ByteRange& range) {
  if (range.length == -1) return fmt::format("bytes={}-", range.offset);
  return fmt::format("bytes={}-{}", range.offset, range.offset + range.length - 1);
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

// One download: checks that the answer is what was asked for before its bytes reach the sink, and that they
// were all of it afterwards.
class Download {
 public:
  using Describe = std::function<ObjectInfo(const HttpHeaders&, std::int64_t size)>;

  Download(const GetRequest& request, const ByteSink& sink, Describe describe)
      : request_(request), sink_(sink), describe_(std::move(describe)) {}

  AnswerOptions Answer() {
    return {.on_headers = [this](const HttpResponse& head) { return Begin(head); },
            .sink = [this](std::string_view bytes) { return Take(bytes); }};
  }
  /// The sink's own error, which is passed on untouched.
  const Status& sink_error() const { return sink_error_; }
  Status Complete() const {
    if (received_ == expected_) return {};
    return {Code::kUnavailable, fmt::format("{} of {} bytes came", received_, expected_)};
  }
  ObjectInfo TakeObject() { return std::move(object_); }

 private:
  Status Begin(const HttpResponse& head) {
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

  Result<std::int64_t> SizeBehindPart(const HttpResponse& head) const {
    std::string_view text = head.headers.Get("content-range");
    std::optional<ContentRange> range = ParseContentRange(text);
    if (range && range->first == request_.range.offset) return range->total;
    return DataLoss(
        fmt::format("asked for {}, the answer holds \"{}\"", RangeHeader(request_.range), OneLine(text)));
  }

  Result<std::int64_t> SizeOfWhole(const HttpResponse& head) const {
    std::optional<std::int64_t> size = ContentLength(head.headers);
    if (!size) return DataLoss("the answer has no Content-Length: an object cut short would not be noticed");
    bool covers_all = request_.range.offset == 0 && *size <= request_.range.length;
    if (IsWhole(request_.range) || covers_all) return *size;
    return Status(Code::kUnimplemented, "the service ignores Range and sends the whole object");
  }

  Status Take(std::string_view bytes) {
    received_ += static_cast<std::int64_t>(bytes.size());
    if (received_ > expected_)
      return DataLoss(fmt::format("more than the {} bytes asked for came", expected_));
    return sink_error_ = sink_(bytes);
  }

  const GetRequest& request_;
  const ByteSink& sink_;
  const Describe describe_;
  Status sink_error_;
  ObjectInfo object_;
  std::int64_t expected_ = 0;
  std::int64_t received_ = 0;
};

// Any size will do to find out whether a range is one: the object's is not known yet.
Status CheckRange(const ByteRange& range) {
  constexpr std::int64_t kBeyondAnyObject = std::int64_t{1} << 60;
  if (range.offset >= kBeyondAnyObject || range.length >= kBeyondAnyObject) {
    return InvalidArgument("no object has so many bytes");
  }
  Result<ResolvedRange> resolved = ResolveRange(range, kBeyondAnyObject);
  return resolved.status();
}

}  // namespace

std::optional<std::int64_t> ContentLength(const HttpHeaders& headers) {
  return ParseNumber(headers.Get("content-length"));
}

HttpHeaders CopyHeaders(const CopySource& source) {
  HttpHeaders headers{{"x-amz-copy-source", CopySourceHeader(source.bucket.str(), source.key.str())}};
  if (!source.if_match.empty()) headers.Add("x-amz-copy-source-if-match", Quoted(source.if_match));
  return headers;
}

ObjectInfo S3Store::Describe(const ObjectKey& key, const HttpHeaders& headers, std::int64_t size) const {
  std::string etag = Unquoted(headers.Get("etag"));
  Digest digest = DigestOf(etag, &headers);
  return {.key = key, .size = size, .etag = std::move(etag), .digest = std::move(digest)};
}

Result<ObjectInfo> S3Store::Head(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(CheckKey(key));
  Request request{.operation = "HeadObject", .method = "HEAD", .key = key.str()};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  std::optional<std::int64_t> size = ContentLength(response.headers);
  if (!size)
    return DataLoss(fmt::format("HeadObject {}: the answer has no Content-Length", client_.Url(key.str())));
  return Describe(key, response.headers, *size);
}

Result<ObjectInfo> S3Store::Get(const GetRequest& request, const ByteSink& sink, const CallContext& context) {
  MBK_TRY(CheckKey(request.key));
  MBK_TRY(CheckRange(request.range));
  Request get{.operation = "GetObject", .method = "GET", .key = request.key.str()};
  if (!IsWhole(request.range)) get.headers.Add("Range", RangeHeader(request.range));
  if (!request.if_match.empty()) get.headers.Add("If-Match", Quoted(request.if_match));

  Download download(request, sink, [&](const HttpHeaders& headers, std::int64_t size) {
    return Describe(request.key, headers, size);
  });
  Status outcome = client_.Send(get, context, download.Answer()).status();
  if (!download.sink_error().ok()) return download.sink_error();
  MBK_TRY(outcome);
  MBK_TRY(download.Complete().WithContext(fmt::format("GetObject {}", client_.Url(request.key.str()))));
  return download.TakeObject();
}

Result<WriteResult> S3Store::Put(const PutRequest& request, const CallContext& context) {
  MBK_TRY(CheckKey(request.key));
  Request put{.operation = "PutObject", .method = "PUT", .key = request.key.str(), .body = request.body};
  AnswerOptions answer;
  if (request.condition == PutCondition::kIfAbsent) {
    put.headers.Add("If-None-Match", "*");
    answer.precondition_failed = Code::kAlreadyExists;
  }
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(put, context, std::move(answer)));
  return Written(Unquoted(response.headers.Get("etag")), response.headers);
}

Result<WriteResult> S3Store::Copy(const CopySource& source, const ObjectKey& target,
                                  const CallContext& context) {
  MBK_TRY(CheckKey(source.key));
  MBK_TRY(CheckKey(target));
  Request copy{
      .operation = "CopyObject", .method = "PUT", .key = target.str(), .headers = CopyHeaders(source)};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(copy, context, {.stall_timeout = kPatience}));
  MBK_TRY_ASSIGN(std::string etag, LateEtag(copy, response, "CopyObjectResult"));
  return Written(std::move(etag), response.headers);
}

}  // namespace mbk::s3
