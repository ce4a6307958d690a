#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/one_line.h"
#include "net/http_client.h"
#include "store/object_store.h"

/// What the stores that speak HTTP have in common. Internal to store/. All functions are pure.
namespace mbk {

/// An object's key must name an object: with an empty one, DELETE would be about the bucket.
Status CheckKey(const ObjectKey& key);

/// What a listing names may be deleted or copied next: a service, or a cache before it, that names other
/// things than those asked for must not be believed. kDataLoss for keys outside the prefix, and for a page
/// that leads to itself.
Status CheckPage(const ListPage& page, const ListRequest& request);

/// An etag as If-Match and its relatives want it.
std::string Quoted(std::string_view etag);
/// Without the quotes that services put around an etag.
std::string Unquoted(std::string_view etag);

/// Number in a Content-Length; nothing when it is missing or no number.
std::optional<std::int64_t> ContentLength(const HttpHeaders& headers);

/// The header Last-Modified as ObjectInfo has it; 0 when it is missing or no date.
std::int64_t LastModifiedMs(const HttpHeaders& headers);
/// The same of a time in a listing, as RFC 3339 or HTTP writes it.
std::int64_t TimeMs(std::string_view text);

/// kInvalidArgument for what is no range of any object; its size need not be known.
Status CheckRange(const ByteRange& range);
bool IsWhole(const ByteRange& range);
/// The value of the header Range: "bytes=a-b", both ends included.
std::string RangeHeader(const ByteRange& range);

/// One download: checks that the answer is what was asked for before its bytes reach the sink, and that they
/// were all of it afterwards. One thread at a time; `request` and `sink` must outlive it.
class Download {
 public:
  /// From the answer's headers to the object, whose size is known.
  using Describe = std::function<ObjectInfo(const HttpHeaders&, std::int64_t size)>;

  Download(const GetRequest& request, const ByteSink& sink, Describe describe)
      : request_(request), sink_(sink), describe_(std::move(describe)) {}

  /// For HttpRequest::on_headers and HttpRequest::sink.
  Status Begin(const HttpResponse& head);
  Status Take(std::string_view bytes);

  /// The sink's own error, which is passed on untouched.
  const Status& sink_error() const { return sink_error_; }
  /// kUnavailable when fewer bytes came than were promised.
  Status Complete() const;
  /// Whether the bytes are a whole object whose MD5 the service tells: true from Begin on.
  bool ComparesMd5() const;
  /// kDataLoss when `received`, of all bytes, is another than the service tells; ok where it tells none.
  Status CompareMd5(Md5& received) const;
  ObjectInfo TakeObject() { return std::move(object_); }

 private:
  Result<std::int64_t> SizeBehindPart(const HttpResponse& head) const;
  Result<std::int64_t> SizeOfWhole(const HttpResponse& head) const;

  const GetRequest& request_;
  const ByteSink& sink_;
  const Describe describe_;
  Status sink_error_;
  ObjectInfo object_;
  std::int64_t expected_ = 0;
  std::int64_t received_ = 0;
};

}  // namespace mbk
