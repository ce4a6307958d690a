#include "net/url.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace mbk {
namespace {

constexpr std::array<bool, 256> MakeUnreserved() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (char c : {'-', '.', '_', '~'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kUnreserved = MakeUnreserved();

void AppendEncoded(std::string& out, std::string_view text, char also_kept) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (kUnreserved[byte] || (c == also_kept && c != '\0')) {
      out.push_back(c);
    } else {
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> Decode(std::string_view text, char space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i] == space ? ' ' : text[i]);
      continue;
    }
    int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) return InvalidArgument("'%' without two hex digits behind it");
    out.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return out;
}

bool IsHostCharacter(unsigned char c) { return kUnreserved[c] || c == ':'; }

Status ParsePort(std::string_view text, int& port) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) {
    return InvalidArgument(fmt::format("port \"{}\": want 1 to 65535", text));
  }
  return {};
}

// authority = host [":" port] | "[" v6 "]" [":" port]
Status ParseAuthority(std::string_view text, Endpoint& endpoint) {
  std::string_view rest;
  if (text.starts_with('[')) {
    std::size_t close = text.find(']');
    if (close == std::string_view::npos) return InvalidArgument("'[' without ']'");
    endpoint.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else {
    std::size_t colon = std::min(text.find(':'), text.size());
    endpoint.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (endpoint.host.empty()) return InvalidArgument("it names no host");
  if (!std::all_of(endpoint.host.begin(), endpoint.host.end(), IsHostCharacter)) {
    return InvalidArgument("the host has a character that no host name has");
  }
  if (rest.empty()) return {};
  if (!rest.starts_with(':')) return InvalidArgument("want \":port\" behind the host");
  return ParsePort(rest.substr(1), endpoint.port);
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  AppendEncoded(out, text, '\0');
  return out;
}

std::string PercentEncodePath(std::string_view path) {
  std::string out;
  out.reserve(path.size() + path.size() / 4);
  AppendEncoded(out, path, '/');
  return out;
}

Result<std::string> PercentDecode(std::string_view text) { return Decode(text, ' '); }
Result<std::string> FormDecode(std::string_view text) { return Decode(text, '+'); }

std::string CanonicalQuery(const QueryPairs& pairs) {
  QueryPairs encoded;
  encoded.reserve(pairs.size());
  for (const auto& [name, value] : pairs) encoded.emplace_back(PercentEncode(name), PercentEncode(value));
  std::sort(encoded.begin(), encoded.end());
  std::string query;
  for (const auto& [name, value] : encoded) {
    if (!query.empty()) query.push_back('&');
    query.append(name).append("=").append(value);
  }
  return query;
}

std::string Endpoint::Authority() const {
  std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  int own_port = use_ssl ? 443 : 80;
  return port == 0 || port == own_port ? shown : fmt::format("{}:{}", shown, port);
}

std::string Endpoint::Origin() const { return (use_ssl ? "https://" : "http://") + Authority(); }

bool IsLoopback(std::string_view host) {
  // "127.example.com" is a name like any other.
  const bool numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "::1" || host == "[::1]" || (numeric && host.starts_with("127."));
}

Result<ParsedUrl> ParseUrl(std::string_view text) {
  ParsedUrl url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.endpoint.use_ssl = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  }
  // What is refused is not repeated: it may hold a password.
  if (rest.find('@') != std::string_view::npos)
    return InvalidArgument("a URL must not hold a user name or password");
  auto refuse = [&](std::string_view why) {
    return InvalidArgument(fmt::format("URL \"{}\": {}", text, why));
  };
  if (rest.find("://") != std::string_view::npos) return refuse("want http:// or https://");
  if (rest.find_first_of("?#") != std::string_view::npos) return refuse("want no query and no fragment");
  std::size_t slash = std::min(rest.find('/'), rest.size());
  Status parsed = ParseAuthority(rest.substr(0, slash), url.endpoint);
  if (!parsed.ok()) return refuse(parsed.message());
  url.path = rest.substr(slash);
  return url;
}

}  // namespace mbk
