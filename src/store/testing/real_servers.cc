#include "store/testing/real_servers.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

namespace mbk::conformance {
namespace {

// The keys are taken out before the rest is parsed as a URL, which may carry none.
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

}  // namespace

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<Server> ServerOf(const char* variable) {
  auto server = ParseServer(Variable(variable));
  if (!server.ok()) return server.status().WithContext(variable);
  return server;
}

std::string BucketOfThisRun(std::string_view prefix, std::string_view suffix) {
  static const auto started = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("{}-{}-{}-{}", prefix, std::chrono::duration_cast<Milliseconds>(started).count(),
                     ::getpid(), suffix);
}

S3Options S3OptionsOf(const Server& server, std::string_view suffix) {
  return {.service = "minio",
          .host = server.endpoint.host,
          .port = server.endpoint.port,
          .use_ssl = server.endpoint.use_ssl,
          .bucket = BucketOfThisRun(server.bucket_prefix, suffix),
          .credentials = server.credentials};
}

AzureOptions AzureOptionsOf(const Server& server, const AzureCredentials& credentials,
                            std::string_view suffix) {
  return {.host = server.endpoint.host,
          .port = server.endpoint.port,
          .use_ssl = server.endpoint.use_ssl,
          .account = server.credentials.access_key_id,
          .container = BucketOfThisRun(server.bucket_prefix, suffix),
          .credentials = credentials};
}

Result<GoogleCredentials> GcsCredentials() {
  const std::string key_file = Variable("MBK_TEST_GCS_KEY_FILE");
  if (key_file.empty()) return InvalidArgument("MBK_TEST_GCS_KEY_FILE is not set");
  return MakeGoogleCredentials({.credentials_file = key_file}, std::make_shared<HttpClient>());
}

Result<GcsOptions> GcsOptionsOf(const GoogleCredentials& credentials, std::string_view suffix) {
  MBK_TRY_ASSIGN(ParsedUrl url, ParseUrl(Variable("MBK_TEST_GCS")));
  if (url.path.size() < 2) return InvalidArgument("MBK_TEST_GCS has no bucket-prefix");
  return GcsOptions{.host = url.endpoint.host,
                    .port = url.endpoint.port,
                    .use_ssl = url.endpoint.use_ssl,
                    .bucket = BucketOfThisRun(url.path.substr(1), suffix),
                    .credentials = credentials};
}

Result<std::shared_ptr<ObjectStore>> Ensured(Result<std::unique_ptr<ObjectStore>> store) {
  MBK_TRY_ASSIGN(std::shared_ptr<ObjectStore> opened, std::move(store));
  MBK_TRY(opened->EnsureBucket({}));
  return opened;
}

}  // namespace mbk::conformance
