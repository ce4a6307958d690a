#include "service/wire.h"

#include <fmt/core.h>

#include <filesystem>

#include "base/log.h"
#include "base/version.h"
#include "manifest/keys.h"
#include "milvus/grpc_client.h"
#include "store/credentials/google_credentials.h"
#include "store/gcs/gcs_store.h"
#include "store/local/local_store.h"
#include "store/retrying_store.h"
#include "store/s3/s3_store.h"

namespace mbk::service {
namespace {

using config::Provider;

bool SpeaksS3(Provider provider) {
  return provider == Provider::kMinio || provider == Provider::kS3 || provider == Provider::kAws;
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" || host == "[::1]";
}

S3Addressing AddressingOf(config::PathStyle style) {
  switch (style) {
    case config::PathStyle::kPath:
      return S3Addressing::kPath;
    case config::PathStyle::kVirtualHost:
      return S3Addressing::kVirtualHost;
    case config::PathStyle::kAuto:
      break;
  }
  return S3Addressing::kAuto;
}

void WarnOfPlainToken(const config::Storage& storage) {
  if (storage.use_ssl || IsLoopback(storage.address)) return;
  log::Warn("an access token goes to {} without encryption (useSSL: false)", storage.address);
}

S3Options S3OptionsOf(const config::Storage& storage) {
  return {
      .service = std::string(config::ProviderName(storage.provider)),
      .host = storage.address,
      .port = storage.port,
      .use_ssl = storage.use_ssl,
      .region = storage.region,
      .bucket = storage.bucket_name,
      .credentials = {storage.auth.access_key_id, storage.auth.secret_access_key, storage.auth.session_token},
      .ca_file = storage.ca_cert_path,
      .addressing = AddressingOf(storage.path_style)};
}

// Google's XML API: what S3 clients speak, with signatures and tokens of its own.
Result<std::unique_ptr<ObjectStore>> MakeGcp(const config::Storage& storage) {
  S3Options options = S3OptionsOf(storage);
  options.batch_delete = false;  // not documented for this API
  if (storage.auth.type == config::AuthType::kStatic && storage.auth.session_token.empty()) {
    options.signature = S3Signature::kV2;
    // Its header is x-goog-*, which does not go with a signature of Amazon's kind.
    options.conditional_put = false;
    return MakeS3Store(std::move(options));
  }
  WarnOfPlainToken(storage);
  options.signature = S3Signature::kBearer;
  if (storage.auth.type == config::AuthType::kStatic) return MakeS3Store(std::move(options));
  options.fetch_credentials = GoogleMetadataSession({.environment = config::ProcessEnv});
  return MakeS3Store(std::move(options));
}

Result<std::unique_ptr<ObjectStore>> MakeGcpNative(const config::Storage& storage) {
  // At Google's own hosts the tokens come from Google, too, and whatever stands between has one CA.
  const bool is_google = IsGoogleHost(storage.address);
  auto token_client = std::make_shared<HttpClient>(
      HttpClientOptions{.ca_file = is_google ? storage.ca_cert_path : std::string()});
  MBK_TRY_ASSIGN(GoogleCredentials credentials,
                 MakeGoogleCredentials(
                     {.credentials_file = storage.auth.credentials_file, .environment = config::ProcessEnv},
                     std::move(token_client)));
  if (!is_google) WarnOfPlainToken(storage);
  return MakeGcsStore({.service = std::string(config::ProviderName(storage.provider)),
                       .host = storage.address,
                       .port = storage.port,
                       .use_ssl = storage.use_ssl,
                       .bucket = storage.bucket_name,
                       .location = storage.region,
                       .credentials = std::move(credentials),
                       .ca_file = storage.ca_cert_path});
}

Result<std::unique_ptr<ObjectStore>> MakeS3(const config::Storage& storage) {
  if (storage.auth.type != config::AuthType::kStatic) {
    return InvalidArgument(
        fmt::format("storage provider {}: this version signs with static keys only (useIAM: false, in a v2 "
                    "file auth.type: static)",
                    config::ProviderName(storage.provider)));
  }
  if (!storage.use_ssl && !storage.auth.session_token.empty() && !IsLoopback(storage.address)) {
    log::Warn("the session token goes to {} without encryption (useSSL: false)", storage.address);
  }
  return MakeS3Store(S3OptionsOf(storage));
}

}  // namespace

Result<std::shared_ptr<ObjectStore>> MakeStore(const config::Storage& storage) {
  std::shared_ptr<ObjectStore> store;
  if (storage.provider == Provider::kLocal) {
    store = MakeLocalStore({.keep_directory = KeyRoot(storage)});
  } else if (SpeaksS3(storage.provider)) {
    MBK_TRY_ASSIGN(store, MakeS3(storage));
  } else if (storage.provider == Provider::kGcp) {
    MBK_TRY_ASSIGN(store, MakeGcp(storage));
  } else if (storage.provider == Provider::kGcpNative) {
    MBK_TRY_ASSIGN(store, MakeGcpNative(storage));
  } else {
    return InvalidArgument(fmt::format(
        "storage provider {} is not in this version; there are minio, s3, aws, gcp, gcpnative and local",
        config::ProviderName(storage.provider)));
  }
  return std::shared_ptr<ObjectStore>(std::make_shared<RetryingStore>(std::move(store), RetryPolicy{}));
}

std::shared_ptr<ObjectStore> MakeDirectoryStore(const std::string& path) {
  return std::make_shared<RetryingStore>(
      MakeLocalStore({.base_directory = std::filesystem::absolute(path).lexically_normal().string()}),
      RetryPolicy{});
}

std::string KeyRoot(const config::Storage& storage) {
  return storage.provider == Provider::kLocal ? JoinKey(storage.root_path, "")
                                              : RootForBucket(storage.root_path);
}

Result<std::unique_ptr<MilvusClient>> ConnectMilvus(const config::Milvus& milvus,
                                                    const CallContext& context) {
  const bool plain = milvus.tls_mode == config::TlsMode::kDisabled;
  if (plain && !milvus.password.empty() && !IsLoopback(milvus.address)) {
    log::Warn(
        "the password of Milvus goes to {} without encryption (milvus.tlsMode, in a v2 file "
        "milvus.grpc.tlsMode)",
        milvus.address);
  }
  const MilvusTls tls = plain                                         ? MilvusTls::kDisabled
                        : milvus.tls_mode == config::TlsMode::kMutual ? MilvusTls::kMutual
                                                                      : MilvusTls::kServer;
  return Connect({.address = milvus.address,
                  .port = milvus.port,
                  .user = milvus.user,
                  .password = milvus.password,
                  .tls = tls,
                  .ca_cert_path = milvus.ca_cert_path,
                  .client_cert_path = milvus.mtls_cert_path,
                  .client_key_path = milvus.mtls_key_path,
                  .server_name = milvus.server_name,
                  .management_endpoint = milvus.management_endpoint,
                  .tool_version = kVersion},
                 context);
}

}  // namespace mbk::service
