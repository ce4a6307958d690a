#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

/// Percent encoding as request signatures need it, and the addresses of services. All functions are pure.
namespace mbk {

/// Names and values, not encoded, in any order.
using QueryPairs = std::vector<std::pair<std::string, std::string>>;

/// Everything but RFC 3986's unreserved characters (A-Z a-z 0-9 - . _ ~) becomes %XX, byte by byte.
std::string PercentEncode(std::string_view text);
/// The same, but '/' stays: for the keys of objects.
std::string PercentEncodePath(std::string_view path);
/// kInvalidArgument for a '%' that is not followed by two hex digits.
Result<std::string> PercentDecode(std::string_view text);
/// As in HTML forms, where '+' is a space: the encoding of keys in S3's `encoding-type=url` listings.
Result<std::string> FormDecode(std::string_view text);

/// `name=value&…`, encoded, sorted by encoded name, then value: the canonical query of Signature V4, and
/// a valid query of a URL. A pair without value keeps its '='.
std::string CanonicalQuery(const QueryPairs& pairs);

/// Where a service listens.
struct Endpoint {
  bool use_ssl = false;
  std::string host;  ///< IPv6 without brackets
  int port = 0;      ///< 0: 80 or 443

  /// `host`, `host:port` or `[v6]:port`; without the port where it is the scheme's own (80, 443), since
  /// HTTP clients and signatures leave it out.
  std::string Authority() const;
  /// `https://` + Authority().
  std::string Origin() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Whether `host`, with or without brackets, is this machine by its name or number.
bool IsLoopback(std::string_view host);

struct ParsedUrl {
  Endpoint endpoint;
  std::string path;  ///< still encoded; starts with '/' unless empty; query and fragment are refused
};

/// Parse `[http[s]://]host[:port][/path]`; without a scheme it is http. kInvalidArgument otherwise, and for
/// user names in it, which would end up in logs.
Result<ParsedUrl> ParseUrl(std::string_view text);

}  // namespace mbk
