#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/refreshing.h"
#include "net/http_client.h"
#include "net/sigv4.h"

/// Who asks Google for something: OAuth 2.0 access tokens from a key file, from the environment or from the
/// metadata server, each fetched again before it expires.
namespace mbk {

struct GoogleCredentialOptions {
  /// Path of a JSON file: of a service account, or what `gcloud auth application-default login` and `gcloud
  /// iam workload-identity-pools create-cred-config` write. Empty: application-default credentials, which are
  /// the file that GOOGLE_APPLICATION_CREDENTIALS names, else gcloud's own, else the metadata server.
  std::string credentials_file;
  /// The environment: GOOGLE_APPLICATION_CREDENTIALS, CLOUDSDK_CONFIG, HOME, GCE_METADATA_HOST,
  /// GOOGLE_CLOUD_PROJECT.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<std::chrono::system_clock::time_point()> now = [] {
    return std::chrono::system_clock::now();
  };
};

using GoogleTokens = Refreshing<std::string>;

struct GoogleCredentials {
  std::shared_ptr<GoogleTokens> tokens;  ///< bearer tokens that may read and write Cloud Storage; secret
  /// The project that a new bucket belongs to. Costs a request where only the metadata server knows it.
  /// kInvalidArgument when nobody does.
  std::function<Result<std::string>(const CallContext&)> project;
  std::string quota_project;  ///< whom requests are billed to, where the file says so
  std::string account;        ///< for messages: "service account sa@p.iam.gserviceaccount.com"
};

/// kInvalidArgument when the file cannot be read or used; nothing is asked of Google yet. Fetching a token
/// costs one request, two with impersonation or a federated identity, three with both. Messages hold no
/// secrets.
Result<GoogleCredentials> MakeGoogleCredentials(const GoogleCredentialOptions& options,
                                                std::shared_ptr<HttpClient> http);

/// Tokens of the metadata server as session tokens, for Google's XML API (S3Signature::kBearer).
Refreshing<AwsCredentials>::Fetch GoogleMetadataSession(const GoogleCredentialOptions& options);

/// Whether requests to `host` are Google's own business: always by https on port 443.
bool IsGoogleHost(std::string_view host);

/// The service account of this machine, pod or function, whatever files there are.
GoogleCredentials MakeGoogleMetadataCredentials(const GoogleCredentialOptions& options);

}  // namespace mbk
