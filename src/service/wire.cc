#include "service/wire.h"

#include <fmt/core.h>

#include <filesystem>
#include <optional>

#include "base/log.h"
#include "base/version.h"
#include "manifest/keys.h"
#include "milvus/grpc_client.h"
#include "net/url.h"
#include "store/azure/azure_store.h"
#include "store/credentials/azure_identity.h"
#include "store/credentials/chain.h"
#include "store/credentials/google_credentials.h"
#include "store/gcs/gcs_store.h"
#include "store/local/local_store.h"
#include "store/retrying_store.h"
#include "store/s3/s3_store.h"

namespace mbk::service {
namespace {

using config::Provider;

/// What a service that speaks S3 does in its own way.
struct S3Kind {
  credentials::Cloud cloud = credentials::Cloud::kAws;
  S3Addressing addressing = S3Addressing::kAuto;  ///< unless pathStyle says otherwise
  bool conditional_put = true;
  bool checks_body_hash = true;
};

std::optional<S3Kind> S3KindOf(Provider provider) {
  // OSS, COS and OBS take a bucket in the host's name only, and name other headers than If-None-Match for a
  // PUT that must not overwrite. That they compare a body with its hash in the signature is not known.
  const auto in_host_style = [](credentials::Cloud cloud) {
    return S3Kind{.cloud = cloud,
                  .addressing = S3Addressing::kVirtualHost,
                  .conditional_put = false,
                  .checks_body_hash = false};
  };
  switch (provider) {
    case Provider::kMinio:
    case Provider::kAws:
      return S3Kind{};
    case Provider::kS3:  // whatever speaks it: nor is it known here
      return S3Kind{.checks_body_hash = false};
    case Provider::kAliyun:
      return in_host_style(credentials::Cloud::kAliyun);
    case Provider::kTencent:
      return in_host_style(credentials::Cloud::kTencent);
    case Provider::kHuawei:
      return in_host_style(credentials::Cloud::kHuawei);
    default:
      return std::nullopt;
  }
}

// Metadata services, which are on the same machine or one hop away, and have no TLS.
bool IsLinkLocal(std::string_view host) { return host.starts_with("169.254."); }

std::string WithoutBrackets(const std::string& host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

S3Addressing AddressingOf(config::PathStyle style, S3Addressing usual) {
  switch (style) {
    case config::PathStyle::kPath:
      return S3Addressing::kPath;
    case config::PathStyle::kVirtualHost:
      return S3Addressing::kVirtualHost;
    case config::PathStyle::kAuto:
      break;
  }
  return usual;
}

void WarnOfTokensInTheClear(const config::Storage& storage) {
  const bool temporary =
      storage.auth.type != config::AuthType::kStatic || !storage.auth.session_token.empty();
  if (temporary && !storage.use_ssl && !IsLoopback(storage.address))
    log::Warn("session tokens go to {} without encryption (useSSL: false)", storage.address);
  const Result<ParsedUrl> iam = ParseUrl(storage.auth.endpoint);
  if (!iam.ok() || iam->endpoint.use_ssl || IsLoopback(iam->endpoint.host) || IsLinkLocal(iam->endpoint.host))
    return;
  log::Warn("credentials are asked of {} without encryption (iamEndpoint, in a v2 file auth.endpoint)",
            iam->endpoint.Origin());
}

credentials::Fetch FetchOf(const config::Storage& storage, credentials::Cloud cloud) {
  if (storage.auth.type == config::AuthType::kStatic) return nullptr;
  const bool asks_endpoint = storage.auth.type == config::AuthType::kIam;
  return credentials::SystemChain(cloud, asks_endpoint ? storage.auth.endpoint : "", storage.ca_cert_path);
}

TlsFiles TlsOf(const config::Storage& storage) {
  return {
      .ca = storage.ca_cert_path, .client_cert = storage.mtls_cert_path, .client_key = storage.mtls_key_path};
}

// How all services are asked.
struct Asking {
  std::string settings;  // that name the server
  std::chrono::seconds stall_timeout;
};

S3Options S3OptionsOf(const config::Storage& storage, S3Addressing usual, const Asking& asking) {
  return {
      .service = std::string(config::ProviderName(storage.provider)),
      .host = WithoutBrackets(storage.address),
      .port = storage.port,
      .use_ssl = storage.use_ssl,
      .region = storage.region,
      .bucket = storage.bucket_name,
      .credentials = {storage.auth.access_key_id, storage.auth.secret_access_key, storage.auth.session_token},
      .tls = TlsOf(storage),
      .settings = asking.settings,
      .stall_timeout = asking.stall_timeout,
      .addressing = AddressingOf(storage.path_style, usual)};
}

// Google's XML API: what S3 clients speak, with signatures and tokens of its own.
Result<std::unique_ptr<ObjectStore>> MakeGcp(const config::Storage& storage, const Asking& asking) {
  S3Options options = S3OptionsOf(storage, S3Addressing::kAuto, asking);
  options.batch_delete = false;  // not documented for this API
  if (storage.auth.type == config::AuthType::kStatic && storage.auth.session_token.empty()) {
    options.signature = S3Signature::kV2;
    // Its header is x-goog-*, which does not go with a signature of Amazon's kind.
    options.conditional_put = false;
    return MakeS3Store(std::move(options));
  }
  WarnOfTokensInTheClear(storage);
  options.signature = S3Signature::kBearer;
  if (storage.auth.type == config::AuthType::kStatic) return MakeS3Store(std::move(options));
  options.fetch_credentials = GoogleMetadataSession({.environment = config::ProcessEnv});
  return MakeS3Store(std::move(options));
}

Result<std::unique_ptr<ObjectStore>> MakeGcpNative(const config::Storage& storage, const Asking& asking) {
  // At Google's own hosts the tokens come from Google, too, and whatever stands between has one CA.
  const bool is_google = IsGoogleHost(storage.address);
  auto token_client =
      std::make_shared<HttpClient>(HttpClientOptions{.tls = is_google ? TlsOf(storage) : TlsFiles()});
  MBK_TRY_ASSIGN(GoogleCredentials credentials,
                 MakeGoogleCredentials(
                     {.credentials_file = storage.auth.credentials_file, .environment = config::ProcessEnv},
                     std::move(token_client)));
  if (!is_google) WarnOfTokensInTheClear(storage);
  return MakeGcsStore({.service = std::string(config::ProviderName(storage.provider)),
                       .host = storage.address,
                       .port = storage.port,
                       .use_ssl = storage.use_ssl,
                       .bucket = storage.bucket_name,
                       .location = storage.region,
                       .credentials = std::move(credentials),
                       .tls = TlsOf(storage),
                       .settings = asking.settings,
                       .stall_timeout = asking.stall_timeout});
}

AzureAddressing AzureAddressingOf(config::PathStyle style) {
  switch (style) {
    case config::PathStyle::kPath:
      return AzureAddressing::kPath;
    case config::PathStyle::kVirtualHost:
      return AzureAddressing::kHost;
    case config::PathStyle::kAuto:
      break;
  }
  return AzureAddressing::kAuto;
}

// Where there is no account key, the session token is a shared access signature.
AzureCredentials AzureCredentialsOf(const config::Storage& storage) {
  if (storage.auth.type == config::AuthType::kDefault) {
    // Not the store's CA: tokens come from somewhere else.
    return {.tokens = MakeAzureIdentity({.environment = config::ProcessEnv}, std::make_shared<HttpClient>())};
  }
  if (!storage.auth.account_key.empty()) return {.account_key = storage.auth.account_key};
  return {.sas_token = storage.auth.session_token};
}

Result<std::unique_ptr<ObjectStore>> MakeAzure(const config::Storage& storage, const Asking& asking) {
  return MakeAzureStore({.host = storage.address,
                         .port = storage.port,
                         .use_ssl = storage.use_ssl,
                         .addressing = AzureAddressingOf(storage.path_style),
                         .account = storage.account_name,
                         .container = storage.bucket_name,
                         .credentials = AzureCredentialsOf(storage),
                         .tls = TlsOf(storage),
                         .settings = asking.settings,
                         .stall_timeout = asking.stall_timeout});
}

Result<std::unique_ptr<ObjectStore>> MakeS3(const config::Storage& storage, const S3Kind& kind,
                                            const Asking& asking) {
  WarnOfTokensInTheClear(storage);
  S3Options options = S3OptionsOf(storage, kind.addressing, asking);
  options.fetch_credentials = FetchOf(storage, kind.cloud);
  options.conditional_put = kind.conditional_put;
  options.checks_body_hash = kind.checks_body_hash;
  return MakeS3Store(std::move(options));
}

}  // namespace

Result<std::shared_ptr<ObjectStore>> MakeStore(const config::Storage& storage, const std::string& settings,
                                               std::chrono::seconds silence) {
  // Two attempts, and what the first retry waits, are less than `silence`.
  const Asking asking{settings, std::max(std::chrono::seconds(1), (silence - silence / 8) / 2)};
  std::shared_ptr<ObjectStore> store;
  if (storage.provider == Provider::kLocal) {
    store = MakeLocalStore({.root_directory = KeyRoot(storage)});
  } else if (const std::optional<S3Kind> kind = S3KindOf(storage.provider)) {
    MBK_TRY_ASSIGN(store, MakeS3(storage, *kind, asking));
  } else if (storage.provider == Provider::kGcp) {
    MBK_TRY_ASSIGN(store, MakeGcp(storage, asking));
  } else if (storage.provider == Provider::kGcpNative) {
    MBK_TRY_ASSIGN(store, MakeGcpNative(storage, asking));
  } else if (storage.provider == Provider::kAzure) {
    MBK_TRY_ASSIGN(store, MakeAzure(storage, asking));
  } else {
    return InvalidArgument(
        fmt::format("storage provider {} is not in this version; there are minio, s3, aws, aliyun, tencent, "
                    "hwc, gcp, gcpnative, azure and local",
                    config::ProviderName(storage.provider)));
  }
  RetryPolicy patience = RetryingStore::kPatient;
  patience.silence = silence;
  return std::shared_ptr<ObjectStore>(
      std::make_shared<RetryingStore>(std::move(store), patience, RealSleeper(), settings));
}

std::shared_ptr<ObjectStore> MakeDirectoryStore(const std::string& path) {
  return std::make_shared<RetryingStore>(
      MakeLocalStore({.base_directory = std::filesystem::absolute(path).lexically_normal().string()}),
      RetryingStore::kPatient);
}

zilliz::CloudOptions CloudOptionsOf(const config::Config& config) {
  return {.endpoint = config.cloud_endpoint,
          .api_key = config.cloud_api_key,
          .ca_file = config.cloud_ca_cert_path};
}

// The region is left to be discovered: the one that Zilliz Cloud names beside the volume is in words of its
// own, and a region that is given is obeyed.
Result<std::shared_ptr<ObjectStore>> MakeVolumeStore(const zilliz::Volume& volume, zilliz::FetchKeys fetch,
                                                     const std::string& ca_file) {
  S3Options options{.service = std::string(config::ProviderName(Provider::kAws)),
                    .host = volume.host,
                    .port = volume.port,
                    .use_ssl = true,
                    .bucket = volume.bucket,
                    .fetch_credentials = std::move(fetch),
                    .tls = {.ca = ca_file}};
  if (volume.cloud == zilliz::StagingCloud::kGcp) {
    options.service = std::string(config::ProviderName(Provider::kGcp));
    options.signature = S3Signature::kBearer;
    options.batch_delete = false;
  }
  MBK_TRY_ASSIGN(std::shared_ptr<ObjectStore> store, MakeS3Store(std::move(options)));
  return std::shared_ptr<ObjectStore>(
      std::make_shared<RetryingStore>(std::move(store), RetryingStore::kPatient));
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
