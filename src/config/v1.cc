#include "config/v1.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "config/enum_names.h"
#include "config/text.h"
#include "config/value.h"

namespace mbk::config {
namespace {

std::optional<Provider> ProviderFromV1(std::string_view name) {
  const std::string lower = Lower(name);
  if (lower == "ali" || lower == "alibaba" || lower == "alicloud") return Provider::kAliyun;
  if (lower == "tc") return Provider::kTencent;
  return FromName<Provider>(lower);
}

// One storage section of the draft, with the names of its parameters.
class SideTranslator {
 public:
  SideTranslator(Resolution& out, std::string_view section, const V1Only::Side& v1, Storage& storage)
      : out_(out), section_(section), v1_(v1), storage_(storage) {}

  void Run() {
    TranslateProvider();
    switch (storage_.provider) {
      case Provider::kLocal:
        return KeepOnly({});
      case Provider::kAzure:
        return TranslateAzure();
      case Provider::kGcpNative:
        return TranslateGcpNative();
      default:
        return TranslateS3();
    }
  }

 private:
  void TranslateProvider() {
    if (const auto provider = ProviderFromV1(v1_.storage_type)) {
      storage_.provider = *provider;
      return;
    }
    Origin& origin = OriginOf("Provider");
    origin.rejected = true;
    if (origin.inherited) return;
    out_.Reject(Path("Provider"), fmt::format("{}: {}; ali and tc are short for aliyun and tencent",
                                              Quoted(v1_.storage_type), WantOneOf<Provider>()));
  }

  // v1 has one pair of keys for the credentials of all providers; on Azure they are account and key.
  void TranslateAzure() {
    Move("Auth.AccessKeyID", storage_.auth.access_key_id, "AccountName", storage_.account_name);
    Move("Auth.SecretAccessKey", storage_.auth.secret_access_key, "Auth.AccountKey",
         storage_.auth.account_key);
    SetAuthType(v1_.use_iam ? AuthType::kDefault : AuthType::kSharedKey);
    if (v1_.use_iam) return KeepOnly({});
    // Without an account key the token is a shared access signature.
    const Auth& auth = storage_.auth;
    KeepOnly({auth.account_key.empty() ? &auth.session_token : &auth.account_key});
  }

  void TranslateGcpNative() {
    SetAuthType(AuthType::kServiceAccount);
    KeepOnly({&storage_.auth.credentials_file});
  }

  void TranslateS3() {
    Auth& auth = storage_.auth;
    auth.type = v1_.use_iam ? AuthType::kIam : AuthType::kStatic;
    KeepOnly(v1_.use_iam ? Credentials{&auth.endpoint}
                         : Credentials{&auth.access_key_id, &auth.secret_access_key, &auth.session_token});
  }

  void SetAuthType(AuthType type) {
    storage_.auth.type = type;
    // Unless useIAM was given, it is the provider that decided.
    Origin& origin = OriginOf("Auth.Type");
    if (!origin.is_explicit()) origin = OriginOf("Provider");
  }

  using Credentials = std::vector<const std::string*>;

  // Credentials that the chosen kind does not use are left over from another provider more often than not;
  // v1 never minded them, so they are dropped rather than refused.
  void KeepOnly(const Credentials& kept) {
    const auto drop_unless_kept = [&](std::string_view name, std::string& value) {
      if (std::ranges::find(kept, &value) == kept.end()) Drop(name, value);
    };
    drop_unless_kept("Auth.AccessKeyID", storage_.auth.access_key_id);
    drop_unless_kept("Auth.SecretAccessKey", storage_.auth.secret_access_key);
    drop_unless_kept("Auth.SessionToken", storage_.auth.session_token);
    drop_unless_kept("Auth.AccountKey", storage_.auth.account_key);
    drop_unless_kept("Auth.CredentialsFile", storage_.auth.credentials_file);
    drop_unless_kept("Auth.Endpoint", storage_.auth.endpoint);
  }

  void Move(std::string_view from, std::string& value, std::string_view to, std::string& target) {
    target = std::move(value);
    OriginOf(to) = OriginOf(from);
    Drop(from, value);
  }

  void Drop(std::string_view name, std::string& value) {
    value.clear();
    OriginOf(name) = Origin{.role = OriginOf(name).role, .documented = OriginOf(name).documented};
  }

  std::string Path(std::string_view name) const { return fmt::format("{}.{}", section_, name); }
  Origin& OriginOf(std::string_view name) { return out_.origins[Path(name)]; }

  Resolution& out_;
  std::string_view section_;
  const V1Only::Side& v1_;
  Storage& storage_;
};

TlsMode TranslateTls(const Resolution& v1, std::vector<std::string>& warnings) {
  const Milvus& milvus = v1.draft.config.milvus;
  const auto warn = [&](std::string_view what) {
    warnings.push_back(fmt::format("{}: {}", v1.OriginOf("Milvus.Grpc.TLSMode").Name(), what));
  };
  switch (v1.draft.v1.tls_mode) {
    case 0:
      return TlsMode::kDisabled;
    case 1:
      return TlsMode::kServer;
    case 2:
      if (!milvus.mtls_cert_path.empty() && !milvus.mtls_key_path.empty()) return TlsMode::kMutual;
      warn(
          "2 (mutual TLS) needs milvus.mtlsCertPath and milvus.mtlsKeyPath; connecting as with 1, without a "
          "client certificate");
      return TlsMode::kServer;
    default:
      warn(fmt::format("{} is none of 0 (off), 1 (server) and 2 (mutual); connecting WITHOUT TLS",
                       v1.draft.v1.tls_mode));
      return TlsMode::kDisabled;
  }
}

void TranslateBackupRoot(Resolution& resolution) {
  std::string& root = resolution.draft.config.backup_storage.root_path;
  if (root.empty() && !resolution.OriginOf("Backup.Storage.RootPath").is_explicit()) root = "backup";
}

void Translate(Resolution& resolution) {
  Config& config = resolution.draft.config;
  const V1Only& v1 = resolution.draft.v1;
  config.milvus.tls_mode = TranslateTls(resolution, resolution.warnings);
  config.milvus.etcd_endpoints = SplitCommas(v1.etcd_endpoints);
  config.transfer_mode = v1.cross_storage ? TransferMode::kStreaming : TransferMode::kAuto;
  SideTranslator(resolution, kMilvusStorage, v1.milvus, config.milvus.storage).Run();
  SideTranslator(resolution, kBackupStorage, v1.backup, config.backup_storage).Run();
  TranslateBackupRoot(resolution);
}

}  // namespace

Resolution ResolveV1(const Sources& sources) {
  Resolution resolution;
  const Sources defaults_only{.env = [](const std::string&) { return std::nullopt; }};
  ResolveRows(V2Rows(), defaults_only, resolution);
  ResolveRows(V1Rows(), sources, resolution);
  Translate(resolution);
  return resolution;
}

}  // namespace mbk::config
