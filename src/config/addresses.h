#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/resolve.h"

/// Hosts as people write them. A host is a host: what cannot be one never reaches a request, which would be
/// signed and sent to another place.
namespace mbk::config {

inline constexpr int kMaxPort = 65535;

struct ParsedAddress {
  std::string host;         ///< a name or an IP address, IPv6 without brackets
  std::optional<int> port;  ///< when it was given with the host
  std::optional<bool> tls;  ///< when a scheme was given: https or http
};

/// "host", "host:port", "[::1]:port", "::1", each perhaps after "http://" or "https://" and before one "/".
/// Errors (kInvalidArgument) say what is wrong: no host; a path, query or user; another scheme; a port that
/// is none; letters that no host has, such as what a template left behind.
Result<ParsedAddress> ParseAddress(std::string_view text);

/// An absolute http(s) URL with a host.
bool IsHttpUrl(std::string_view url);

/// Take the addresses of servers and stores apart: the port and the scheme go to their own parameters unless
/// those were given, and must agree with them if they were. What is no host is a problem. Inherited addresses
/// follow what they are inherited from; of a store on a local disk the address is not looked at. An endpoint
/// for pausing the garbage collection that is no URL is only warned of, and is empty afterwards: few commands
/// pause.
void TakeAddressesApart(Resolution& resolution);

}  // namespace mbk::config
