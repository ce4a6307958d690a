#pragma once

#include <memory>
#include <string>

#include "base/call_context.h"
#include "base/retry.h"
#include "base/status.h"
#include "milvus/client.h"
#include "net/proxy.h"

namespace mbk {

/// How the connection to Milvus is encrypted (`milvus.tlsMode` of the configuration).
enum class MilvusTls {
  kDisabled,
  kServer,  ///< the server is verified
  kMutual,  ///< and the client shows a certificate
};

/// Retries of the calls that are not retried like all others; reasons in milvus/README.md.
struct MilvusRetries {
  /// Every call that may be repeated; six calls take 21.8 s to give up on a server that is not there.
  RetryPolicy usual{.max_attempts = 6,
                    .initial_backoff = Milliseconds(180),
                    .multiplier = 3,
                    .max_backoff = Milliseconds(14'580)};
  /// The first call of all. Who was never reached is more likely spelled wrong than restarting: an answer
  /// within 1.6 s, or ten where packets are swallowed (3 s an attempt), is worth more than the patience of
  /// the calls that follow.
  RetryPolicy connect{.max_attempts = 3,
                      .initial_backoff = Milliseconds(400),
                      .multiplier = 3,
                      .max_backoff = Milliseconds(14'580)};
  RetryPolicy create{.max_attempts = 10,
                     .initial_backoff = Milliseconds(200),
                     .multiplier = 2,
                     .max_backoff = Milliseconds(3'000)};
  RetryPolicy create_collection{.max_attempts = 20,
                                .initial_backoff = Milliseconds(200),
                                .multiplier = 2,
                                .max_backoff = Milliseconds(3'000)};
  RetryPolicy flush{.max_attempts = 10,
                    .initial_backoff = Milliseconds(200),
                    .multiplier = 2,
                    .max_backoff = Milliseconds(3'000)};
  RetryPolicy segments{.max_attempts = 50,
                       .initial_backoff = Milliseconds(200),
                       .multiplier = 2,
                       .max_backoff = Milliseconds(400)};
  /// Calls that are polled for hours: a restart of the server, two minutes long, must not end them.
  RetryPolicy poll{.max_attempts = 60,
                   .initial_backoff = Milliseconds(200),
                   .multiplier = 2,
                   .max_backoff = Milliseconds(5'000),
                   .total = Milliseconds(120'000)};
};

struct ConnectOptions {
  std::string address;  ///< host name or IP address; IPv6 with or without brackets
  int port = 19530;
  std::string user;
  std::string password;  ///< secret
  MilvusTls tls = MilvusTls::kDisabled;
  std::string ca_cert_path;      ///< PEM; empty: those of SSL_CERT_FILE and SSL_CERT_DIR, else the system's
  std::string client_cert_path;  ///< PEM, with kMutual
  std::string client_key_path;   ///< PEM, with kMutual
  std::string server_name;       ///< name the certificate must bear; empty: `address`
  std::string management_endpoint;  ///< URL of the management port; empty: no garbage-collection control
  std::string tool_version;         ///< told to the server
  MilvusRetries retries;
  Milliseconds connect_timeout{25'000};       ///< for Connect() as a whole
  Milliseconds call_timeout{300'000};         ///< for one attempt of one call
  Sleeper* sleeper = nullptr;                 ///< not owned; nullptr: RealSleeper()
  ReadVariable variable = VariableOfProcess;  ///< where proxies and SSL_CERT_FILE are read
};

/// Connects, introduces itself and learns version and capabilities: three or four RPCs. The certificate
/// files are read now. kUnavailable when nothing answers, kPermissionDenied for wrong credentials,
/// kInvalidArgument for settings that cannot work; each message names the settings to look at.
Result<std::unique_ptr<MilvusClient>> Connect(const ConnectOptions& options, const CallContext& context);

}  // namespace mbk
