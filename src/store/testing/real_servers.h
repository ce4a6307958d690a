#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/sigv4.h"
#include "net/url.h"
#include "store/azure/azure_store.h"
#include "store/gcs/gcs_store.h"
#include "store/s3/s3_store.h"

/// The servers that testing/servers/with_stores starts, as options of the stores. A server is named by an
/// environment variable, "http://access-key:secret-key@host:port/bucket-prefix"; Google's by
/// MBK_TEST_GCS, without keys, and MBK_TEST_GCS_KEY_FILE.
namespace mbk::conformance {

struct Server {
  Endpoint endpoint;
  AwsCredentials credentials;
  std::string bucket_prefix;
};

/// Empty when it is not set.
std::string Variable(const char* name);

Result<Server> ServerOf(const char* variable);

/// Names a bucket of its own in every run, so that a run that was killed does not disturb the next.
std::string BucketOfThisRun(std::string_view prefix, std::string_view suffix);

S3Options S3OptionsOf(const Server& server, std::string_view suffix);

/// Azure's emulator has an account and its key where S3 has an access key and its secret.
AzureOptions AzureOptionsOf(const Server& server, const AzureCredentials& credentials,
                            std::string_view suffix);

/// The identity of the service account in MBK_TEST_GCS_KEY_FILE.
Result<GoogleCredentials> GcsCredentials();
Result<GcsOptions> GcsOptionsOf(const GoogleCredentials& credentials, std::string_view suffix);

/// The store with its bucket made.
Result<std::shared_ptr<ObjectStore>> Ensured(Result<std::unique_ptr<ObjectStore>> store);

}  // namespace mbk::conformance
