#include "service/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "net/testing/rsa_keys.h"
#include "net/testing/tls_transport.h"
#include "store/testing/temp_directory.h"

namespace mbk::service {
namespace {

using testing::HasSubstr;
using testing::Not;

config::Storage At(config::Provider provider, const std::string& address) {
  return {.provider = provider, .address = address, .port = 443, .use_ssl = true, .bucket_name = "bucket"};
}

std::string KeyFile(const TempDirectory& directory) {
  std::string pem;
  for (const char c : std::string_view(nettest::kRfc7515Key))
    pem += c == '\n' ? std::string("\\n") : std::string(1, c);
  const std::string path = directory.path() + "/key.json";
  std::ofstream(path) << R"({"type":"service_account","client_email":"sa@p","private_key":")" << pem << "\"}";
  return path;
}

TEST(MakeStore, GcpSignsWithHmacKeysOrSendsATokenOfWhichNeitherCopiesInParts) {
  config::Storage storage = At(config::Provider::kGcp, "storage.googleapis.com");
  storage.auth = {.type = config::AuthType::kStatic, .access_key_id = "GOOG", .secret_access_key = "secret"};
  auto signing = MakeStore(storage);
  ASSERT_TRUE(signing.ok()) << signing.status().message();
  EXPECT_EQ((*signing)->identity().service, "gcp");
  EXPECT_FALSE((*signing)->capabilities().multipart_copy);
  EXPECT_FALSE((*signing)->capabilities().conditional_put);
  storage.auth = {.type = config::AuthType::kStatic, .session_token = "ya29.token"};
  auto bearing = MakeStore(storage);
  ASSERT_TRUE(bearing.ok()) << bearing.status().message();
  EXPECT_FALSE((*bearing)->capabilities().multipart_copy);
  EXPECT_TRUE((*bearing)->capabilities().conditional_put);
  storage.auth = {.type = config::AuthType::kIam};
  EXPECT_TRUE(MakeStore(storage).ok()) << "the metadata server is asked when a token is needed";
}

class MutualTls : public testing::TestWithParam<config::Provider> {};

TEST_P(MutualTls, AStoreThatAsksWhoIsThereIsShownTheCertificate) {
  const TempDirectory directory;
  const std::string certificate = directory.path() + "/cert.pem", key = directory.path() + "/key.pem";
  nettest::SelfSignedServer tls;
  tls.WriteCertificate(certificate);
  tls.WriteKey(key);
  tls.AskForClientCertificate();
  nettest::HttpImposter server(
      [](const nettest::SeenRequest&) {
        return nettest::Answer(200, "", {{"Content-Length", "0"}, {"ETag", "\"e\""}});
      },
      tls.Transports());
  config::Storage storage = At(GetParam(), "127.0.0.1");
  storage.port = server.port();
  storage.ca_cert_path = certificate;
  storage.account_name = "account";
  storage.auth = {.type = config::AuthType::kStatic,
                  .access_key_id = "ak",
                  .secret_access_key = "secret",
                  .account_key = "a2V5"};
  const auto head = [&] { return (*MakeStore(storage))->Head(ObjectKey("k"), {}).status(); };
  const Status unknown = head();
  EXPECT_THAT(unknown.message(), HasSubstr("mtlsCertPath")) << unknown.message();
  storage.mtls_cert_path = certificate;
  storage.mtls_key_path = key;
  const Status known = head();
  EXPECT_TRUE(known.ok()) << known.message();
}

INSTANTIATE_TEST_SUITE_P(OfEachProtocol, MutualTls,
                         testing::Values(config::Provider::kMinio, config::Provider::kGcp,
                                         config::Provider::kAzure),
                         [](const auto& info) { return std::string(config::ProviderName(info.param)); });

// Field case 64.
class SilentStore : public testing::TestWithParam<config::Provider> {};

TEST_P(SilentStore, IsGivenUpAfterAsLongAsTheConfigurationSays) {
  nettest::HttpImposter server([](const nettest::SeenRequest&) { return nettest::Reply{.silent = true}; });
  config::Storage storage = At(GetParam(), "127.0.0.1");
  storage.port = server.port();
  storage.use_ssl = false;
  storage.account_name = "account";
  storage.auth = {.type = config::AuthType::kStatic,
                  .access_key_id = "ak",
                  .secret_access_key = "secret",
                  .account_key = "a2V5"};
  const auto began = std::chrono::steady_clock::now();
  const Status given_up =
      (*MakeStore(storage, "", std::chrono::seconds(2)))->Head(ObjectKey("k"), {}).status();
  EXPECT_EQ(given_up.code(), Code::kDeadlineExceeded) << given_up.message();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30))
      << "and not after two minutes";
}

INSTANTIATE_TEST_SUITE_P(OfEachProtocol, SilentStore,
                         testing::Values(config::Provider::kMinio, config::Provider::kAzure),
                         [](const auto& info) { return std::string(config::ProviderName(info.param)); });

TEST(MakeStore, OnlyServicesKnownToCompareBodiesWithTheirHashAreReliedOn) {
  auto refuses = [](config::Provider provider) {
    config::Storage storage = At(provider, "store.example");
    storage.auth = {.type = config::AuthType::kStatic, .access_key_id = "ak", .secret_access_key = "secret"};
    auto store = MakeStore(storage);
    EXPECT_TRUE(store.ok()) << store.status().message();
    return store.ok() && (*store)->capabilities().refuses_altered_bodies;
  };
  using config::Provider;
  for (Provider known : {Provider::kMinio, Provider::kAws}) EXPECT_TRUE(refuses(known));
  for (Provider unknown :
       {Provider::kS3, Provider::kAliyun, Provider::kTencent, Provider::kHuawei, Provider::kGcp})
    EXPECT_FALSE(refuses(unknown));
}

TEST(MakeStore, GcpNativeAsksGoogleItselfWhateverThePortAndOthersAsConfigured) {
  const TempDirectory directory;
  config::Storage storage = At(config::Provider::kGcpNative, "storage.googleapis.com");
  storage.auth = {.type = config::AuthType::kServiceAccount, .credentials_file = KeyFile(directory)};
  storage.port = 9000;
  storage.use_ssl = false;
  auto google = MakeStore(storage);
  ASSERT_TRUE(google.ok()) << google.status().message();
  EXPECT_EQ((*google)->identity().endpoint, "https://storage.googleapis.com");
  EXPECT_FALSE((*google)->capabilities().parts_in_any_order);
  storage.address = "127.0.0.1";
  auto other = MakeStore(storage);
  ASSERT_TRUE(other.ok()) << other.status().message();
  EXPECT_EQ((*other)->identity().endpoint, "http://127.0.0.1:9000");
}

TEST(MakeStore, GcpNativeNamesAKeyFileThatCannotBeUsed) {
  config::Storage storage = At(config::Provider::kGcpNative, "storage.googleapis.com");
  storage.auth = {.type = config::AuthType::kServiceAccount, .credentials_file = "/nowhere/key.json"};
  const Status refused = MakeStore(storage).status();
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("/nowhere/key.json"));
  storage.auth.credentials_file = R"({"private_key": "MIIsecret"})";
  EXPECT_THAT(MakeStore(storage).status().message(), Not(HasSubstr("secret")));
}

TEST(MakeStore, AzureTakesAKeyASignatureOrTheIdentityOfThisProcess) {
  config::Storage storage = At(config::Provider::kAzure, "core.windows.net");
  storage.account_name = "acct";
  storage.auth = {.type = config::AuthType::kSharedKey, .account_key = "a2V5"};
  auto store = MakeStore(storage);
  ASSERT_TRUE(store.ok()) << store.status().message();
  EXPECT_EQ((*store)->identity().endpoint, "https://acct.blob.core.windows.net acct");
  EXPECT_EQ((*store)->capabilities().max_single_copy_bytes, 256LL << 20);
  storage.auth = {.type = config::AuthType::kSharedKey, .session_token = "sv=2021-08-06&sig=x"};
  EXPECT_TRUE(MakeStore(storage).ok());
  storage.auth.session_token = "a token of another provider";
  EXPECT_THAT(MakeStore(storage).status().message(), HasSubstr("shared access signature"));
  storage.auth = {.type = config::AuthType::kDefault};
  EXPECT_TRUE(MakeStore(storage).ok()) << "nobody is asked before a token is needed";
}

TEST(MakeStore, AzureIsAddressedByPathWhereThatIsAskedFor) {
  config::Storage storage = At(config::Provider::kAzure, "emulator");
  storage.account_name = "acct";
  storage.port = 10'000;
  storage.use_ssl = false;
  storage.path_style = config::PathStyle::kPath;
  storage.auth = {.type = config::AuthType::kSharedKey, .account_key = "a2V5"};
  auto store = MakeStore(storage);
  ASSERT_TRUE(store.ok()) << store.status().message();
  EXPECT_EQ((*store)->identity().endpoint, "http://emulator:10000 acct");
}

}  // namespace
}  // namespace mbk::service
