#include "store/credentials/azure_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <mutex>

#include "net/testing/http_imposter.h"
#include "store/testing/temp_directory.h"

namespace mbk {
namespace {

using nettest::Answer;
using nettest::Reply;
using nettest::SeenRequest;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kToken[] = R"({"token_type":"Bearer","expires_in":3599,"access_token":"hush-token"})";

// One server is authority and metadata service; what is asked of each shows in the target.
class AzureIdentityTest : public testing::Test {
 protected:
  Result<std::string> Fetch() {
    tokens_ =
        MakeAzureIdentity({.environment = [this](const std::string& name) -> std::optional<std::string> {
                             auto found = environment_.find(name);
                             if (found == environment_.end()) return std::nullopt;
                             return found->second;
                           },
                           .now = [this] { return now_; }},
                          std::make_shared<HttpClient>());
    return tokens_->Get({});
  }

  void AsApplication() {
    environment_["AZURE_TENANT_ID"] = "ten/ant";
    environment_["AZURE_CLIENT_ID"] = "client";
    environment_["AZURE_AUTHORITY_HOST"] = server_.Url("/");
  }

  std::string FederatedToken() {
    const std::string path = directory_.path() + "/token";
    std::ofstream(path) << "hush.assertion\n";
    return path;
  }

  SeenRequest Only() {
    EXPECT_EQ(server_.seen().size(), 1u);
    return server_.seen().at(0);
  }

  void AnswerWith(Reply reply) {
    std::lock_guard lock(mutex_);
    reply_ = std::move(reply);
  }

 private:
  Reply Current() {
    std::lock_guard lock(mutex_);
    return reply_;
  }

  std::mutex mutex_;
  Reply reply_ = Answer(200, kToken);

 protected:
  nettest::HttpImposter server_{[this](const SeenRequest&) { return Current(); }};
  std::map<std::string, std::string> environment_{
      // Elsewhere than on this machine nobody may be asked.
      {"AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1"}};
  std::chrono::system_clock::time_point now_{std::chrono::seconds(1795759200)};
  std::shared_ptr<Refreshing<std::string>> tokens_;
  const TempDirectory directory_;
};

TEST_F(AzureIdentityTest, AClientSecretIsExchangedForAToken) {
  AsApplication();
  environment_["AZURE_CLIENT_SECRET"] = "hush secret";
  auto token = Fetch();
  ASSERT_EQ(token.status(), Status());
  EXPECT_EQ(*token, "hush-token");
  const SeenRequest seen = Only();
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/ten%2Fant/oauth2/v2.0/token");
  EXPECT_EQ(seen.headers.Get("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(seen.body,
            "client_id=client&client_secret=hush%20secret&grant_type=client_credentials&"
            "scope=https%3A%2F%2Fstorage.azure.com%2F.default");
}

TEST_F(AzureIdentityTest, AFederatedTokenIsReadFromItsFileAndExchanged) {
  AsApplication();
  environment_["AZURE_FEDERATED_TOKEN_FILE"] = FederatedToken();
  auto token = Fetch();
  ASSERT_EQ(token.status(), Status());
  EXPECT_EQ(
      Only().body,
      "client_assertion=hush.assertion&"
      "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"
      "client_id=client&grant_type=client_credentials&scope=https%3A%2F%2Fstorage.azure.com%2F.default");
}

TEST_F(AzureIdentityTest, AnAppServiceIsAskedWithItsHeader) {
  AnswerWith(Answer(200, R"({"access_token":"hush-token","expires_on":"1795762800","resource":"r"})"));
  environment_["IDENTITY_ENDPOINT"] = server_.Url("/msi/token");
  environment_["IDENTITY_HEADER"] = "hush-header";
  environment_["AZURE_CLIENT_ID"] = "client";
  auto token = Fetch();
  ASSERT_EQ(token.status(), Status());
  EXPECT_EQ(Only().target,
            "/msi/token?api-version=2019-08-01&client_id=client&resource=https%3A%2F%2Fstorage.azure.com");
  EXPECT_EQ(Only().headers.Get("x-identity-header"), "hush-header");
}

TEST_F(AzureIdentityTest, AMachineIsAskedWithMetadataTrue) {
  AnswerWith(Answer(200, R"({"access_token":"hush-token","expires_in":"86399","expires_on":"1795845599"})"));
  environment_["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = server_.Url("/");
  auto token = Fetch();
  ASSERT_EQ(token.status(), Status());
  EXPECT_EQ(Only().method, "GET");
  EXPECT_EQ(
      Only().target,
      "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com%2F");
  EXPECT_EQ(Only().headers.Get("metadata"), "true");
}

TEST_F(AzureIdentityTest, ATokenIsFetchedAgainBeforeItExpires) {
  AsApplication();
  environment_["AZURE_CLIENT_SECRET"] = "secret";
  ASSERT_TRUE(Fetch().ok());
  now_ += std::chrono::minutes(54);
  EXPECT_TRUE(tokens_->Get({}).ok());
  EXPECT_EQ(server_.seen().size(), 1u);
  now_ += std::chrono::minutes(1);
  EXPECT_TRUE(tokens_->Get({}).ok());
  EXPECT_EQ(server_.seen().size(), 2u);
}

TEST_F(AzureIdentityTest, WithoutAnyIdentityEachSourceIsNamedWithWhatItLacks) {
  environment_["AZURE_CLIENT_ID"] = "client";
  const Status nothing = Fetch().status();
  EXPECT_EQ(nothing.code(), Code::kPermissionDenied);
  EXPECT_THAT(nothing.message(),
              AllOf(HasSubstr("environment: AZURE_TENANT_ID not set"),
                    HasSubstr("workload identity: AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID not set"),
                    HasSubstr("managed identity: nobody answers at http://127.0.0.1:1"),
                    HasSubstr("Azure CLI, azd and PowerShell: not run by this program")));
}

TEST_F(AzureIdentityTest, AMachineWithoutIdentityIsNoSource) {
  AnswerWith(Answer(400, R"({"error":"invalid_request","error_description":"Identity not found"})"));
  environment_["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = server_.Url("");
  EXPECT_THAT(Fetch().status().message(), HasSubstr("invalid_request: Identity not found"));
}

TEST_F(AzureIdentityTest, AnIdentityThatDoesNotWorkEndsTheSearch) {
  AsApplication();
  environment_["AZURE_CLIENT_SECRET"] = "hush secret";
  environment_["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = server_.Url("");
  AnswerWith(Answer(
      401, R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret"})"));
  const Status refused = Fetch().status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("environment: get a token for the application client"),
                    HasSubstr("401 invalid_client: AADSTS7000215"), Not(HasSubstr("hush"))));
  EXPECT_EQ(server_.seen().size(), 1u);
}

TEST_F(AzureIdentityTest, WhatIsSetUpAndNotSupportedIsNotPassedOver) {
  AsApplication();
  environment_["AZURE_CLIENT_CERTIFICATE_PATH"] = "/cert.pem";
  EXPECT_THAT(Fetch().status().message(), HasSubstr("no certificates"));
  environment_.erase("AZURE_CLIENT_CERTIFICATE_PATH");
  environment_["IDENTITY_ENDPOINT"] = server_.Url("");
  EXPECT_THAT(Fetch().status().message(), HasSubstr("Azure Arc"));
  EXPECT_THAT(server_.seen(), IsEmpty());
}

TEST_F(AzureIdentityTest, SecretsGoToNoAuthorityWithoutEncryption) {
  AsApplication();
  environment_["AZURE_CLIENT_SECRET"] = "secret";
  for (const char* authority : {"http://login.example.com", "http://127.0.0.1.example.com"}) {
    environment_["AZURE_AUTHORITY_HOST"] = authority;
    const Status refused = Fetch().status();
    EXPECT_EQ(refused.code(), Code::kInvalidArgument);
    EXPECT_THAT(refused.message(), HasSubstr("AZURE_AUTHORITY_HOST"));
  }
}

TEST_F(AzureIdentityTest, AnAnswerWithoutTokenOrLifeIsRefusedWithoutRepeatingIt) {
  AsApplication();
  environment_["AZURE_CLIENT_SECRET"] = "secret";
  for (const char* answer :
       {"", "[]", "{}", R"({"access_token":"hush token","expires_in":5})", R"({"access_token":"hush"})",
        R"({"access_token":"hush","expires_in":"soon"})", R"({"access_token":"hush","expires_on":"1"})"}) {
    AnswerWith(Answer(200, answer));
    const Status refused = Fetch().status();
    EXPECT_EQ(refused.code(), Code::kDataLoss) << answer;
    EXPECT_THAT(refused.message(), Not(HasSubstr("hush")));
  }
}

}  // namespace
}  // namespace mbk
