#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/http_client.h"
#include "store/credentials/google_credentials.h"
#include "store/object_store.h"

/// One bucket of Google Cloud Storage through its JSON API.
/// https://cloud.google.com/storage/docs/json_api/v1
namespace mbk {

struct GcsOptions {
  std::string service = "gcpnative";  ///< for StoreIdentity
  /// Google's own hosts (storage.googleapis.com and what is below googleapis.com) are always asked by https
  /// on port 443; `port` and `use_ssl` are for other servers of the API.
  std::string host = "storage.googleapis.com";
  int port = 0;  ///< 0: 80 or 443
  bool use_ssl = true;
  std::string bucket;
  std::string
      location;  ///< where EnsureBucket makes the bucket ("EU", "us-central1"); empty: the service's choice
  GoogleCredentials credentials;
  TlsFiles tls;
  std::string settings;  ///< that name the server, in the words of the user's file: for warnings
  std::chrono::seconds stall_timeout =
      HttpClientOptions().stall_timeout;  ///< for a connection without a byte
  std::vector<std::string> resolve;       ///< "host:port:address" each, before DNS is asked
};

/// A store whose etags are object generations, which tell versions apart and never come again.
///
/// Uploads in parts are resumable sessions: parts go out in order and from one store object, which keeps at
/// most 256 KiB of each upload (parts are cut into multiples of that). A failed UploadPart or CompleteUpload
/// may be called again with the same bytes and goes on where the service says that it is.
///
/// Every object written is compared with its CRC32C by the service, and its answer once more here; whole
/// objects that are read are compared, too. Requests: Delete costs one for each 100 keys, Copy one for each
/// rewrite step of the service, a refused token one more.
///
/// kInvalidArgument when host or bucket cannot be used; nothing is asked of the service.
Result<std::unique_ptr<ObjectStore>> MakeGcsStore(GcsOptions options,
                                                  std::shared_ptr<HttpClient> http = nullptr);

}  // namespace mbk
