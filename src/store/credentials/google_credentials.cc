#include "store/credentials/google_credentials.h"

#include <fmt/core.h>

#include <filesystem>

#include "store/credentials/google_tokens.h"
#include "store/credentials/metadata_client.h"
#include "store/http_store.h"

namespace mbk {
namespace {

using google::KeyFile;
using google::Token;
using google::TokenRequest;

constexpr char kMetadataAddress[] = "169.254.169.254";

using Ask = std::function<Result<Token>(const TokenRequest&, const CallContext&)>;

std::string Env(const GoogleCredentialOptions& options, const char* name) {
  return options.environment ? options.environment(name).value_or("") : std::string();
}

std::string MetadataHost(const GoogleCredentialOptions& options) {
  std::string host = Env(options, "GCE_METADATA_HOST");
  return host.empty() ? kMetadataAddress : host;
}

std::shared_ptr<GoogleTokens> TokensFrom(const GoogleCredentialOptions& options,
                                         std::shared_ptr<HttpClient> http, std::string who, Ask ask) {
  auto fetch = [http = std::move(http), who = std::move(who), now = options.now,
                ask = std::move(ask)](const CallContext& context) {
    return ask({.http = *http, .who = who, .now = now()}, context);
  };
  return std::make_shared<GoogleTokens>(std::move(fetch), options.now);
}

Result<std::string> NoProject() {
  return InvalidArgument(
      "nothing says which project a new bucket belongs to: set GOOGLE_CLOUD_PROJECT, or make the bucket "
      "beforehand");
}

std::function<Result<std::string>(const CallContext&)> KnownProject(const GoogleCredentialOptions& options,
                                                                    std::string project) {
  if (std::string configured = Env(options, "GOOGLE_CLOUD_PROJECT"); !configured.empty())
    project = std::move(configured);
  return [project = std::move(project)](const CallContext&) -> Result<std::string> {
    return project.empty() ? NoProject() : Result<std::string>(project);
  };
}

// What one kind of file comes to: who it is, how it is turned into tokens.
struct Identity {
  std::string account;
  std::string project;
  std::string quota_project;
  Ask ask;
};

Identity IdentityOf(google::ServiceAccountKey key) {
  return {.account = "service account " + OneLine(key.client_email),
          .project = key.project_id,
          .ask = [key = std::move(key)](const TokenRequest& request, const CallContext& context) {
            return google::ExchangeAssertion(request, key, google::kStorageScope, context);
          }};
}

Identity IdentityOf(google::AuthorizedUser user) {
  return {.account = "the user who logged in with gcloud",
          .quota_project = user.quota_project_id,
          .ask = [user = std::move(user)](const TokenRequest& request, const CallContext& context) {
            return google::RefreshUser(request, user, context);
          }};
}

Identity IdentityOf(google::ExternalAccount account) {
  return {.account = "the federated identity of " + OneLine(account.audience),
          .quota_project = account.quota_project_id,
          .ask = [account = std::move(account)](const TokenRequest& request,
                                                const CallContext& context) -> Result<Token> {
            if (account.impersonation_url.empty())
              return google::ExchangeSubject(request, account, google::kStorageScope, context);
            MBK_TRY_ASSIGN(Token own,
                           google::ExchangeSubject(request, account, google::kPlatformScope, context));
            return google::Impersonate(request, account.impersonation_url, {}, own.value, context);
          }};
}

Result<Token> PlatformToken(const TokenRequest& request, const google::ServiceAccountKey& key,
                            const CallContext& context) {
  return google::ExchangeAssertion(request, key, google::kPlatformScope, context);
}
Result<Token> PlatformToken(const TokenRequest& request, const google::AuthorizedUser& user,
                            const CallContext& context) {
  return google::RefreshUser(request, user, context);
}

Identity IdentityOf(google::ImpersonatedAccount account) {
  return {.account = "an impersonated service account",
          .quota_project = account.quota_project_id,
          .ask = [account = std::move(account)](const TokenRequest& request,
                                                const CallContext& context) -> Result<Token> {
            auto own = std::visit([&](const auto& source) { return PlatformToken(request, source, context); },
                                  account.source);
            MBK_TRY(own.status());
            return google::Impersonate(request, account.impersonation_url, account.delegates, own->value,
                                       context);
          }};
}

GoogleCredentials FromFile(const GoogleCredentialOptions& options, std::shared_ptr<HttpClient> http,
                           KeyFile file) {
  Identity identity =
      std::visit([](auto&& kind) { return IdentityOf(std::forward<decltype(kind)>(kind)); }, std::move(file));
  return {
      .tokens = TokensFrom(options, std::move(http), identity.account, std::move(identity.ask)),
      .project = KnownProject(options, identity.project.empty() ? identity.quota_project : identity.project),
      .quota_project = identity.quota_project,
      .account = identity.account};
}

// Where `gcloud auth application-default login` leaves its file; empty when there is none.
std::string GcloudFile(const GoogleCredentialOptions& options) {
  std::string directory = Env(options, "CLOUDSDK_CONFIG");
  if (directory.empty() && !Env(options, "HOME").empty())
    directory = Env(options, "HOME") + "/.config/gcloud";
  if (directory.empty()) return {};
  std::string path = directory + "/application_default_credentials.json";
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? path : std::string();
}

Ask MetadataAsk(const GoogleCredentialOptions& options) {
  return [host = MetadataHost(options)](const TokenRequest& request, const CallContext& context) {
    return google::MetadataToken(request, host, context);
  };
}

constexpr char kMachineAccount[] = "the service account of this machine";

}  // namespace

bool IsGoogleHost(std::string_view host) {
  return host == "googleapis.com" || host.ends_with(".googleapis.com");
}

Refreshing<AwsCredentials>::Fetch GoogleMetadataSession(const GoogleCredentialOptions& options) {
  return [http = credentials::MetadataClient(), ask = MetadataAsk(options),
          now = options.now](const CallContext& context) -> Result<Expiring<AwsCredentials>> {
    MBK_TRY_ASSIGN(Token token, ask({.http = *http, .who = kMachineAccount, .now = now()}, context));
    return Expiring<AwsCredentials>{.value = {.session_token = std::move(token.value)},
                                    .expires = token.expires};
  };
}

GoogleCredentials MakeGoogleMetadataCredentials(const GoogleCredentialOptions& options) {
  const std::string host = MetadataHost(options);
  std::shared_ptr<HttpClient> http = credentials::MetadataClient();
  auto project = [host, http, configured = Env(options, "GOOGLE_CLOUD_PROJECT")](
                     const CallContext& context) -> Result<std::string> {
    if (!configured.empty()) return configured;
    return google::AskMetadata(*http, host, "project/project-id", context);
  };
  return {.tokens = TokensFrom(options, http, kMachineAccount, MetadataAsk(options)),
          .project = project,
          .account = kMachineAccount};
}

Result<GoogleCredentials> MakeGoogleCredentials(const GoogleCredentialOptions& options,
                                                std::shared_ptr<HttpClient> http) {
  std::string path = options.credentials_file;
  if (path.empty()) path = Env(options, "GOOGLE_APPLICATION_CREDENTIALS");
  if (path.empty()) path = GcloudFile(options);
  if (path.empty()) return MakeGoogleMetadataCredentials(options);
  MBK_TRY_ASSIGN(KeyFile file, google::ReadKeyFile(path));
  return FromFile(options, std::move(http), std::move(file));
}

}  // namespace mbk
