#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "net/http_headers.h"
#include "net/proxy.h"

namespace mbk {

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;  ///< empty when a sink took it; of a refusal at most kMaxErrorBodyBytes
  /// The proxy that the answer came by, where it may be the proxy's own: ProxyRoute::Description, else empty.
  std::string by_proxy;
};

/// `refusal`, made from `response`, names the proxy that it came by, if it did.
Status NamingProxy(const HttpResponse& response, Status refusal);

/// Refusals are kept for their message only; what a server sends beyond this is not read.
inline constexpr std::size_t kMaxErrorBodyBytes = 64 << 10;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;    ///< Host and Content-Length are the client's, Host may be overridden
  std::string_view body;  ///< must outlive Send; sent with its length by POST, PUT and PATCH, also when empty

  /// Sees status and headers of a 2xx answer before the first byte of its body. An error ends the transfer.
  std::function<Status(const HttpResponse&)> on_headers;
  /// Takes the body of a 2xx answer piece by piece; without one it is collected in HttpResponse::body.
  std::function<Status(std::string_view)> sink;
  std::size_t max_body_bytes = 16 << 20;  ///< limit of a collected body; kDataLoss beyond it
  /// Give up when no byte moved for so long; zero: HttpClientOptions::stall_timeout. Longer for a request
  /// whose answer takes the server a while, such as a copy of gigabytes.
  std::chrono::seconds stall_timeout{0};
};

/// PEM files. Whom to trust, and what to show to a server that asks who is there.
struct TlsFiles {
  std::string ca;           ///< empty: those of SSL_CERT_FILE and SSL_CERT_DIR, else the system's CAs
  std::string client_cert;  ///< for mutual TLS; its key beside it
  std::string client_key;
};

struct HttpClientOptions {
  TlsFiles tls;
  Milliseconds connect_timeout{10'000};
  /// Twice this is less than two minutes, for which a silent server is borne (base/retry.h).
  std::chrono::seconds stall_timeout{50};
  /// After so long without a byte either way this is said, as a warning.
  Milliseconds silence_worth_saying{5'000};
  std::string settings;  ///< to look at then, in the words of the user's file; may be empty
  /// "host:port:address" each, before DNS is asked (CURLOPT_RESOLVE).
  std::vector<std::string> resolve;
  /// "host:port:host2:port2" each: where to connect in place of host:port, which stays in the request
  /// (CURLOPT_CONNECT_TO).
  std::vector<std::string> connect_to;
  /// http_proxy, https_proxy, no_proxy … of the environment. False for the metadata services of clouds: a
  /// proxy would ask those of its own machine, and see the keys.
  bool obey_proxy_variables = true;
  /// Where those variables, and SSL_CERT_FILE and SSL_CERT_DIR, are read.
  ReadVariable variable = VariableOfProcess;
  std::string user_agent = "milvus-backup";
};

/// A request that changes something goes out at most once: libcurl would send it again, unasked, when the
/// connection that it took from the pool breaks before an answer. Whoever repeats it has to know that it may
/// have been carried out. GET and HEAD may go out again.
///
/// Blocking HTTP/1.1 over libcurl: a pool of connections, the one used last taken first. Follows no
/// redirect, obeys the proxy variables of the environment (net/proxy.h) unless told not to, keeps no cookies.
/// Thread-safe; must outlive its calls. The first client made sets SIGPIPE to be ignored in this process:
/// OpenSSL has no other way to survive a peer that hangs up.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// One request and its answer, whatever its HTTP status. Errors:
  /// kUnavailable      name not resolved, connection refused, cut or not made in time, body shorter than
  ///                   announced
  /// kDeadlineExceeded the request was taken and no byte moved for the stall timeout
  /// kInvalidArgument  TLS not trusted or not spoken (the message names the setting), malformed URL or header
  /// kCancelled, kDeadlineExceeded  as `context` says; a stop is noticed at once
  /// kDataLoss         a collected body above its limit
  /// and whatever sink or on_headers return. The message names the host and the proxy, if it went by one,
  /// never headers or query.
  Result<HttpResponse> Send(const HttpRequest& request, const CallContext& context);

 private:
  class Session;
  class Lease;
  std::unique_ptr<Session> Take();
  void GiveBack(std::unique_ptr<Session> session);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mbk
