#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "net/http_client.h"
#include "net/testing/http_imposter.h"

/// A server in front of a real one that fails where a test says so.
namespace mbk {

/// What becomes of one request.
enum class HttpFault {
  kReset,         ///< the connection is closed, the service sees nothing
  kUnanswered,    ///< the service does it, then the connection is closed
  kAnswerCut,     ///< the service does it, half of its answer's bytes arrive
  kServerError,   ///< 500 in the service's words
  kBusy,          ///< "slower, please" in the service's words
  kRefused,       ///< 403 in the service's words
  kOtherRequest,  ///< the service sees a body with one byte changed, if it is larger than documents are
  kOtherAnswer,   ///< the answer's body has one byte changed
  kSilence,       ///< the service does it, half of the body arrives and then nothing
  kSlow,          ///< the second half of the body comes later
};

/// The answers that a service gives of its own.
struct HttpFaultAnswers {
  nettest::Reply server_error;
  nettest::Reply busy;
  nettest::Reply refused;
};

/// Passes what it is asked on to 127.0.0.1:`port` and the answer back. Thread-safe.
class FaultyServer {
 public:
  FaultyServer(int port, HttpFaultAnswers answers);

  /// A client whose requests for 127.0.0.1:`port` come here; their signatures are of the real place.
  std::shared_ptr<HttpClient> Client(HttpClientOptions options = {}) const;

  /// The `nth` request from now on, counted from 1, meets `fault`.
  void Inject(HttpFault fault, int nth);
  /// None meets any.
  void Watch() { Inject(HttpFault::kReset, 0); }
  /// Requests since Inject or Watch.
  int requests() const;

 private:
  std::optional<HttpFault> Next();
  nettest::Reply Answer(const nettest::SeenRequest& seen);
  nettest::Reply PassOn(const nettest::SeenRequest& seen, const std::string& body);

  const int port_;
  const HttpFaultAnswers answers_;
  HttpClient upstream_;
  mutable std::mutex mutex_;
  HttpFault fault_ = HttpFault::kReset;
  int nth_ = 0;
  int requests_ = 0;
  nettest::HttpImposter imposter_{[this](const nettest::SeenRequest& seen) { return Answer(seen); }};
};

}  // namespace mbk
