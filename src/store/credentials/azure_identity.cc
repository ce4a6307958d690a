#include "store/credentials/azure_identity.h"

#include <fmt/core.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "store/credentials/metadata_client.h"
#include "store/credentials/oauth.h"
#include "store/credentials/small_file.h"
#include "store/http_store.h"

namespace mbk {
namespace {

using oauth::Token;
using oauth::TokenRequest;

constexpr char kResource[] = "https://storage.azure.com";
constexpr char kScope[] = "https://storage.azure.com/.default";
constexpr char kAuthority[] = "https://login.microsoftonline.com";
constexpr char kMachineMetadata[] = "http://169.254.169.254";
constexpr char kAssertionType[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// One place that may know who we are. `fetch` fails with kNotFound when it knows nobody, with anything else
// when it does and that does not work.
struct Source {
  std::string name;
  std::function<Result<Token>(const CallContext&)> fetch;
};

class Sources {
 public:
  Sources(const AzureIdentityOptions& options, std::shared_ptr<HttpClient> http)
      : options_(options), http_(std::move(http)), metadata_http_(credentials::MetadataClient()) {}

  Result<Token> ClientSecret(const CallContext& context) const {
    MBK_TRY(Need({"AZURE_TENANT_ID", "AZURE_CLIENT_ID"}));
    if (!Env("AZURE_CLIENT_CERTIFICATE_PATH").empty() && Env("AZURE_CLIENT_SECRET").empty()) {
      return InvalidArgument(
          "AZURE_CLIENT_CERTIFICATE_PATH: this version has no certificates; set AZURE_CLIENT_SECRET");
    }
    MBK_TRY(Need({"AZURE_CLIENT_SECRET"}));
    return AskAuthority({{"client_secret", Env("AZURE_CLIENT_SECRET")}}, context);
  }

  Result<Token> WorkloadIdentity(const CallContext& context) const {
    MBK_TRY(Need({"AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"}));
    // Read anew every time: Kubernetes renews it.
    Result<std::string> text = credentials::ReadNamedFile(Env("AZURE_FEDERATED_TOKEN_FILE"));
    if (!text.ok()) return text.status().WithContext("AZURE_FEDERATED_TOKEN_FILE");
    std::string assertion = *std::move(text);
    while (assertion.ends_with('\n') || assertion.ends_with('\r')) assertion.pop_back();
    return AskAuthority({{"client_assertion_type", kAssertionType}, {"client_assertion", assertion}},
                        context);
  }

  Result<Token> ManagedIdentity(const CallContext& context) const {
    const std::string endpoint = Env("IDENTITY_ENDPOINT"), header = Env("IDENTITY_HEADER");
    if (!endpoint.empty() && !header.empty()) return AskAppService(endpoint, header, context);
    if (!endpoint.empty()) {
      return NotFound("IDENTITY_ENDPOINT without IDENTITY_HEADER: this version has no Azure Arc");
    }
    return AskMachine(context);
  }

 private:
  std::string Env(const std::string& name) const { return options_.environment(name).value_or(""); }

  Status Need(std::initializer_list<const char*> variables) const {
    std::string missing;
    for (const char* variable : variables) {
      if (Env(variable).empty()) missing.append(missing.empty() ? "" : ", ").append(variable);
    }
    return missing.empty() ? Status() : NotFound(missing + " not set");
  }

  TokenRequest By(HttpClient& http, std::string who) const {
    return {.http = http, .who = std::move(who), .now = options_.now()};
  }

  // Secrets go to the authority: only over TLS, or to this machine.
  Result<std::string> Authority() const {
    const std::string configured = Env("AZURE_AUTHORITY_HOST");
    if (configured.empty()) return std::string(kAuthority);
    Result<ParsedUrl> url = ParseUrl(configured);
    if (!url.ok()) return url.status().WithContext("AZURE_AUTHORITY_HOST");
    if (!configured.starts_with("http")) url->endpoint.use_ssl = true;
    if (url->endpoint.use_ssl || IsLoopback(url->endpoint.host)) return url->endpoint.Origin();
    return InvalidArgument("AZURE_AUTHORITY_HOST must begin with https://: secrets are sent there");
  }

  // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
  Result<Token> AskAuthority(QueryPairs proof, const CallContext& context) const {
    MBK_TRY_ASSIGN(std::string authority, Authority());
    const std::string client = Env("AZURE_CLIENT_ID");
    const std::string url =
        fmt::format("{}/{}/oauth2/v2.0/token", authority, PercentEncode(Env("AZURE_TENANT_ID")));
    proof.insert(proof.end(),
                 {{"grant_type", "client_credentials"}, {"client_id", client}, {"scope", kScope}});
    const TokenRequest request = By(*http_, "the application " + OneLine(client));
    MBK_TRY_ASSIGN(oauth::json answer, oauth::PostForm(request, url, proof, context));
    return oauth::TakeToken(request, url, answer);
  }

  QueryPairs IdentityQuery(const char* version, const char* resource) const {
    QueryPairs query{{"api-version", version}, {"resource", resource}};
    if (std::string client = Env("AZURE_CLIENT_ID"); !client.empty()) query.emplace_back("client_id", client);
    return query;
  }

  // https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
  Result<Token> AskAppService(const std::string& endpoint, const std::string& header,
                              const CallContext& context) const {
    const std::string url =
        fmt::format("{}?{}", endpoint, CanonicalQuery(IdentityQuery("2019-08-01", kResource)));
    const TokenRequest request = By(*metadata_http_, "the managed identity of this app");
    MBK_TRY_ASSIGN(oauth::json answer,
                   oauth::Send(request, {.url = url, .headers = {{"X-IDENTITY-HEADER", header}}}, context));
    return oauth::TakeToken(request, url, answer);
  }

  // https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#get-a-token-using-http
  Result<Token> AskMachine(const CallContext& context) const {
    std::string origin = Env("AZURE_POD_IDENTITY_AUTHORITY_HOST");
    if (origin.empty()) origin = kMachineMetadata;
    while (origin.ends_with('/')) origin.pop_back();
    const std::string url =
        fmt::format("{}/metadata/identity/oauth2/token?{}", origin,
                    CanonicalQuery(IdentityQuery("2018-02-01", "https://storage.azure.com/")));
    HttpRequest ask{.url = url, .headers = {{"Metadata", "true"}}, .max_body_bytes = oauth::kMostAnswerBytes};
    Result<HttpResponse> response = metadata_http_->Send(ask, context);
    MBK_TRY(context.Check());
    if (!response.ok()) return NotFound(fmt::format("nobody answers at {}", oauth::OriginOf(origin)));
    // The machine has no identity, or not the one that AZURE_CLIENT_ID names.
    if (response->status == 400 || response->status == 404)
      return NotFound(fmt::format("{}: {}", oauth::OriginOf(origin), oauth::WordsOf(*response)));
    const TokenRequest request = By(*metadata_http_, "the managed identity of this machine");
    if (response->status != 200) {
      return oauth::Failed(request, origin,
                           {oauth::MeaningOf(response->status),
                            fmt::format("{} {}", response->status, oauth::WordsOf(*response))});
    }
    return oauth::TakeToken(request, origin, oauth::ParseShallow(response->body));
  }

  const AzureIdentityOptions options_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<HttpClient> metadata_http_;
};

// One call at a time, which Refreshing sees to.
class Search {
 public:
  explicit Search(std::vector<Source> sources) : sources_(std::move(sources)) {}

  Result<Token> operator()(const CallContext& context) {
    if (chosen_ != nullptr) return Ask(*chosen_, context);
    std::string tried;
    for (const Source& source : sources_) {
      Result<Token> token = source.fetch(context);
      if (token.ok()) chosen_ = &source;
      if (token.status().code() != Code::kNotFound) return Named(source, std::move(token));
      tried += fmt::format("{}: {}; ", source.name, token.status().message());
    }
    return Status(Code::kPermissionDenied,
                  fmt::format("no Azure identity found ({}Azure CLI, azd and PowerShell: not run by this "
                              "program)",
                              tried));
  }

 private:
  static Result<Token> Named(const Source& source, Result<Token> token) {
    if (token.ok()) return token;
    return token.status().WithContext(source.name);
  }

  static Result<Token> Ask(const Source& source, const CallContext& context) {
    Result<Token> token = source.fetch(context);
    // To callers "not found" is the word of a store about an object. Here it was there before: it may be
    // again.
    if (token.status().code() == Code::kNotFound)
      token = Status(Code::kUnavailable, token.status().message());
    return Named(source, std::move(token));
  }

  const std::vector<Source> sources_;
  const Source* chosen_ = nullptr;
};

}  // namespace

std::shared_ptr<Refreshing<std::string>> MakeAzureIdentity(const AzureIdentityOptions& options,
                                                           std::shared_ptr<HttpClient> http) {
  auto known = std::make_shared<Sources>(options, std::move(http));
  auto by = [known](Result<Token> (Sources::*fetch)(const CallContext&) const) {
    return [known, fetch](const CallContext& context) { return ((*known).*fetch)(context); };
  };
  // std::function copies what it holds; the search is one.
  auto search = std::make_shared<Search>(std::vector<Source>{
      {"environment", by(&Sources::ClientSecret)},
      {"workload identity", by(&Sources::WorkloadIdentity)},
      {"managed identity", by(&Sources::ManagedIdentity)},
  });
  return std::make_shared<Refreshing<std::string>>(
      [search](const CallContext& context) { return (*search)(context); }, options.now);
}

}  // namespace mbk
