#include "config/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/log.h"
#include "config/addresses.h"
#include "config/enum_names.h"
#include "config/text.h"

namespace mbk::config {
namespace {

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsBase64(std::string_view text) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto end = text.find_last_not_of('=');
  const std::string_view letters = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  return !letters.empty() && text.size() % 4 == 0 && text.size() - letters.size() <= 2 &&
         letters.find_first_not_of(kLetters) == std::string_view::npos;
}

// What a template would have put in, had it been filled; of Helm, Compose, Go and Kubernetes.
bool IsUnfilledTemplate(std::string_view text) {
  constexpr std::array<std::string_view, 5> kLeftovers = {"${", "$(", "{{", "<no value>", "<nil>"};
  return std::ranges::any_of(kLeftovers,
                             [&](std::string_view leftover) { return text.find(leftover) != text.npos; });
}

std::string TellUnfilledTemplate(std::string_view text) {
  return fmt::format("{}: a template was not filled in", Quoted(text));
}

bool IsPort(int port) { return port >= 1 && port <= kMaxPort; }

/// One storage section.
class StorageValidator {
 public:
  StorageValidator(Resolution& out, std::string_view section, const Storage& storage)
      : out_(out), section_(section), storage_(storage) {}

  void Run() {
    if (OriginOf("Provider").rejected) return;  // what applies to an unknown provider is unknown
    CheckTemplateLeftovers();
    if (storage_.provider == Provider::kLocal) return CheckLocal();
    CheckEndpoint();
    CheckMilvusEndpoint();
    CheckBucket();
    CheckAccount();
    if (OriginOf("Auth.Type").rejected) return;
    if (CheckAuthTypeIsPossible()) CheckCredentials();
  }

 private:
  struct Credential {
    std::string_view name;
    const std::string* value;
    std::string_view what;
  };

  void CheckLocal() {
    if (!storage_.milvus_address.empty())
      Reject("MilvusAddress", "does not apply to the provider local; remove it");
  }

  void CheckEndpoint() {
    if (!IsInherited({"Port"}) && !IsPort(storage_.port)) {
      Reject("Port", fmt::format("{} is no port; want 1 to {}", storage_.port, kMaxPort));
    }
    if (storage_.mtls_cert_path.empty() != storage_.mtls_key_path.empty() &&
        !IsInherited({"MTLSCertPath", "MTLSKeyPath"})) {
      const bool lacks_key = storage_.mtls_key_path.empty();
      Reject(lacks_key ? "MTLSKeyPath" : "MTLSCertPath",
             fmt::format("a client certificate needs its key, and a key its certificate: set {} too",
                         OriginOf(lacks_key ? "MTLSKeyPath" : "MTLSCertPath").documented));
    }
  }

  void CheckMilvusEndpoint() {
    if (storage_.milvus_port == 0) return;
    if (!IsPort(storage_.milvus_port)) {
      Reject("MilvusPort", fmt::format("{} is no port; want 1 to {}, or 0 for the port of the store",
                                       storage_.milvus_port, kMaxPort));
    }
    if (storage_.milvus_address.empty()) {
      Reject("MilvusPort", fmt::format("needs {} to be set", OriginOf("MilvusAddress").documented));
    }
  }

  void CheckBucket() {
    if (storage_.bucket_name.empty() && !IsInherited({"BucketName", "Provider"})) {
      Reject("BucketName", "must not be empty");
    }
    if (OriginOf("LocalPath").is_explicit() && !storage_.local_path.empty()) {
      Reject("LocalPath", fmt::format("only applies to the provider local, not to {}", ProviderWord()));
    }
  }

  // A name that nothing has, in a request that is signed.
  void CheckTemplateLeftovers() {
    const std::pair<std::string_view, const std::string*> texts[] = {
        {"BucketName", &storage_.bucket_name},
        {"RootPath", &storage_.root_path},
        {"Region", &storage_.region},
        {"CACertPath", &storage_.ca_cert_path},
        {"Auth.AccessKeyID", &storage_.auth.access_key_id},
        {"Auth.CredentialsFile", &storage_.auth.credentials_file}};
    for (const auto& [name, text] : texts)
      if (!IsInherited({name}) && IsUnfilledTemplate(*text)) Reject(name, TellUnfilledTemplate(*text));
  }

  void CheckAccount() {
    const bool is_azure = storage_.provider == Provider::kAzure;
    if (is_azure && storage_.account_name.empty() && !IsInherited({"AccountName", "Provider"})) {
      Reject("AccountName", "the provider azure needs the name of the storage account");
    }
    const bool is_usable =
        std::ranges::all_of(storage_.account_name, [](char c) { return IsLowerOrDigit(c) || c == '-'; });
    if (is_azure && !is_usable && !IsInherited({"AccountName", "Provider"})) {
      Reject("AccountName",
             fmt::format("{}: the name of a storage account is made of lower-case letters and digits ({})",
                         Quoted(storage_.account_name), StoreInWords()));
    }
    if (!is_azure && OriginOf("AccountName").is_explicit() && !storage_.account_name.empty()) {
      Reject("AccountName", fmt::format("only applies to the provider azure, not to {}", ProviderWord()));
    }
  }

  bool CheckAuthTypeIsPossible() {
    const auto possible = PossibleAuthTypes();
    if (std::ranges::find(possible, storage_.auth.type) != possible.end()) return true;
    if (IsInherited({"Auth.Type", "Provider"})) return false;
    std::string names;
    for (AuthType type : possible) names += fmt::format("{}{}", names.empty() ? "" : ", ", NameOf(type));
    Reject("Auth.Type", fmt::format("{} is not possible with the provider {}; want one of {}",
                                    NameOf(storage_.auth.type), ProviderWord(), names));
    return false;
  }

  std::vector<AuthType> PossibleAuthTypes() const {
    switch (storage_.provider) {
      case Provider::kAzure:
        return {AuthType::kSharedKey, AuthType::kDefault};
      case Provider::kGcpNative:
        return {AuthType::kServiceAccount, AuthType::kDefault};
      default:
        return {AuthType::kStatic, AuthType::kIam, AuthType::kDefault};
    }
  }

  void CheckCredentials() {
    const Auth& auth = storage_.auth;
    const Credential access_key{"Auth.AccessKeyID", &auth.access_key_id, "the access key id"};
    const Credential secret_key{"Auth.SecretAccessKey", &auth.secret_access_key, "the secret access key"};
    const Credential token{"Auth.SessionToken", &auth.session_token, ""};
    const Credential account_key{
        "Auth.AccountKey", &auth.account_key,
        "the key of the storage account (or a shared access signature as sessionToken)"};
    const Credential file{"Auth.CredentialsFile", &auth.credentials_file,
                          "the path of a service account's JSON file"};
    const Credential endpoint{"Auth.Endpoint", &auth.endpoint, ""};
    switch (auth.type) {
      case AuthType::kStatic:
        return Expect({access_key, secret_key}, {account_key, file, endpoint});
      case AuthType::kSharedKey:
        // Without the account's key, the token is a shared access signature.
        if (auth.account_key.empty() && !auth.session_token.empty())
          return Expect({}, {access_key, secret_key, file, endpoint});
        CheckAccountKey();
        return Expect({account_key}, {access_key, secret_key, token, file, endpoint});
      case AuthType::kServiceAccount:
        return Expect({file}, {access_key, secret_key, token, account_key, endpoint});
      case AuthType::kIam:
        CheckAuthEndpoint();
        return Expect({}, {access_key, secret_key, token, account_key, file});
      case AuthType::kDefault:
        return Expect({}, {access_key, secret_key, token, account_key, file, endpoint});
    }
  }

  // Requests are signed with the bytes that the key stands for; of another text there are none.
  void CheckAccountKey() {
    const std::string& key = storage_.auth.account_key;
    if (key.empty() || IsBase64(key) || IsInherited({"Auth.AccountKey", "Auth.Type", "Provider"})) return;
    Reject("Auth.AccountKey",
           fmt::format("(secret): the key of an Azure storage account is base64, and this is not ({})",
                       StoreInWords()));
  }

  std::string_view StoreInWords() const {
    return section_ == kMilvusStorage ? "the store of Milvus" : "the backup store";
  }

  void CheckAuthEndpoint() {
    const std::string& url = storage_.auth.endpoint;
    if (url.empty() || IsHttpUrl(url) || IsInherited({"Auth.Endpoint"})) return;
    Reject("Auth.Endpoint", fmt::format("{}: want an absolute URL such as https://sts.example.com",
                                        Quoted(WithoutUserInfo(url))));
  }

  void Expect(std::initializer_list<Credential> needed, std::initializer_list<Credential> unused) {
    for (const Credential& credential : needed) {
      if (!credential.value->empty() || IsInherited({credential.name, "Auth.Type", "Provider"})) continue;
      Reject(credential.name, fmt::format("{} must not be empty for {} credentials", credential.what,
                                          NameOf(storage_.auth.type)));
    }
    for (const Credential& credential : unused) {
      if (credential.value->empty() || !OriginOf(credential.name).is_explicit()) continue;
      Reject(credential.name, fmt::format("does not apply when {} is {}", OriginOf("Auth.Type").documented,
                                          NameOf(storage_.auth.type)));
    }
  }

  // Whether all these values are the other section's, which has been checked and blamed on its own.
  bool IsInherited(std::initializer_list<std::string_view> names) const {
    return std::ranges::all_of(names, [&](auto name) { return OriginOf(name).inherited; });
  }

  std::string_view ProviderWord() const { return ProviderName(storage_.provider); }
  std::string Path(std::string_view name) const { return fmt::format("{}.{}", section_, name); }
  const Origin& OriginOf(std::string_view name) const { return out_.OriginOf(Path(name)); }
  void Reject(std::string_view name, std::string_view why) { out_.Reject(Path(name), why); }

  Resolution& out_;
  std::string_view section_;
  const Storage& storage_;
};

void CheckLog(Resolution& out) {
  const Log& log = out.draft.config.log;
  if (!log::ParseLevel(log.level).ok()) {
    out.Reject("Log.Level", fmt::format("{}: want one of debug, info, warn, error", Quoted(log.level)));
  }
  for (const auto& [path, value] : {std::pair{"Log.File.MaxSizeMiB", log.file_max_size_mib},
                                    std::pair{"Log.File.MaxDays", log.file_max_days},
                                    std::pair{"Log.File.MaxBackups", log.file_max_backups}}) {
    if (value < 0) out.Reject(path, fmt::format("{}: must not be negative", value));
  }
}

void CheckUrl(Resolution& out, std::string_view path, const std::string& url) {
  if (url.empty() || IsHttpUrl(url)) return;
  out.Reject(path,
             fmt::format("{}: want an absolute URL such as http://host:19530", Quoted(WithoutUserInfo(url))));
}

void CheckMilvus(Resolution& out) {
  const Milvus& milvus = out.draft.config.milvus;
  for (const auto& [path, text] :
       {std::pair{"Milvus.User", &milvus.user}, std::pair{"Milvus.Grpc.ServerName", &milvus.server_name},
        std::pair{"Milvus.Grpc.CACertPath", &milvus.ca_cert_path},
        std::pair{"Milvus.Grpc.MTLSCertPath", &milvus.mtls_cert_path},
        std::pair{"Milvus.Grpc.MTLSKeyPath", &milvus.mtls_key_path}})
    if (IsUnfilledTemplate(*text)) out.Reject(path, TellUnfilledTemplate(*text));
  if (!IsPort(milvus.port)) {
    out.Reject("Milvus.Grpc.Port", fmt::format("{} is no port; want 1 to {}", milvus.port, kMaxPort));
  }
  if (milvus.tls_mode == TlsMode::kMutual &&
      (milvus.mtls_cert_path.empty() || milvus.mtls_key_path.empty())) {
    out.Reject("Milvus.Grpc.TLSMode", fmt::format("mutual TLS needs both {} and {}",
                                                  out.OriginOf("Milvus.Grpc.MTLSCertPath").documented,
                                                  out.OriginOf("Milvus.Grpc.MTLSKeyPath").documented));
  }
  CheckUrl(out, "Milvus.Rest.Endpoint", milvus.rest_endpoint);
  if (milvus.etcd_endpoints.empty() && !out.OriginOf("Milvus.Etcd.Endpoints").rejected) {
    out.Reject("Milvus.Etcd.Endpoints", "want at least one endpoint");
  }
}

void CheckLimits(Resolution& out) {
  const Config& config = out.draft.config;
  const std::pair<std::string_view, std::int64_t> limits[] = {
      {"Backup.Concurrency.Collections", config.backup_concurrency_collections},
      {"Backup.Concurrency.Segments", config.backup_concurrency_segments},
      {"Restore.Concurrency.Collections", config.restore_concurrency_collections},
      {"Restore.Concurrency.ImportJobs", config.restore_concurrency_import_jobs},
      {"Restore.MaxSegmentsPerImportJob", config.restore_max_segments_per_import_job},
      {"Transfer.Concurrency", config.transfer_concurrency},
      {"Transfer.MultipartCopyThresholdMiB", config.transfer_multipart_copy_threshold_mib},
      {"Transfer.SilenceSeconds", config.transfer_silence_seconds},
  };
  for (const auto& [path, value] : limits) {
    if (value <= 0) out.Reject(path, fmt::format("{}: must be positive", value));
  }
}

}  // namespace

void Validate(Resolution& resolution) {
  const Config& config = resolution.draft.config;
  CheckLog(resolution);
  CheckMilvus(resolution);
  StorageValidator(resolution, kMilvusStorage, config.milvus.storage).Run();
  StorageValidator(resolution, kBackupStorage, config.backup_storage).Run();
  CheckLimits(resolution);
}

}  // namespace mbk::config
