#include "milvus/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mbk {
namespace {

using testing::HasSubstr;

TEST(Target, PutsIpv6AddressesInBrackets) {
  EXPECT_EQ(TargetOf("milvus.example", 19530).value(), "milvus.example:19530");
  EXPECT_EQ(TargetOf("127.0.0.1", 1).value(), "127.0.0.1:1");
  EXPECT_EQ(TargetOf("::1", 19530).value(), "[::1]:19530");
  EXPECT_EQ(TargetOf("[::1]", 19530).value(), "[::1]:19530");
}

std::string Advice(MilvusTls tls, const std::string& words) {
  return AdviceFor({Code::kUnavailable, "failed to connect to all addresses; last error: " + words},
                   {.tls = tls});
}

// Words as gRPC 1.51 gives them before Milvus 2.3.5 with tlsMode 0, 1 and 2.
TEST(Advice, ExplainsWhatEndedAHandshake) {
  EXPECT_THAT(Advice(MilvusTls::kServer, "Ssl handshake failed: SSL_ERROR_SSL: wrong version number"),
              HasSubstr("milvus.tlsMode to disabled"));
  EXPECT_THAT(Advice(MilvusTls::kServer, "Ssl handshake failed: SSL_ERROR_SSL: certificate verify failed"),
              HasSubstr("milvus.caCertPath"));
  EXPECT_THAT(Advice(MilvusTls::kServer, "Peer name other is not in peer certificate"),
              HasSubstr("milvus.serverName"));
  EXPECT_THAT(Advice(MilvusTls::kServer, "tcp handshaker shutdown"), HasSubstr("milvus.caCertPath"));
  EXPECT_THAT(Advice(MilvusTls::kDisabled, "tcp handshaker shutdown"), HasSubstr("nothing answers there"));
  EXPECT_THAT(Advice(MilvusTls::kDisabled, "Socket closed"), HasSubstr("milvus.tlsMode"));
  EXPECT_THAT(Advice(MilvusTls::kServer, "Endpoint read failed"), HasSubstr("milvus.mtlsCertPath"));
  EXPECT_THAT(Advice(MilvusTls::kMutual, "Socket closed"), HasSubstr("check milvus.mtlsCertPath"));
}

TEST(Advice, PointsAtTheAddressOtherwise) {
  EXPECT_THAT(Advice(MilvusTls::kDisabled, "Connection refused"),
              HasSubstr("milvus.address and milvus.port"));
  EXPECT_EQ(AdviceFor({Code::kNotFound, "collection not found"}, {}), "");
}

// Of 404 gRPC makes "unimplemented", as of a server that is older than the call; of 403 "permission denied".
TEST(Advice, TellsAWebServerFromAMilvus) {
  for (const Code code :
       {Code::kUnavailable, Code::kUnimplemented, Code::kPermissionDenied, Code::kInternal}) {
    EXPECT_THAT(AdviceFor({code, "Received http2 header with status: 404"}, {.address = "milvus.example"}),
                HasSubstr("no Milvus: check milvus.address and milvus.port"));
  }
  EXPECT_EQ(AdviceFor({Code::kUnimplemented, "unknown method Connect"}, {}), "");
}

TEST(Advice, NamesTheProxyThatTheServerWasAskedBy) {
  const ReadVariable proxy = [](const std::string& name) {
    return name == "https_proxy" ? std::optional<std::string>("http://u:secret@proxy:3128") : std::nullopt;
  };
  const Status refused(Code::kUnavailable, "failed to connect");
  const std::string advice = AdviceFor(refused, {.address = "milvus.example", .variable = proxy});
  EXPECT_THAT(advice, HasSubstr("the proxy http://proxy:3128 (https_proxy)"));
  EXPECT_THAT(AdviceFor(refused, {.address = "127.0.0.1", .variable = proxy}),
              testing::Not(HasSubstr("proxy")));
}

TEST(Advice, TellsMissingPrivilegesFromWrongCredentials) {
  EXPECT_EQ(AdviceFor({Code::kPermissionDenied, "PrivilegeFlush: permission deny"}, {.user = "ann"}),
            "grant milvus.user \"ann\" the privilege");
  EXPECT_THAT(AdviceFor({Code::kPermissionDenied, "auth check failure"}, {.user = "ann"}),
              HasSubstr("milvus.password"));
}

}  // namespace
}  // namespace mbk
