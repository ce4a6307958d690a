// Puts every store under the one suite. Each server is named by a variable of its own (see
// store/testing/real_servers.h); testing/servers/with_stores starts them, and says which other variables go
// with them.
#include "store/testing/conformance.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>

#include "net/jwt.h"
#include "store/credentials/chain.h"
#include "store/local/local_store.h"
#include "store/memory/memory_store.h"
#include "store/testing/real_servers.h"
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

Result<StorePair> OpenLocal() {
  static const TempDirectory directory;
  StorePair stores;
  MBK_TRY_ASSIGN(stores.store, Ensured(MakeLocalStore({.base_directory = directory.path() + "/made/one"})));
  MBK_TRY_ASSIGN(stores.other, Ensured(MakeLocalStore({.base_directory = directory.path() + "/made/two"})));
  return stores;
}

// What one way to reach a server changes in the options of a store.
using Way = std::function<void(S3Options& options)>;

void AsItIs(S3Options&) {}

void WithItsCa(S3Options& options) { options.tls.ca = Variable("MBK_TEST_MINIO_TLS_CA"); }

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
  S3Options options = S3OptionsOf(server, suffix);
  way(options);
  return Ensured(MakeS3Store(std::move(options)));
}

Result<StorePair> OpenServer(const char* variable, const Way& way) {
  MBK_TRY_ASSIGN(Server server, ServerOf(variable));
  StorePair stores;
  MBK_TRY_ASSIGN(stores.store, OpenBucket(server, "one", way));
  MBK_TRY_ASSIGN(stores.other, OpenBucket(server, "two", way));
  return stores;
}

StoreUnderTest OnServer(const char* name, const char* variable, const StoreTraits& traits,
                        const Way& way = AsItIs) {
  return {.name = name,
          .server_variable = variable,
          .open = [variable, way] { return OpenServer(variable, way); },
          .traits = traits};
}

Result<std::shared_ptr<ObjectStore>> OpenGcsBucket(const GoogleCredentials& credentials,
                                                   std::string_view suffix) {
  MBK_TRY_ASSIGN(GcsOptions options, GcsOptionsOf(credentials, suffix));
  return Ensured(MakeGcsStore(std::move(options)));
}

Result<StorePair> OpenGcs() {
  MBK_TRY_ASSIGN(GoogleCredentials credentials, GcsCredentials());
  StorePair stores;
  MBK_TRY_ASSIGN(stores.store, OpenGcsBucket(credentials, "one"));
  MBK_TRY_ASSIGN(stores.other, OpenGcsBucket(credentials, "two"));
  return stores;
}

// With TLS the account stands in the host's name. Not every resolver knows the names below localhost.
Result<std::shared_ptr<ObjectStore>> OpenContainer(const Server& server, const AzureCredentials& credentials,
                                                   std::string_view suffix) {
  AzureOptions options = AzureOptionsOf(server, credentials, suffix);
  if (options.use_ssl) {
    options.tls.ca = Variable("MBK_TEST_AZURITE_TLS_CA");
    options.resolve = {fmt::format("{}.blob.{}:{}:127.0.0.1", options.account, options.host, options.port)};
  }
  return Ensured(MakeAzureStore(std::move(options)));
}

Result<StorePair> OpenContainers(const Server& server, const AzureCredentials& credentials) {
  StorePair stores;
  MBK_TRY_ASSIGN(stores.store, OpenContainer(server, credentials, "one"));
  MBK_TRY_ASSIGN(stores.other, OpenContainer(server, credentials, "two"));
  return stores;
}

Result<StorePair> OpenAzurite(const char* variable) {
  MBK_TRY_ASSIGN(Server server, ServerOf(variable));
  return OpenContainers(server, {.account_key = server.credentials.secret_access_key});
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
  MBK_TRY_ASSIGN(Server server, ServerOf(variable));
  auto tokens = std::make_shared<AzureTokens>([](const CallContext&) -> Result<Expiring<std::string>> {
    return Expiring<std::string>{.value = UnsignedToken()};
  });
  return OpenContainers(server, {.tokens = std::move(tokens)});
}

StoreUnderTest OnAzurite(const char* name, const char* variable, Result<StorePair> (*open)(const char*)) {
  return {.name = name,
          .server_variable = variable,
          .open = [variable, open] { return open(variable); },
          // Put Block From URL is answered 501.
          .traits = {.keeps_backslashes = false, .copies_parts = false}};
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
        // On jclouds, as is much that came later. It keeps no account of the uploads it has forgotten, and
        // its conditional put is a look and a write.
        OnServer("S3proxy", "MBK_TEST_S3PROXY",
                 {.replaces_in_one_step = false, .refuses_parts_of_aborted_uploads = false}),
        // Checks signatures and policies with Amazon's own client library; obeys no condition on a source,
        // and does not read what it is sent.
        OnServer("Moto", "MBK_TEST_MOTO",
                 {.server_compares_hashes = false, .compares_versions_of_sources = false, .many_keys = 300}),
        StoreUnderTest{.name = "Gcs",
                       .server_variable = "MBK_TEST_GCS",
                       .open = OpenGcs,
                       .traits = {.vouches_md5_of_uploads = true,
                                  .knows_md5_of_uploads = true,
                                  .deletes_by_etag = false}},
        // Plain HTTP with the account in the path; TLS with it in the host name.
        OnAzurite("Azurite", "MBK_TEST_AZURITE", &OpenAzurite),
        OnAzurite("AzuriteTls", "MBK_TEST_AZURITE_TLS", &OpenAzurite),
        OnAzurite("AzuriteToken", "MBK_TEST_AZURITE_TLS", &OpenAzuriteWithToken)),
    [](const testing::TestParamInfo<StoreUnderTest>& info) { return info.param.name; });

}  // namespace
}  // namespace mbk::conformance
