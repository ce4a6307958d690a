// Puts every store under the one suite. Servers are named by MBK_TEST_MINIO and MBK_TEST_VERSITYGW, each
// "http://access-key:secret-key@host:port/bucket-prefix", and by MBK_TEST_GCS,
// "http://host:port/bucket-prefix", with its account's key file in MBK_TEST_GCS_KEY_FILE;
// testing/servers/with_stores starts all.
#include "store/testing/conformance.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "net/url.h"
#include "store/gcs/gcs_store.h"
#include "store/local/local_store.h"
#include "store/memory/memory_store.h"
#include "store/s3/s3_store.h"
#include "store/testing/temp_directory.h"

namespace mbk::conformance {
namespace {

Result<StorePair> OpenMemory() {
  auto service = std::make_shared<MemoryService>();
  auto bucket = [&](const char* name) {
    return std::make_shared<MemoryStore>(MemoryOptions{.bucket = BucketName(name), .service = service});
  };
  return StorePair{.store = bucket("one"), .other = bucket("two")};
}

Result<std::shared_ptr<ObjectStore>> Ensured(std::shared_ptr<ObjectStore> store) {
  MBK_TRY(store->EnsureBucket({}));
  return store;
}

Result<StorePair> OpenLocal() {
  static const TempDirectory directory;
  StorePair stores;
  MBK_TRY_ASSIGN(stores.store, Ensured(MakeLocalStore({.base_directory = directory.path() + "/made/one"})));
  MBK_TRY_ASSIGN(stores.other, Ensured(MakeLocalStore({.base_directory = directory.path() + "/made/two"})));
  return stores;
}

struct Server {
  Endpoint endpoint;
  AwsCredentials credentials;
  std::string bucket_prefix;
};

// "http://access-key:secret-key@host:port/bucket-prefix". The keys are taken out before the rest is parsed
// as a URL, which may carry none.
Result<Server> ParseServer(const std::string& text) {
  const std::size_t scheme_end = text.find("://");
  const std::size_t at = text.rfind('@');
  if (scheme_end == std::string::npos || at == std::string::npos) {
    return InvalidArgument("not of the form http://access-key:secret-key@host:port/bucket-prefix");
  }
  const std::string keys = text.substr(scheme_end + 3, at - scheme_end - 3);
  const std::size_t colon = keys.find(':');
  if (colon == std::string::npos) return InvalidArgument("no secret key before the '@'");
  MBK_TRY_ASSIGN(ParsedUrl url, ParseUrl(text.substr(0, scheme_end + 3) + text.substr(at + 1)));
  return Server{
      .endpoint = url.endpoint,
      .credentials = {.access_key_id = keys.substr(0, colon), .secret_access_key = keys.substr(colon + 1)},
      .bucket_prefix = url.path.empty() ? "conformance" : url.path.substr(1)};
}

// New in every run, so that a run that was killed does not disturb the next.
std::string BucketOfThisRun(std::string_view prefix, std::string_view suffix) {
  static const auto started = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("{}-{}-{}-{}", prefix, std::chrono::duration_cast<Milliseconds>(started).count(),
                     ::getpid(), suffix);
}

Result<std::shared_ptr<ObjectStore>> OpenBucket(const Server& server, std::string_view suffix,
                                                S3Signature signature) {
  MBK_TRY_ASSIGN(std::shared_ptr<ObjectStore> store,
                 MakeS3Store({.service = "minio",
                              .host = server.endpoint.host,
                              .port = server.endpoint.port,
                              .use_ssl = server.endpoint.use_ssl,
                              .bucket = BucketOfThisRun(server.bucket_prefix, suffix),
                              .signature = signature,
                              .credentials = server.credentials}));
  return Ensured(std::move(store));
}

Result<StorePair> OpenServer(const char* variable, S3Signature signature) {
  auto server = ParseServer(std::getenv(variable));
  if (!server.ok()) return server.status().WithContext(variable);
  StorePair stores;
  MBK_TRY_ASSIGN(stores.store, OpenBucket(*server, "one", signature));
  MBK_TRY_ASSIGN(stores.other, OpenBucket(*server, "two", signature));
  return stores;
}

StoreUnderTest OnServer(const char* name, const char* variable, const StoreTraits& traits,
                        S3Signature signature = S3Signature::kV4) {
  return {.name = name,
          .server_variable = variable,
          .open = [=] { return OpenServer(variable, signature); },
          .traits = traits};
}

Result<std::shared_ptr<ObjectStore>> OpenGcsBucket(const ParsedUrl& url, const GoogleCredentials& credentials,
                                                   std::string_view suffix) {
  MBK_TRY_ASSIGN(std::shared_ptr<ObjectStore> store,
                 MakeGcsStore({.host = url.endpoint.host,
                               .port = url.endpoint.port,
                               .use_ssl = url.endpoint.use_ssl,
                               .bucket = BucketOfThisRun(url.path.substr(1), suffix),
                               .credentials = credentials}));
  return Ensured(std::move(store));
}

Result<StorePair> OpenGcs() {
  MBK_TRY_ASSIGN(ParsedUrl url, ParseUrl(std::getenv("MBK_TEST_GCS")));
  const char* key_file = std::getenv("MBK_TEST_GCS_KEY_FILE");
  if (key_file == nullptr || url.path.size() < 2) return InvalidArgument("no key file, or no bucket-prefix");
  MBK_TRY_ASSIGN(GoogleCredentials credentials,
                 MakeGoogleCredentials({.credentials_file = key_file}, std::make_shared<HttpClient>()));
  StorePair stores;
  MBK_TRY_ASSIGN(stores.store, OpenGcsBucket(url, credentials, "one"));
  MBK_TRY_ASSIGN(stores.other, OpenGcsBucket(url, credentials, "two"));
  return stores;
}

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreConformance,
    testing::Values(
        StoreUnderTest{.name = "Memory", .open = OpenMemory, .traits = {.vouches_md5_of_uploads = true}},
        StoreUnderTest{.name = "Local",
                       .open = OpenLocal,
                       .traits = {.vouches_md5 = false,
                                  .vouches_md5_of_uploads = true,
                                  .beside_directory = BesideDirectory::kRefused,
                                  .keeps_directory_markers = false}},
        OnServer("Minio", "MBK_TEST_MINIO", {.beside_directory = BesideDirectory::kUnlisted}),
        OnServer("MinioSignatureV2", "MBK_TEST_MINIO", {.beside_directory = BesideDirectory::kUnlisted},
                 S3Signature::kV2),
        // Keeps objects as files, as the local store does.
        OnServer("Versitygw", "MBK_TEST_VERSITYGW", {.beside_directory = BesideDirectory::kRefused}),
        StoreUnderTest{.name = "Gcs",
                       .server_variable = "MBK_TEST_GCS",
                       .open = OpenGcs,
                       .traits = {.vouches_md5_of_uploads = true, .knows_md5_of_uploads = true}}),
    [](const testing::TestParamInfo<StoreUnderTest>& info) { return info.param.name; });

}  // namespace
}  // namespace mbk::conformance
