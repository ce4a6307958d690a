// Puts every store under the one suite. Servers are named by MBK_TEST_MINIO, MBK_TEST_MINIO_TLS and
// MBK_TEST_VERSITYGW, each "http://access-key:secret-key@host:port/bucket-prefix", and by MBK_TEST_GCS,
// "http://host:port/bucket-prefix"; Azurites as the first three, by MBK_TEST_AZURITE and
// MBK_TEST_AZURITE_TLS. testing/servers/with_stores starts them, and says which other variables go
// with them.
#include "store/testing/conformance.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <optional>

#include "net/jwt.h"
#include "net/url.h"
#include "store/azure/azure_store.h"
#include "store/credentials/chain.h"
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

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What one way to reach a server changes in the options of a store.
using Way = std::function<void(S3Options& options)>;

void AsItIs(S3Options&) {}

void WithItsCa(S3Options& options) { options.ca_file = Variable("MBK_TEST_MINIO_TLS_CA"); }

// Not every resolver knows the names below localhost.
void ByHostName(S3Options& options) {
  options.host = "s3.localhost";
  options.addressing = S3Addressing::kVirtualHost;
  options.resolve = {fmt::format("{}.s3.localhost:{}:127.0.0.1", options.bucket, options.port)};
}

void BySignatureV2(S3Options& options) { options.signature = S3Signature::kV2; }

// As a program in Kubernetes does: an identity token in a file, keys from MinIO's own STS.
void ByWebIdentity(S3Options& options) {
  const std::string sts = fmt::format("http://{}:{}", options.host, options.port);
  credentials::Tools tools = credentials::SystemTools("");
  tools.env = [](const std::string& name) -> std::optional<std::string> {
    if (name != "AWS_WEB_IDENTITY_TOKEN_FILE") return std::nullopt;
    return Variable("MBK_TEST_MINIO_TOKEN_FILE");
  };
  options.credentials = {};
  options.fetch_credentials =
      credentials::Chain(credentials::SourcesOf(credentials::Cloud::kAws, sts, tools));
}

Result<std::shared_ptr<ObjectStore>> OpenBucket(const Server& server, std::string_view suffix,
                                                const Way& way) {
  S3Options options{.service = "minio",
                    .host = server.endpoint.host,
                    .port = server.endpoint.port,
                    .use_ssl = server.endpoint.use_ssl,
                    .bucket = BucketOfThisRun(server.bucket_prefix, suffix),
                    .credentials = server.credentials};
  way(options);
  MBK_TRY_ASSIGN(std::shared_ptr<ObjectStore> store, MakeS3Store(std::move(options)));
  return Ensured(std::move(store));
}

Result<StorePair> OpenServer(const char* variable, const Way& way) {
  auto server = ParseServer(Variable(variable));
  if (!server.ok()) return server.status().WithContext(variable);
  StorePair stores;
  MBK_TRY_ASSIGN(stores.store, OpenBucket(*server, "one", way));
  MBK_TRY_ASSIGN(stores.other, OpenBucket(*server, "two", way));
  return stores;
}

StoreUnderTest OnServer(const char* name, const char* variable, const StoreTraits& traits,
                        const Way& way = AsItIs) {
  return {.name = name,
          .server_variable = variable,
          .open = [variable, way] { return OpenServer(variable, way); },
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

// Azure's emulator has an account and its key where S3 has an access key and its secret.
Result<std::shared_ptr<ObjectStore>> OpenContainer(const Server& server, const AzureCredentials& credentials,
                                                   std::string_view suffix) {
  const char* ca = std::getenv("MBK_TEST_AZURITE_TLS_CA");
  MBK_TRY_ASSIGN(std::shared_ptr<ObjectStore> store,
                 MakeAzureStore({.host = server.endpoint.host,
                                 .port = server.endpoint.port,
                                 .use_ssl = server.endpoint.use_ssl,
                                 .account = server.credentials.access_key_id,
                                 .container = BucketOfThisRun(server.bucket_prefix, suffix),
                                 .credentials = credentials,
                                 .ca_file = server.endpoint.use_ssl && ca != nullptr ? ca : ""}));
  return Ensured(std::move(store));
}

Result<StorePair> OpenContainers(const Server& server, const AzureCredentials& credentials) {
  StorePair stores;
  MBK_TRY_ASSIGN(stores.store, OpenContainer(server, credentials, "one"));
  MBK_TRY_ASSIGN(stores.other, OpenContainer(server, credentials, "two"));
  return stores;
}

Result<StorePair> OpenAzurite(const char* variable) {
  auto server = ParseServer(std::getenv(variable));
  if (!server.ok()) return server.status().WithContext(variable);
  return OpenContainers(*server, {.account_key = server->credentials.secret_access_key});
}

// Azurite looks at the claims of a token, not at its signature.
std::string UnsignedToken() {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const std::string claims = fmt::format(
      R"({{"aud":"https://storage.azure.com","iss":"https://sts.windows.net/tenant/","nbf":{0},"iat":{0},)"
      R"("exp":{1},"oid":"7c3d2a1e-0000-4000-8000-00000000a1b2","tid":"11111111-2222-4333-8444-555555555555"}})",
      now - 60, now + 3600);
  return fmt::format("{}.{}.{}", Base64UrlEncode(R"({"alg":"RS256","typ":"JWT"})"), Base64UrlEncode(claims),
                     Base64UrlEncode("signature"));
}

Result<StorePair> OpenAzuriteWithToken(const char* variable) {
  auto server = ParseServer(std::getenv(variable));
  if (!server.ok()) return server.status().WithContext(variable);
  auto tokens = std::make_shared<AzureTokens>([](const CallContext&) -> Result<Expiring<std::string>> {
    return Expiring<std::string>{.value = UnsignedToken()};
  });
  return OpenContainers(*server, {.tokens = std::move(tokens)});
}

StoreUnderTest OnAzurite(const char* name, const char* variable, Result<StorePair> (*open)(const char*)) {
  return {.name = name,
          .server_variable = variable,
          .open = [variable, open] { return open(variable); },
          // Put Block From URL is answered 501.
          .traits = {.copies_parts = false}};
}

constexpr StoreTraits kMinio = {.beside_directory = BesideDirectory::kUnlisted};

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreConformance,
    testing::Values(
        StoreUnderTest{.name = "Memory", .open = OpenMemory, .traits = {.vouches_md5_of_uploads = true}},
        StoreUnderTest{.name = "Local",
                       .open = OpenLocal,
                       .traits = {.vouches_md5 = false,
                                  .beside_directory = BesideDirectory::kRefused,
                                  .keeps_directory_markers = false}},
        OnServer("Minio", "MBK_TEST_MINIO", kMinio),
        OnServer("MinioTls", "MBK_TEST_MINIO_TLS", kMinio, WithItsCa),
        OnServer("MinioVirtualHost", "MBK_TEST_MINIO", kMinio, ByHostName),
        OnServer("MinioWebIdentity", "MBK_TEST_MINIO", kMinio, ByWebIdentity),
        OnServer("MinioSignatureV2", "MBK_TEST_MINIO", kMinio, BySignatureV2),
        // Keeps objects as files, as the local store does.
        OnServer("Versitygw", "MBK_TEST_VERSITYGW", {.beside_directory = BesideDirectory::kRefused}),
        StoreUnderTest{.name = "Gcs",
                       .server_variable = "MBK_TEST_GCS",
                       .open = OpenGcs,
                       .traits = {.vouches_md5_of_uploads = true, .knows_md5_of_uploads = true}},
        // Plain HTTP with the account in the path; TLS with it in the host name.
        OnAzurite("Azurite", "MBK_TEST_AZURITE", &OpenAzurite),
        OnAzurite("AzuriteTls", "MBK_TEST_AZURITE_TLS", &OpenAzurite),
        OnAzurite("AzuriteToken", "MBK_TEST_AZURITE_TLS", &OpenAzuriteWithToken)),
    [](const testing::TestParamInfo<StoreUnderTest>& info) { return info.param.name; });

}  // namespace
}  // namespace mbk::conformance
