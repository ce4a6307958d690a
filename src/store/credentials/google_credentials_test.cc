// Token sources against a scripted server: what they send, and what they make of the answers.
#include "store/credentials/google_credentials.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "net/jwt.h"
#include "net/testing/http_imposter.h"
#include "net/testing/rsa_keys.h"
#include "net/url.h"
#include "store/credentials/google_key_file.h"
#include "store/testing/temp_directory.h"

namespace mbk {
namespace {

using nettest::Answer;
using nettest::Reply;
using nettest::SeenRequest;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kNow = 1'800'000'000;

std::map<std::string, std::string> Form(const std::string& body) {
  std::map<std::string, std::string> form;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = std::min(body.find('&', at), body.size());
    const std::string pair = body.substr(at, end - at);
    const std::size_t equals = pair.find('=');
    form[*FormDecode(pair.substr(0, equals))] = *FormDecode(pair.substr(equals + 1));
    at = end + 1;
  }
  return form;
}

class GoogleCredentialsTest : public testing::Test {
 protected:
  using Handler = std::function<Reply(const SeenRequest&)>;

  void Serve(std::string path, Handler handler) { handlers_[std::move(path)] = std::move(handler); }
  void Serve(std::string path, const json& document, const HttpHeaders& headers = {}) {
    Serve(std::move(path), [=](const SeenRequest&) { return Answer(200, document.dump(), headers); });
  }
  std::string Url(const std::string& path) const { return server_.Url(path); }
  std::vector<SeenRequest> seen() const { return server_.seen(); }

  json ServiceAccount() const {
    return {{"type", "service_account"},
            {"project_id", "proj"},
            {"private_key_id", "key-1"},
            {"private_key", nettest::kRfc7515Key},
            {"client_email", "sa@proj.iam.gserviceaccount.com"},
            {"token_uri", Url("/token")}};
  }
  json ExternalAccount(json source) const {
    return {{"type", "external_account"},
            {"audience", "//iam.googleapis.com/pool"},
            {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
            {"token_url", Url("/sts")},
            {"credential_source", std::move(source)}};
  }

  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = directory_.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  Result<GoogleCredentials> Make(const json& file) {
    return MakeGoogleCredentials(Options(Write("key.json", file.dump())), http_);
  }
  GoogleCredentialOptions Options(std::string file = "") {
    return {.credentials_file = std::move(file),
            .environment = [this](const std::string& name) -> std::optional<std::string> {
              auto found = environment_.find(name);
              return found == environment_.end() ? std::nullopt : std::optional(found->second);
            },
            .now = [this] { return std::chrono::system_clock::time_point(std::chrono::seconds(now_)); }};
  }
  Result<std::string> Token(const Result<GoogleCredentials>& credentials) {
    if (!credentials.ok()) return credentials.status();
    return credentials.value().tokens->Get({});
  }

  std::map<std::string, std::string> environment_;
  std::int64_t now_ = kNow;
  TempDirectory directory_;

 private:
  std::shared_ptr<HttpClient> http_ = std::make_shared<HttpClient>();
  std::map<std::string, Handler> handlers_;
  nettest::HttpImposter server_{[this](const SeenRequest& request) {
    auto found = handlers_.find(request.target.substr(0, request.target.find('?')));
    return found == handlers_.end() ? Answer(404, "nothing here") : found->second(request);
  }};
};

TEST_F(GoogleCredentialsTest, AServiceAccountSignsAnAssertion) {
  Serve("/token", json{{"access_token", "ya29.a"}, {"expires_in", 3600}});
  auto credentials = Make(ServiceAccount());
  auto token = Token(credentials);
  ASSERT_TRUE(token.ok()) << token.status().message();
  EXPECT_EQ(*token, "ya29.a");
  ASSERT_EQ(seen().size(), 1u);
  EXPECT_EQ(seen()[0].headers.Get("content-type"), "application/x-www-form-urlencoded");
  auto form = Form(seen()[0].body);
  EXPECT_EQ(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const json claims{{"iss", "sa@proj.iam.gserviceaccount.com"},
                    {"scope", "https://www.googleapis.com/auth/devstorage.read_write"},
                    {"aud", Url("/token")},
                    {"iat", kNow},
                    {"exp", kNow + 3600}};
  const json header{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "key-1"}};
  EXPECT_EQ(form["assertion"],
            *SignJwt(header.dump(), claims.dump(), *RsaPrivateKey::FromPem(nettest::kRfc7515Key)));
  EXPECT_EQ(*credentials->project({}), "proj");
  EXPECT_EQ(credentials->account, "service account sa@proj.iam.gserviceaccount.com");
}

TEST_F(GoogleCredentialsTest, ATokenIsFetchedAgainBeforeItExpires) {
  Serve("/token", json{{"access_token", "t"}, {"expires_in", 3600}});
  auto credentials = Make(ServiceAccount());
  ASSERT_TRUE(Token(credentials).ok());
  now_ += 54 * 60;
  ASSERT_TRUE(Token(credentials).ok());
  EXPECT_EQ(seen().size(), 1u);
  now_ += 2 * 60;
  ASSERT_TRUE(Token(credentials).ok());
  EXPECT_EQ(seen().size(), 2u);
}

TEST_F(GoogleCredentialsTest, ARefusalNamesTheAccountAndKeepsTheSecrets) {
  Serve("/token", [](const SeenRequest&) {
    return Answer(400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})");
  });
  const Status refused = Token(Make(ServiceAccount())).status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(), HasSubstr("sa@proj.iam.gserviceaccount.com"));
  EXPECT_THAT(refused.message(), HasSubstr("invalid_grant: Invalid JWT Signature."));
  EXPECT_THAT(refused.message(), HasSubstr("clock"));
  EXPECT_THAT(refused.message(), Not(HasSubstr("eyJ")));
}

TEST_F(GoogleCredentialsTest, AnOverloadedTokenServiceIsTriedAgain) {
  for (auto [status, code] : {std::pair{503, Code::kUnavailable}, {429, Code::kThrottled}}) {
    Serve("/token", [status](const SeenRequest&) { return Answer(status, ""); });
    EXPECT_EQ(Token(Make(ServiceAccount())).status().code(), code);
  }
}

TEST_F(GoogleCredentialsTest, AnAnswerWithoutAUsableTokenIsRefusedUnquoted) {
  for (const char* answer :
       {"[]", "ya29.secret", R"({"expires_in":3600})", R"({"access_token":"ya29.secret"})",
        R"({"access_token":"ya29.secret\r\nX: y","expires_in":3600})",
        R"({"access_token":"ya29.secret","expires_in":-1})"}) {
    Serve("/token", [answer](const SeenRequest&) { return Answer(200, answer); });
    const Status refused = Token(Make(ServiceAccount())).status();
    EXPECT_EQ(refused.code(), Code::kDataLoss) << answer;
    EXPECT_THAT(refused.message(), Not(HasSubstr("secret"))) << answer;
  }
}

TEST_F(GoogleCredentialsTest, AUserWhoLoggedInRefreshes) {
  Serve("/token", json{{"access_token", "ya29.u"}, {"expires_in", 3599}});
  auto credentials = Make({{"type", "authorized_user"},
                           {"client_id", "id"},
                           {"client_secret", "s+cret"},
                           {"refresh_token", "1//refresh"},
                           {"quota_project_id", "payer"},
                           {"token_uri", Url("/token")}});
  ASSERT_EQ(*Token(credentials), "ya29.u");
  auto form = Form(seen()[0].body);
  EXPECT_EQ(form["grant_type"], "refresh_token");
  EXPECT_EQ(form["client_id"], "id");
  EXPECT_EQ(form["client_secret"], "s+cret");
  EXPECT_EQ(form["refresh_token"], "1//refresh");
  EXPECT_EQ(credentials->quota_project, "payer");
}

TEST_F(GoogleCredentialsTest, AFederatedIdentityIsExchangedAndImpersonates) {
  Serve("/subject", json{{"id_token", "subject.token"}});
  Serve("/sts", json{{"access_token", "sts-token"}, {"expires_in", 3600}});
  Serve("/impersonate", json{{"accessToken", "ya29.i"}, {"expireTime", "2027-01-15T09:00:00Z"}});
  json file = ExternalAccount({{"url", Url("/subject")},
                               {"headers", {{"Authorization", "Bearer pod"}}},
                               {"format", {{"type", "json"}, {"subject_token_field_name", "id_token"}}}});
  file["service_account_impersonation_url"] = Url("/impersonate");
  auto token = Token(Make(file));
  ASSERT_TRUE(token.ok()) << token.status().message();
  EXPECT_EQ(*token, "ya29.i");
  ASSERT_EQ(seen().size(), 3u);
  EXPECT_EQ(seen()[0].headers.Get("authorization"), "Bearer pod");
  auto form = Form(seen()[1].body);
  EXPECT_EQ(form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
  EXPECT_EQ(form["audience"], "//iam.googleapis.com/pool");
  EXPECT_EQ(form["subject_token"], "subject.token");
  EXPECT_EQ(form["subject_token_type"], "urn:ietf:params:oauth:token-type:jwt");
  EXPECT_EQ(form["requested_token_type"], "urn:ietf:params:oauth:token-type:access_token");
  EXPECT_EQ(form["scope"], "https://www.googleapis.com/auth/cloud-platform");
  EXPECT_EQ(seen()[2].headers.Get("authorization"), "Bearer sts-token");
  EXPECT_EQ(
      json::parse(seen()[2].body),
      (json{{"scope", {"https://www.googleapis.com/auth/devstorage.read_write"}}, {"lifetime", "3600s"}}));
}

TEST_F(GoogleCredentialsTest, TheSubjectTokenOfAFileIsReadAnewEveryTime) {
  Serve("/sts", json{{"access_token", "t"}, {"expires_in", 3600}});
  const std::string path = Write("subject", "first\n");
  auto credentials = Make(ExternalAccount({{"file", path}}));
  ASSERT_TRUE(Token(credentials).ok());
  Write("subject", "second\n");
  now_ += 3600;
  ASSERT_TRUE(Token(credentials).ok());
  EXPECT_EQ(Form(seen()[0].body)["subject_token"], "first");
  EXPECT_EQ(Form(seen()[1].body)["subject_token"], "second");
  EXPECT_EQ(Form(seen()[0].body)["scope"], "https://www.googleapis.com/auth/devstorage.read_write");
}

TEST_F(GoogleCredentialsTest, AServiceAccountMayActAsAnother) {
  Serve("/token", json{{"access_token", "own"}, {"expires_in", 3600}});
  Serve("/impersonate", json{{"accessToken", "ya29.i"}, {"expireTime", "2027-01-15T09:00:00.5Z"}});
  auto token = Token(Make({{"type", "impersonated_service_account"},
                           {"service_account_impersonation_url", Url("/impersonate")},
                           {"delegates", {"d1"}},
                           {"source_credentials", ServiceAccount()}}));
  ASSERT_TRUE(token.ok()) << token.status().message();
  EXPECT_EQ(json::parse(seen()[1].body)["delegates"], json{"d1"});
  EXPECT_EQ(seen()[1].headers.Get("authorization"), "Bearer own");
}

TEST_F(GoogleCredentialsTest, WithoutAFileTheMetadataServerIsAsked) {
  const HttpHeaders flavor{{"Metadata-Flavor", "Google"}};
  Serve("/computeMetadata/v1/instance/service-accounts/default/token",
        json{{"access_token", "ya29.m"}, {"expires_in", 3000}}, flavor);
  Serve("/computeMetadata/v1/project/project-id",
        [=](const SeenRequest&) { return Answer(200, "here", flavor); });
  environment_["GCE_METADATA_HOST"] = Url("").substr(7);
  auto credentials = MakeGoogleCredentials(Options(), nullptr);
  ASSERT_EQ(*Token(credentials), "ya29.m");
  EXPECT_EQ(seen()[0].headers.Get("metadata-flavor"), "Google");
  EXPECT_EQ(*credentials->project({}), "here");
  environment_["GOOGLE_CLOUD_PROJECT"] = "named";
  EXPECT_EQ(*MakeGoogleMetadataCredentials(Options()).project({}), "named");
}

TEST_F(GoogleCredentialsTest, TheXmlApiTakesTheMetadataServersTokensForSessionTokens) {
  Serve("/computeMetadata/v1/instance/service-accounts/default/token",
        json{{"access_token", "ya29.m"}, {"expires_in", 3000}}, {{"Metadata-Flavor", "Google"}});
  environment_["GCE_METADATA_HOST"] = Url("").substr(7);
  auto session = GoogleMetadataSession(Options())({});
  ASSERT_TRUE(session.ok()) << session.status().message();
  EXPECT_EQ(session->value, (AwsCredentials{.session_token = "ya29.m"}));
  EXPECT_EQ(session->expires, std::chrono::system_clock::time_point(std::chrono::seconds(kNow + 3000)));
}

TEST_F(GoogleCredentialsTest, WhoeverAnswersWithoutTheFlavorIsNotTheMetadataServer) {
  Serve("/computeMetadata/v1/instance/service-accounts/default/token",
        json{{"access_token", "ya29.m"}, {"expires_in", 3000}});
  environment_["GCE_METADATA_HOST"] = Url("").substr(7);
  EXPECT_EQ(Token(MakeGoogleMetadataCredentials(Options())).status().code(), Code::kPermissionDenied);
}

TEST_F(GoogleCredentialsTest, TheEnvironmentNamesTheFileBeforeGcloudDoes) {
  environment_["HOME"] = directory_.path();
  std::filesystem::create_directories(directory_.path() + "/.config/gcloud");
  Write(".config/gcloud/application_default_credentials.json",
        json{{"type", "authorized_user"}, {"client_id", "i"}, {"client_secret", "s"}, {"refresh_token", "r"}}
            .dump());
  EXPECT_EQ(MakeGoogleCredentials(Options(), nullptr)->account, "the user who logged in with gcloud");
  environment_["GOOGLE_APPLICATION_CREDENTIALS"] = Write("sa.json", ServiceAccount().dump());
  EXPECT_THAT(MakeGoogleCredentials(Options(), nullptr)->account, HasSubstr("sa@proj"));
}

TEST_F(GoogleCredentialsTest, AFileThatCannotBeUsedIsRefusedWithItsFieldAndWithoutItsSecrets) {
  json insecure = ServiceAccount(), keyless = ServiceAccount(), broken = ServiceAccount();
  insecure["token_uri"] = "http://example.com/token";
  keyless.erase("private_key");
  broken["private_key"] = "-----BEGIN PRIVATE KEY-----\nMIIsecret\n-----END PRIVATE KEY-----\n";
  const std::pair<json, const char*> cases[] = {
      {insecure, "http://example.com"},
      {keyless, "\"private_key\""},
      {broken, "\"private_key\""},
      {json{{"type", "gdch_service_account"}}, "gdch_service_account"},
      {json::array(), "no JSON object"},
      {ExternalAccount({{"environment_id", "aws1"}}), "AWS"},
      {ExternalAccount({{"file", "a"}, {"url", "https://b"}}), "either a file or a url"},
      {json{{"type", "authorized_user"}, {"client_id", 7}}, "client_id"},
  };
  for (const auto& [file, words] : cases) {
    const Status refused = Make(file).status();
    EXPECT_EQ(refused.code(), Code::kInvalidArgument) << words;
    EXPECT_THAT(refused.message(), HasSubstr(words));
    EXPECT_THAT(refused.message(), HasSubstr("key.json"));
    EXPECT_THAT(refused.message(), Not(HasSubstr("secret")));
  }
  EXPECT_THAT(MakeGoogleCredentials(Options(directory_.path() + "/absent.json"), nullptr).status().message(),
              HasSubstr("No such file"));
  const Status inlined = MakeGoogleCredentials(Options(ServiceAccount().dump()), nullptr).status();
  EXPECT_THAT(inlined.message(), HasSubstr("must be the path"));
  EXPECT_THAT(inlined.message(), Not(HasSubstr("MII")));
}

}  // namespace
}  // namespace mbk
