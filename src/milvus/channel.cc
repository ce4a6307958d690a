#include "milvus/channel.h"

#include <fmt/core.h>
#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cerrno>
#include <climits>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <system_error>

#include "base/log.h"
#include "milvus/text.h"
#include "net/trust.h"

namespace mbk {
namespace {

// Pings find a dead connection in 20 s. Milvus permits one every 5 s and hangs up on who is faster; gRPC
// 1.51 asked for 5 s sends some a little early, and 2.3.5 then cut a long call after 15 s.
constexpr int kKeepaliveTimeMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
// Pauses between attempts to connect, and how long one attempt may take.
constexpr int kFirstReconnectBackoffMs = 100;
constexpr int kLongestReconnectBackoffMs = 3'000;
constexpr int kConnectAttemptMs = 3'000;

/// gRPC writes handshake failures to stderr on its own; what matters of them is in our errors.
void SendGrpcLogToOurs() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_function([](gpr_log_func_args* line) { log::Debug("grpc: {}", line->message); });
  });
}

/// The PEM text of the file that `setting` names.
Result<std::string> ReadPem(const std::string& path, std::string_view setting) {
  constexpr std::streamsize kMostBytes = 1 << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return InvalidArgument(fmt::format("{} {}: {}", setting, path, std::generic_category().message(errno)));
  }
  std::string text(kMostBytes, '\0');
  file.read(text.data(), kMostBytes);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.find("-----BEGIN ") == text.npos) {
    return InvalidArgument(fmt::format("{} {}: not a PEM file", setting, path));
  }
  return text;
}

Result<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const ConnectOptions& options) {
  if (options.tls == MilvusTls::kDisabled) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  if (!options.ca_cert_path.empty()) {
    MBK_TRY_ASSIGN(ssl.pem_root_certs, ReadPem(options.ca_cert_path, "milvus.caCertPath"));
  } else {
    MBK_TRY_ASSIGN(std::optional<std::string> trusted, TrustOfEnvironment(options.variable));
    if (trusted) ssl.pem_root_certs = *std::move(trusted);
  }
  if (options.tls == MilvusTls::kMutual) {
    if (options.client_cert_path.empty() || options.client_key_path.empty()) {
      return InvalidArgument("mutual TLS needs milvus.mtlsCertPath and milvus.mtlsKeyPath");
    }
    MBK_TRY_ASSIGN(ssl.pem_cert_chain, ReadPem(options.client_cert_path, "milvus.mtlsCertPath"));
    MBK_TRY_ASSIGN(ssl.pem_private_key, ReadPem(options.client_key_path, "milvus.mtlsKeyPath"));
  }
  return grpc::SslCredentials(ssl);
}

ProxyRoute RouteOf(const ConnectOptions& options) {
  return RouteToMilvus(
      {.use_ssl = options.tls != MilvusTls::kDisabled, .host = options.address, .port = options.port},
      options.variable);
}

// gRPC's own reading of the environment knows no capitals, and sends what is for this machine to the proxy.
void SetProxy(const ConnectOptions& options, grpc::ChannelArguments& arguments) {
  const ProxyRoute route = RouteOf(options);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, route.direct() ? 0 : 1);
  if (route.direct()) return;
  const bool has_scheme = route.url.find("://") != std::string::npos;
  arguments.SetString(GRPC_ARG_HTTP_PROXY, has_scheme ? route.url : "http://" + route.url);
}

grpc::ChannelArguments MakeArguments(const ConnectOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(INT_MAX);  // segment lists of large collections
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectBackoffMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectAttemptMs);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);             // base/retry.h is the only retry loop
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // clients share no connection
  SetProxy(options, arguments);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  return arguments;
}

std::string AdviceOnCredentials(const ConnectOptions& options) {
  if (options.user.empty() && options.password.empty()) {
    return "the server demands credentials: set milvus.user and milvus.password";
  }
  return fmt::format("check milvus.user (now \"{}\") and milvus.password", options.user);
}

/// gRPC tells what ended a handshake in words only, those of OpenSSL among them.
std::string AdviceOnTls(const std::string& words, const ConnectOptions& options) {
  if (Contains(words, "wrong version number"))
    return "the server speaks no TLS: set milvus.tlsMode to disabled";
  if (Contains(words, "certificate verify failed")) {
    return "the server's certificate is not trusted: set milvus.caCertPath to the CA that signed it";
  }
  if (Contains(words, "not in peer certificate") || Contains(words, "Hostname Verification")) {
    return "the server's certificate bears another name: set milvus.serverName to it";
  }
  const bool hung_up = Contains(words, "failed to connect") && !Contains(words, "refused") &&
                       (Contains(words, "Socket closed") || Contains(words, "Connection reset") ||
                        Contains(words, "Endpoint read failed") || Contains(words, "andshake failed"));
  // Said of a peer that never answered, and of one that did not complete a handshake over TLS.
  if (Contains(words, "handshaker shutdown")) {
    return options.tls == MilvusTls::kDisabled
               ? "nothing answers there: check milvus.address and milvus.port, and whether a firewall lies "
                 "between"
               : "no TLS handshake was completed: check milvus.address, milvus.port, milvus.tlsMode, "
                 "milvus.caCertPath and milvus.serverName, and whether a firewall lies between";
  }
  if (!hung_up) return "";
  if (options.tls == MilvusTls::kDisabled)
    return "the server hangs up: check milvus.address and milvus.port; if it demands TLS, set milvus.tlsMode";
  if (options.tls == MilvusTls::kServer) {
    return "the server hangs up: if it demands a client certificate, set milvus.tlsMode to mutual, "
           "milvus.mtlsCertPath and milvus.mtlsKeyPath";
  }
  return "the server hangs up: check milvus.mtlsCertPath and milvus.mtlsKeyPath";
}

}  // namespace

Result<std::string> TargetOf(const std::string& address, int port) {
  if (address.empty()) return InvalidArgument("milvus.address is empty");
  if (port < 1 || port > 65'535) {
    return InvalidArgument(fmt::format("milvus.port is {}, it must be between 1 and 65535", port));
  }
  if (address.find_first_of("/ @?#") != address.npos) {
    return InvalidArgument(fmt::format(
        "milvus.address \"{}\": want a host name or IP address alone, without scheme or path", address));
  }
  bool is_bare_ipv6 = address.find(':') != address.npos && address.front() != '[';
  return is_bare_ipv6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

Result<std::shared_ptr<grpc::Channel>> MakeChannel(const ConnectOptions& options, const std::string& target) {
  SendGrpcLogToOurs();
  MBK_TRY_ASSIGN(std::shared_ptr<grpc::ChannelCredentials> credentials, MakeCredentials(options));
  return grpc::CreateCustomChannel(target, credentials, MakeArguments(options));
}

std::string AdviceFor(const Status& status, const ConnectOptions& options) {
  const std::string& words = status.message();
  // gRPC turns the HTTP status of what answers into codes of all kinds.
  const bool is_no_grpc = Contains(words, "http2 header with status");
  if (status.code() == Code::kPermissionDenied && !is_no_grpc) {
    bool lacks_privilege = Contains(words, "permission deny") || Contains(words, "not permitted");
    return lacks_privilege ? fmt::format("grant milvus.user \"{}\" the privilege", options.user)
                           : AdviceOnCredentials(options);
  }
  if (!is_no_grpc && status.code() != Code::kUnavailable && status.code() != Code::kDeadlineExceeded)
    return "";
  if (const ProxyRoute route = RouteOf(options); !route.direct())
    return fmt::format(
        "it was asked by way of {}: check that variable, NO_PROXY, milvus.address and milvus.port",
        route.Description());
  if (is_no_grpc) return "what answers there is no Milvus: check milvus.address and milvus.port";
  std::string on_tls = AdviceOnTls(words, options);
  return on_tls.empty() ? "check milvus.address and milvus.port, and that the server runs" : on_tls;
}

}  // namespace mbk
