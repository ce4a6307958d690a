#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "net/http_client.h"

namespace mbk {

/// The HTTP port (9091) on which Milvus is administered. It knows no authentication. One attempt a call:
/// a backup goes on without it, and asks again when the lease is half over. Thread-safe.
class ManagementPort {
 public:
  /// `endpoint` is a URL such as "http://milvus:9091"; empty: every call answers kUnimplemented.
  explicit ManagementPort(const std::string& endpoint);

  /// Stops the removal of compacted segments for `lease`, in the whole server. kUnimplemented when the
  /// server does not have the switch (404, as 2.3.5).
  Status PauseGc(std::chrono::seconds lease, const CallContext& context) const;
  Status ResumeGc(const CallContext& context) const;

 private:
  Status Get(const std::string& path_and_query, const CallContext& context) const;

  const std::string endpoint_;  ///< without trailing slash
  const std::unique_ptr<HttpClient> http_;
};

}  // namespace mbk
