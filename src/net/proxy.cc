#include "net/proxy.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace mbk {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return upper;
}

std::optional<int> Number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct IpAddress {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;  // 4 or 16
};

std::optional<IpAddress> ParseIp(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string word(text);
  IpAddress address;
  if (::inet_pton(AF_INET, word.c_str(), address.bytes.data()) == 1) {
    address.size = 4;
    return address;
  }
  if (::inet_pton(AF_INET6, word.c_str(), address.bytes.data()) == 1) {
    address.size = 16;
    return address;
  }
  return std::nullopt;
}

bool SameBits(const IpAddress& left, const IpAddress& right, std::size_t bits) {
  if (left.size != right.size || bits > left.size * 8) return false;
  for (std::size_t i = 0; i < bits; ++i) {
    const auto mask = static_cast<unsigned char>(0x80U >> (i % 8));
    if ((left.bytes[i / 8] & mask) != (right.bytes[i / 8] & mask)) return false;
  }
  return true;
}

bool IsInNetwork(const IpAddress& host, std::string_view network) {
  const std::size_t slash = network.find('/');
  const std::optional<IpAddress> base = ParseIp(network.substr(0, slash));
  if (!base) return false;
  if (slash == std::string_view::npos) return SameBits(host, *base, base->size * 8);
  const std::optional<int> bits = Number(network.substr(slash + 1));
  return bits && *bits >= 0 && SameBits(host, *base, static_cast<std::size_t>(*bits));
}

// "name:80" taken apart; an IPv6 address has more colons, and its port stands behind a bracket.
std::string_view TakePort(std::string_view entry, std::optional<int>& port) {
  const std::size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos) return entry;
  const bool bracketed = colon > 0 && entry[colon - 1] == ']';
  if (!bracketed && entry.find(':') != colon) return entry;
  port = Number(entry.substr(colon + 1));
  return port ? entry.substr(0, colon) : entry;
}

bool NamesHost(std::string_view entry, const std::string& host, int port) {
  if (entry == "*") return true;
  std::optional<int> only_port;
  entry = TakePort(entry, only_port);
  if (only_port && *only_port != port) return false;
  if (const std::optional<IpAddress> address = ParseIp(host)) return IsInNetwork(*address, entry);
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty() || !host.ends_with(entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

bool IsExempt(const Endpoint& server, const ReadVariable& variable) {
  if (IsLoopback(server.host)) return true;
  std::optional<std::string> list = variable("no_proxy");
  if (!list || list->empty()) list = variable("NO_PROXY");
  if (!list) return false;
  const std::string host = Lower(server.host), entries = Lower(*list);
  const int port = server.port != 0 ? server.port : (server.use_ssl ? 443 : 80);
  std::string_view rest = entries;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(", \t"), rest.size());
    if (NamesHost(rest.substr(0, end), host, port)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

ProxyRoute FirstOf(std::initializer_list<std::string_view> names, const ReadVariable& variable) {
  for (const std::string_view name : names) {
    for (const std::string& spelling : {std::string(name), Upper(name)}) {
      if (spelling == "HTTP_PROXY" && variable("REQUEST_METHOD")) continue;
      const std::optional<std::string> url = variable(spelling);
      if (url && !url->empty()) return {.url = *url, .variable = spelling};
    }
  }
  return {};
}

}  // namespace

std::optional<std::string> VariableOfProcess(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string ProxyRoute::Description() const {
  if (direct()) return "";
  const std::size_t scheme = url.find("://");
  const std::string_view before =
      scheme == std::string::npos ? "http://" : std::string_view(url).substr(0, scheme + 3);
  std::string_view rest =
      scheme == std::string::npos ? std::string_view(url) : std::string_view(url).substr(scheme + 3);
  rest = rest.substr(0, rest.find('/'));
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  return fmt::format("the proxy {}{} ({})", before, rest, variable);
}

ProxyRoute RouteTo(const Endpoint& server, const ReadVariable& variable) {
  if (IsExempt(server, variable)) return {};
  return FirstOf({server.use_ssl ? "https_proxy" : "http_proxy", "all_proxy"}, variable);
}

ProxyRoute RouteToMilvus(const Endpoint& server, const ReadVariable& variable) {
  if (IsExempt(server, variable)) return {};
  return FirstOf({"grpc_proxy", "https_proxy", "http_proxy"}, variable);
}

}  // namespace mbk
