// Each source against a machine that the test makes up: what it asks, byte by byte, and what it makes of the
// answers.
#include "store/credentials/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "store/credentials/testing/machine.h"

namespace mbk::credentials {
namespace {

using nettest::Answer;
using nettest::HttpImposter;
using nettest::Reply;
using nettest::SeenRequest;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const AwsCredentials kKeys{"ASIA", kSecret, kToken};

std::string AwsJson() {
  return R"({"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"the-secret","Token":"the-token",)"
         R"("Expiration":"2026-11-27T07:00:00Z"})";
}

Result<Keys> Ask(const Source& source) { return source.fetch({}); }

AwsCredentials KeysOf(const Source& source) {
  Result<Keys> keys = Ask(source);
  EXPECT_TRUE(keys.ok()) << keys.status().message();
  return keys.ok() ? keys->value : AwsCredentials{};
}

Status ErrorOf(const Source& source) {
  Status error = Ask(source).status();
  EXPECT_FALSE(error.ok());
  EXPECT_THAT(error.message(), Not(HasSubstr(kSecret)));
  EXPECT_THAT(error.message(), Not(HasSubstr(kToken)));
  return error;
}

// "PUT /latest/api/token", and the values of the headers that `names` asks for.
std::string Line(const SeenRequest& seen, const std::vector<std::string>& names = {}) {
  std::string line = seen.method + " " + seen.target;
  for (const std::string& name : names) {
    if (seen.headers.Has(name)) line += " " + name + "=" + std::string(seen.headers.Get(name));
  }
  return line;
}

// ---- the environment

TEST(EnvironmentSource, TakesTheThreeVariables) {
  Machine machine;
  machine.env = {{"ID", "ASIA"}, {"SECRET", kSecret}, {"TOKEN2", kToken}};
  EXPECT_EQ(KeysOf(Environment(machine.Make(), {"ID", "SECRET", {"TOKEN1", "TOKEN2"}})), kKeys);
}

TEST(EnvironmentSource, HasNothingWithoutAnIdAndIsWrongWithoutASecret) {
  Machine machine;
  machine.env = {{"ID", ""}};
  const Source source = Environment(machine.Make(), {"ID", "SECRET", {}});
  EXPECT_EQ(ErrorOf(source), NotFound("no ID"));
  machine.env = {{"ID", "ASIA"}};
  EXPECT_EQ(ErrorOf(source), InvalidArgument("ID is set, SECRET is not"));
}

TEST(NoOidcSource, RefusesAnIdentityThatIsSetUpAndNotSupported) {
  Machine machine;
  const Source source = NoOidc(machine.Make(), "Tencent Cloud", "TKE_WEB_IDENTITY_TOKEN_FILE");
  EXPECT_EQ(ErrorOf(source).code(), Code::kNotFound);
  machine.env = {{"TKE_WEB_IDENTITY_TOKEN_FILE", "/token"}};
  EXPECT_EQ(ErrorOf(source).code(), Code::kInvalidArgument);
  EXPECT_THAT(ErrorOf(source).message(), HasSubstr("no OpenID Connect for Tencent Cloud"));
}

// ---- profiles

TEST(ProfileSource, ReadsTheDefaultProfileBelowHome) {
  Machine machine;
  machine.env = {{"HOME", "/home/me"}};
  machine.files = {{"/home/me/.aws/credentials",
                    "[default]\naws_access_key_id=ASIA\naws_secret_access_key=the-secret\n"
                    "aws_session_token=the-token\n"}};
  EXPECT_EQ(KeysOf(Profile(machine.Make())), kKeys);
}

TEST(ProfileSource, ReadsTheNamedProfileOfBothFilesAndTheCredentialsFileWins) {
  Machine machine;
  machine.env = {{"AWS_PROFILE", "dev"}, {"AWS_CONFIG_FILE", "/c"}, {"AWS_SHARED_CREDENTIALS_FILE", "/s"}};
  machine.files = {
      {"/c", "[profile dev]\naws_access_key_id=OLD\naws_session_token=the-token\n[dev]\nignored=1\n"},
      {"/s", "[dev]\naws_access_key_id=ASIA\naws_secret_access_key=the-secret\n[default]\nregion=x\n"}};
  EXPECT_EQ(KeysOf(Profile(machine.Make())), kKeys);
}

TEST(ProfileSource, AMissingProfileIsNothingUnlessItWasAskedFor) {
  Machine machine;
  machine.env = {{"HOME", "/h"}};
  const Source source = Profile(machine.Make());
  EXPECT_EQ(ErrorOf(source), NotFound("no profile \"default\" in /h/.aws/credentials or /h/.aws/config"));
  machine.env["AWS_PROFILE"] = "dev";
  EXPECT_EQ(ErrorOf(source).code(), Code::kInvalidArgument);
  EXPECT_THAT(ErrorOf(source).message(), AllOf(HasSubstr("\"dev\""), HasSubstr("AWS_PROFILE")));
}

TEST(ProfileSource, NamesWhatItCannotUse) {
  Machine machine;
  machine.env = {{"AWS_CONFIG_FILE", "/c"}};
  const Source source = Profile(machine.Make());
  for (const char* kind :
       {"credential_process = /bin/keys", "sso_session = corp", "role_arn = r\nsource_profile = x",
        "role_arn = r\ncredential_source = Ec2InstanceMetadata", "login_session = x"}) {
    machine.files = {{"/c", std::string("[default]\n") + kind}};
    const std::string word = std::string(kind).substr(0, std::string(kind).find(' '));
    EXPECT_EQ(ErrorOf(source).code(), Code::kInvalidArgument) << kind;
    EXPECT_THAT(ErrorOf(source).message(), HasSubstr(word));
  }
  machine.files = {{"/c", "[default]\naws_access_key_id = ASIA\n"}};
  EXPECT_EQ(ErrorOf(source).code(), Code::kInvalidArgument);
  machine.files = {{"/c", "[default]\nregion = eu-west-1\n"}};
  EXPECT_EQ(ErrorOf(source), NotFound("profile \"default\": it holds no keys"));
  machine.files = {{"/c", "nonsense"}};
  EXPECT_EQ(ErrorOf(source), InvalidArgument("/c: line 1: neither a [section] nor name = value"));
}

// ---- web identity

constexpr char kStsAnswer[] =
    "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
    "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
    "<SecretAccessKey>the-secret</SecretAccessKey><SessionToken>the-token</SessionToken>"
    "<Expiration>2026-11-27T07:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
    "</AssumeRoleWithWebIdentityResponse>";

TEST(WebIdentitySource, AsksTheEndpointForTheRole) {
  HttpImposter sts([](const SeenRequest&) { return Answer(200, kStsAnswer); });
  Machine machine;
  machine.env = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                 {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"},
                 {"AWS_ROLE_SESSION_NAME", "nightly"}};
  machine.files = {{"/token", "ey.J\n"}};
  EXPECT_EQ(KeysOf(WebIdentity(machine.Make(), sts.Url("/sts/"))), kKeys);
  const SeenRequest seen = sts.seen().at(0);
  EXPECT_EQ(Line(seen, {"Content-Type"}), "POST /sts/ Content-Type=application/x-www-form-urlencoded");
  EXPECT_EQ(
      seen.body,
      "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=nightly"
      "&Version=2011-06-15&WebIdentityToken=ey.J");
  EXPECT_FALSE(seen.headers.Has("Authorization"));
}

TEST(WebIdentitySource, ReadsTheTokenAgainEachTime) {
  HttpImposter sts([](const SeenRequest&) { return Answer(200, kStsAnswer); });
  Machine machine;
  machine.env = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}};
  const Source source = WebIdentity(machine.Make(), sts.Url(""));
  for (const char* token : {"first", "second"}) {
    machine.files = {{"/token", token}};
    EXPECT_EQ(KeysOf(source), kKeys);
  }
  EXPECT_THAT(sts.seen().at(0).body, HasSubstr("WebIdentityToken=first"));
  EXPECT_THAT(sts.seen().at(1).body, AllOf(HasSubstr("WebIdentityToken=second"), Not(HasSubstr("RoleArn"))));
}

TEST(WebIdentitySource, SaysWhichVariableIsMissing) {
  Machine machine;
  EXPECT_EQ(ErrorOf(WebIdentity(machine.Make(), "")), NotFound("no AWS_WEB_IDENTITY_TOKEN_FILE"));
  machine.env = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}};
  EXPECT_EQ(ErrorOf(WebIdentity(machine.Make(), "")),
            InvalidArgument("AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not"));
  machine.env["AWS_ROLE_ARN"] = "r";
  EXPECT_EQ(ErrorOf(WebIdentity(machine.Make(), "")),
            InvalidArgument("the identity token: /token: No such file or directory"));
  machine.files = {{"/token", " \n"}};
  EXPECT_EQ(ErrorOf(WebIdentity(machine.Make(), "")), InvalidArgument("the identity token: /token is empty"));
}

TEST(WebIdentitySource, AsksAwsInTheRegion) {
  // Nothing is served there: the names are in the errors.
  Machine machine;
  machine.env = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"AWS_ROLE_ARN", "r"}};
  machine.files = {{"/token", "t"}};
  HttpImposter nothing([](const SeenRequest&) { return Answer(200); });
  machine.served = {"sts.eu-west-1.amazonaws.com:443", "sts.cn-north-1.amazonaws.com.cn:443",
                    "sts.amazonaws.com:443"};
  const Source source = WebIdentity(machine.Make(&nothing), "");
  EXPECT_THAT(ErrorOf(source).message(), HasSubstr("https://sts.amazonaws.com: "));
  machine.env["AWS_DEFAULT_REGION"] = "cn-north-1";
  EXPECT_THAT(ErrorOf(source).message(), HasSubstr("https://sts.cn-north-1.amazonaws.com.cn: "));
  machine.env["AWS_REGION"] = "eu-west-1";
  EXPECT_THAT(ErrorOf(source).message(), HasSubstr("https://sts.eu-west-1.amazonaws.com: "));
  machine.env["AWS_REGION"] = "evil.example/";
  EXPECT_EQ(ErrorOf(source), InvalidArgument("AWS_REGION is no region's name"));
}

TEST(WebIdentitySource, TellsRefusalsFromFailuresThatPass) {
  struct Case {
    int status;
    std::string service_code;
    Code code;
  };
  const Case cases[] = {{400, "ExpiredTokenException", Code::kPermissionDenied},
                        {403, "AccessDenied", Code::kPermissionDenied},
                        {400, "IDPCommunicationError", Code::kUnavailable},
                        {400, "Throttling", Code::kThrottled},
                        {503, "ServiceUnavailable", Code::kUnavailable}};
  for (const Case& each : cases) {
    HttpImposter sts([&](const SeenRequest&) {
      return Answer(each.status, "<ErrorResponse><Error><Code>" + each.service_code +
                                     "</Code><Message>words</Message></Error></ErrorResponse>");
    });
    Machine machine;
    machine.env = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}};
    machine.files = {{"/token", kToken}};
    EXPECT_EQ(ErrorOf(WebIdentity(machine.Make(), sts.Url(""))),
              Status(each.code, "AssumeRoleWithWebIdentity at " + sts.Url("") + ": " +
                                    std::to_string(each.status) + " " + each.service_code + ": words"));
  }
}

TEST(WebIdentitySource, AProfileMayHoldTheRole) {
  HttpImposter sts([](const SeenRequest&) { return Answer(200, kStsAnswer); });
  Machine machine;
  machine.env = {{"AWS_CONFIG_FILE", "/c"}};
  machine.files = {{"/c", "[default]\nrole_arn = r\nweb_identity_token_file = /token\nregion = eu-west-1\n"}};
  EXPECT_THAT(ErrorOf(Profile(machine.Make())).message(),
              HasSubstr("the identity token: /token: No such file"));
}

// ---- containers

TEST(ContainerSource, AsksTheEcsAgent) {
  HttpImposter agent([](const SeenRequest&) { return Answer(200, AwsJson()); });
  Machine machine;
  machine.env = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/0?id=1"}};
  machine.served = {"169.254.170.2:80"};
  EXPECT_EQ(KeysOf(Container(machine.Make(&agent), "")), kKeys);
  EXPECT_EQ(Line(agent.seen().at(0), {"Host", "Authorization"}),
            "GET /v2/credentials/0?id=1 Host=169.254.170.2");
}

TEST(ContainerSource, SendsTheTokenOfEksFromItsFile) {
  HttpImposter agent([](const SeenRequest&) { return Answer(200, AwsJson()); });
  Machine machine;
  machine.env = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one"},
                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"}};
  machine.files = {{"/token", "pod\n"}};
  machine.served = {"169.254.170.23:80"};
  EXPECT_EQ(KeysOf(Container(machine.Make(&agent), "")), kKeys);
  EXPECT_EQ(Line(agent.seen().at(0), {"Authorization"}), "GET /v1/credentials Authorization=pod");
  machine.files = {{"/token", "a\r\nb"}};
  EXPECT_EQ(ErrorOf(Container(machine.Make(&agent), "")).code(), Code::kInvalidArgument);
  machine.files.clear();
  EXPECT_THAT(ErrorOf(Container(machine.Make(&agent), "")).message(),
              HasSubstr("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: /token: No such file"));
}

TEST(ContainerSource, SendsNothingInTheClearToOtherHosts) {
  Machine machine;
  const Source source = Container(machine.Make(), "");
  EXPECT_EQ(ErrorOf(source),
            NotFound("no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, no AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  for (const char* uri : {"http://169.254.169.254/x", "http://example.com/x", "http://127.0.0.1@evil/x",
                          "http://localhost.evil/x", "http://127.evil/x", "ftp://localhost/x"}) {
    machine.env = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", uri}};
    EXPECT_EQ(ErrorOf(source).code(), Code::kInvalidArgument) << uri;
  }
  machine.env = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil/x"}};
  EXPECT_EQ(ErrorOf(source).code(), Code::kInvalidArgument);
}

TEST(ContainerSource, ARefusalOfTheAgentIsNotNothing) {
  HttpImposter agent([](const SeenRequest&) { return Answer(404, R"({"code":"NoId","message":"who?"})"); });
  Machine machine;
  machine.env = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.Url("/x")}};
  EXPECT_EQ(ErrorOf(Container(machine.Make(), "")), InvalidArgument("404 NoId: who?"));
}

// ---- instances

// EC2's metadata service, or a relative's.
Reply InstanceAnswer(const SeenRequest& seen, const std::string& token_header, const std::string& roles_path,
                     const std::string& keys) {
  if (seen.method == "PUT") return Answer(200, "session-1\n");
  if (seen.headers.Get(token_header) != "session-1") return Answer(401);
  if (seen.target == roles_path) return Answer(200, "my role\nanother\n");
  return seen.target == roles_path + "my%20role" ? Answer(200, keys) : Answer(404);
}

std::vector<std::string> Lines(const HttpImposter& server, const std::vector<std::string>& headers) {
  std::vector<std::string> lines;
  for (const SeenRequest& seen : server.seen()) lines.push_back(Line(seen, headers));
  return lines;
}

constexpr char kEc2Roles[] = "/latest/meta-data/iam/security-credentials/";
constexpr char kEc2Ttl[] = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr char kEc2Token[] = "X-aws-ec2-metadata-token";

TEST(Ec2Source, AsksForSessionRoleAndKeys) {
  HttpImposter imds(
      [](const SeenRequest& seen) { return InstanceAnswer(seen, kEc2Token, kEc2Roles, AwsJson()); });
  Machine machine;
  machine.served = {"169.254.169.254:80"};
  EXPECT_EQ(KeysOf(Ec2Metadata(machine.Make(&imds), "")), kKeys);
  EXPECT_THAT(
      Lines(imds, {"Host", kEc2Ttl, kEc2Token}),
      ElementsAre("PUT /latest/api/token Host=169.254.169.254 X-aws-ec2-metadata-token-ttl-seconds=21600",
                  "GET /latest/meta-data/iam/security-credentials/ Host=169.254.169.254 "
                  "X-aws-ec2-metadata-token=session-1",
                  "GET /latest/meta-data/iam/security-credentials/my%20role Host=169.254.169.254 "
                  "X-aws-ec2-metadata-token=session-1"));
}

TEST(Ec2Source, AsksWhereTheVariablesSay) {
  HttpImposter imds(
      [](const SeenRequest& seen) { return InstanceAnswer(seen, kEc2Token, kEc2Roles, AwsJson()); });
  Machine machine;
  machine.env = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}};
  machine.served = {"[fd00:ec2::254]:80"};
  EXPECT_EQ(KeysOf(Ec2Metadata(machine.Make(&imds), "")), kKeys);
  EXPECT_EQ(imds.seen().at(0).headers.Get("Host"), "[fd00:ec2::254]");
  machine.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = imds.Url("/");
  EXPECT_EQ(Ec2Metadata(machine.Make(&imds), "").name, "EC2 metadata at " + imds.Url(""));
  machine.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "ftp://x";
  EXPECT_EQ(ErrorOf(Ec2Metadata(machine.Make(&imds), "")).code(), Code::kInvalidArgument);
  machine.env["AWS_EC2_METADATA_DISABLED"] = "TRUE";
  EXPECT_EQ(ErrorOf(Ec2Metadata(machine.Make(&imds), "")), NotFound("AWS_EC2_METADATA_DISABLED is true"));
  EXPECT_EQ(KeysOf(Ec2Metadata(machine.Make(&imds), imds.Url(""))), kKeys)
      << "an endpoint that is configured is asked";
}

TEST(Ec2Source, GoesOnWithoutASessionWhereThereIsNone) {
  for (int status : {403, 404, 405}) {
    HttpImposter imds([&](const SeenRequest& seen) {
      if (seen.method == "PUT") return Answer(status);
      return seen.target == kEc2Roles ? Answer(200, "r") : Answer(200, AwsJson());
    });
    Machine machine;
    EXPECT_EQ(KeysOf(Ec2Metadata(machine.Make(), imds.Url(""))), kKeys) << status;
    machine.env = {{"AWS_EC2_METADATA_V1_DISABLED", "true"}};
    EXPECT_FALSE(ErrorOf(Ec2Metadata(machine.Make(), imds.Url(""))).ok());
  }
}

TEST(Ec2Source, ExplainsTheHopLimit) {
  HttpImposter imds(
      [](const SeenRequest& seen) { return seen.method == "PUT" ? Reply{.silent = true} : Answer(401); });
  Machine machine;
  Tools tools = machine.Make();
  tools.metadata_timeout = Milliseconds{100};
  const Status error = ErrorOf(Ec2Metadata(tools, imds.Url("")));
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_THAT(error.message(), HasSubstr("HttpPutResponseHopLimit"));
}

TEST(Ec2Source, AnInstanceWithoutRoleHasNothing) {
  HttpImposter imds(
      [](const SeenRequest& seen) { return seen.method == "PUT" ? Answer(200, "s") : Answer(404); });
  Machine machine;
  EXPECT_EQ(ErrorOf(Ec2Metadata(machine.Make(), imds.Url(""))), NotFound("the instance has no role"));
}

TEST(Ec2Source, ABrokenAnswerIsNoSilence) {
  HttpImposter imds(
      [](const SeenRequest& seen) { return InstanceAnswer(seen, kEc2Token, kEc2Roles, "the-secret"); });
  Machine machine;
  const Status error = ErrorOf(Ec2Metadata(machine.Make(), imds.Url("")));
  EXPECT_EQ(error.code(), Code::kDataLoss);
  EXPECT_THAT(error.message(), HasSubstr("my%20role: the answer is not a JSON object"));
}

TEST(Ec2Source, TriesAgainWhenTheServiceFails) {
  std::atomic<int> left = 1;
  HttpImposter imds([&](const SeenRequest& seen) {
    return left-- > 0 ? Answer(500) : InstanceAnswer(seen, kEc2Token, kEc2Roles, AwsJson());
  });
  Machine machine;
  EXPECT_EQ(KeysOf(Ec2Metadata(machine.Make(), imds.Url(""))), kKeys);
}

TEST(AliyunSource, AsksTheRamRole) {
  constexpr char kRoles[] = "/latest/meta-data/ram/security-credentials/";
  HttpImposter metadata([&](const SeenRequest& seen) {
    return InstanceAnswer(
        seen, "X-aliyun-ecs-metadata-token", kRoles,
        R"({"AccessKeyId":"ASIA","AccessKeySecret":"the-secret","SecurityToken":"the-token",)"
        R"("Expiration":"2026-11-27T12:00:00Z","Code":"Success"})");
  });
  Machine machine;
  machine.served = {"100.100.100.200:80"};
  EXPECT_EQ(KeysOf(AliyunMetadata(machine.Make(&metadata), "")), kKeys);
  EXPECT_THAT(
      Lines(metadata, {"X-aliyun-ecs-metadata-token-ttl-seconds", "X-aliyun-ecs-metadata-token"}),
      ElementsAre("PUT /latest/api/token X-aliyun-ecs-metadata-token-ttl-seconds=21600",
                  "GET /latest/meta-data/ram/security-credentials/ X-aliyun-ecs-metadata-token=session-1",
                  "GET /latest/meta-data/ram/security-credentials/my%20role "
                  "X-aliyun-ecs-metadata-token=session-1"));
  machine.env = {{"ALIBABA_CLOUD_ECS_METADATA", "my role"}};
  EXPECT_EQ(KeysOf(AliyunMetadata(machine.Make(&metadata), "")), kKeys);
  EXPECT_EQ(metadata.seen().size(), 5u) << "a role that is named is not asked for";
  machine.env = {{"ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"}};
  EXPECT_EQ(ErrorOf(AliyunMetadata(machine.Make(&metadata), "")).code(), Code::kNotFound);
}

TEST(TencentSource, AsksTheCamRole) {
  HttpImposter metadata([](const SeenRequest& seen) {
    if (seen.target == "/latest/meta-data/cam/security-credentials/") return Answer(200, "role1");
    return Answer(200, R"({"TmpSecretId":"ASIA","TmpSecretKey":"the-secret","ExpiredTime":1795766400,)"
                       R"("Expiration":"2026-11-27T08:00:00Z","Token":"the-token","Code":"Success"})");
  });
  Machine machine;
  machine.served = {"metadata.tencentyun.com:80"};
  EXPECT_EQ(KeysOf(TencentMetadata(machine.Make(&metadata), "")), kKeys);
  EXPECT_THAT(
      Lines(metadata, {"Host"}),
      ElementsAre("GET /latest/meta-data/cam/security-credentials/ Host=metadata.tencentyun.com",
                  "GET /latest/meta-data/cam/security-credentials/role1 Host=metadata.tencentyun.com"));
}

TEST(HuaweiSource, AsksForTheSecurityKey) {
  HttpImposter metadata([](const SeenRequest& seen) {
    if (seen.method == "PUT") return Answer(404);
    return Answer(200, R"({"credential":{"access":"ASIA","secret":"the-secret","securitytoken":"the-token",)"
                       R"("expires_at":"2026-11-27T07:00:00.000000Z"}})");
  });
  Machine machine;
  machine.served = {"169.254.169.254:80"};
  EXPECT_EQ(KeysOf(HuaweiMetadata(machine.Make(&metadata), "")), kKeys);
  EXPECT_THAT(Lines(metadata, {"X-Metadata-Token-Ttl-Seconds", "X-Metadata-Token"}),
              ElementsAre("PUT /meta-data/latest/api/token X-Metadata-Token-Ttl-Seconds=21600",
                          "GET /openstack/latest/securitykey"));
}

}  // namespace
}  // namespace mbk::credentials
