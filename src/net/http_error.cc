#include "net/http_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

namespace mbk {

std::string_view OriginOf(std::string_view url) {
  std::size_t scheme = url.find("://");
  std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  return url.substr(0, url.find_first_of("/?#", host));
}

namespace {

bool Mentions(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// The handshake got bytes that are no TLS: what a plain HTTP server answers.
bool PeerSpeaksNoTls(std::string_view detail) {
  return Mentions(detail, "wrong version number") || Mentions(detail, "packet length too long") ||
         Mentions(detail, "http request") || Mentions(detail, "unknown protocol");
}

// The peer ended the handshake with an alert (no common version or cipher, a client certificate asked for):
// it would again. An internal error of its may pass.
bool PeerRefusedHandshake(std::string_view detail) {
  return Mentions(detail, "alert") && !Mentions(detail, "internal error");
}

// The peer wants a certificate of the client, or another one. In TLS 1.3 it says so when the client takes the
// handshake for done: in place of an answer.
bool PeerWantsCertificate(std::string_view detail) {
  return Mentions(detail, "alert") && (Mentions(detail, "certificate") || Mentions(detail, "unknown ca"));
}

struct Meaning {
  Code code = Code::kUnavailable;
  std::string_view remedy;
};

Meaning MeaningOf(CURLcode code, std::string_view detail) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Code::kInvalidArgument,
              "set caCertPath, or SSL_CERT_FILE of the environment, to the CA that signed the server's "
              "certificate"};
    case CURLE_SSL_CACERT_BADFILE:
      return {Code::kInvalidArgument, "caCertPath must name a readable PEM file"};
    case CURLE_SSL_CERTPROBLEM:
      return {Code::kInvalidArgument, "check the client certificate and key (mtlsCertPath, mtlsKeyPath)"};
    case CURLE_SSL_CONNECT_ERROR:
      if (PeerSpeaksNoTls(detail))
        return {Code::kInvalidArgument, "the port does not speak TLS: check port and useSSL"};
      if (PeerRefusedHandshake(detail))
        return {Code::kInvalidArgument,
                "check the TLS settings of both sides (minimum version, mtlsCertPath)"};
      return {Code::kUnavailable, ""};
    case CURLE_UNSUPPORTED_PROTOCOL:  // libcurl's code for an answer that is not HTTP, too
      return {Code::kInvalidArgument, "the port does not speak HTTP: check address, port and useSSL"};
    case CURLE_URL_MALFORMAT:
      return {Code::kInvalidArgument, "check address and port"};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Code::kUnavailable, "check address and DNS"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {Code::kUnavailable, ""};
    case CURLE_OPERATION_TIMEDOUT:
      if (Mentions(detail, "too slow"))  // somebody took the request
        return {Code::kDeadlineExceeded, "it holds the connection and says nothing: check address and port"};
      return {Code::kUnavailable, "check address and port, and that no firewall stands between"};
    case CURLE_COULDNT_CONNECT:
      return {Code::kUnavailable, "check address and port, and that the server runs"};
    case CURLE_FAILED_INIT:
    case CURLE_OUT_OF_MEMORY:
      return {Code::kInternal, ""};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      if (PeerWantsCertificate(detail))
        return {Code::kInvalidArgument,
                "the server asks for a client certificate that it trusts: set mtlsCertPath and mtlsKeyPath"};
      [[fallthrough]];
    default:
      return {Code::kUnavailable, ""};
  }
}

}  // namespace

Status HttpTransportError(CURLcode code, std::string_view detail, std::string_view url,
                          const ProxyRoute& route, const CallContext& context) {
  std::string where(OriginOf(url));
  if (Status ended = context.Check();
      !ended.ok() && (code == CURLE_ABORTED_BY_CALLBACK || code == CURLE_OPERATION_TIMEDOUT)) {
    return std::move(ended).WithContext(where);
  }
  if (detail.empty()) detail = curl_easy_strerror(code);
  Meaning meaning = MeaningOf(code, detail);
  std::string message = fmt::format("{}: {}", where, detail);
  if (!meaning.remedy.empty()) message.append("; ").append(meaning.remedy);
  if (!route.direct())
    message +=
        fmt::format("; it was asked by way of {}: check that variable and NO_PROXY", route.Description());
  return {meaning.code, std::move(message)};
}

}  // namespace mbk
