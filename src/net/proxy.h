#pragma once

#include <functional>
#include <optional>
#include <string>

#include "net/url.h"

namespace mbk {

/// A variable of the environment; nullopt when it is not set.
using ReadVariable = std::function<std::optional<std::string>(const std::string& name)>;
/// That of this process.
std::optional<std::string> VariableOfProcess(const std::string& name);

/// How a server is reached.
struct ProxyRoute {
  std::string url;       ///< of the proxy, with its credentials; empty: none, the server is asked directly
  std::string variable;  ///< that named it
  bool direct() const { return url.empty(); }
  /// "the proxy http://proxy:3128 (http_proxy)", without credentials; empty when direct.
  std::string Description() const;
};

/// The way to an HTTP server by http_proxy or https_proxy, else all_proxy, each also in capitals (HTTP_PROXY
/// not in a CGI program, where it is a header of the request). This machine, and hosts that NO_PROXY or
/// no_proxy names, are reached directly. NO_PROXY lists, with commas, host names, which stand for their
/// subdomains too, addresses, networks (10.0.0.0/8), each perhaps with a port; "*" is every host.
ProxyRoute RouteTo(const Endpoint& server, const ReadVariable& variable);

/// The same for a Milvus, which speaks gRPC: grpc_proxy, else https_proxy, else http_proxy.
ProxyRoute RouteToMilvus(const Endpoint& server, const ReadVariable& variable);

}  // namespace mbk
