#include "net/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace mbk {
namespace {

ReadVariable Variables(std::map<std::string, std::string> set) {
  return [set = std::move(set)](const std::string& name) -> std::optional<std::string> {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  };
}

Endpoint Plain(std::string host, int port = 9000) { return {.host = std::move(host), .port = port}; }
Endpoint Tls(std::string host) { return {.use_ssl = true, .host = std::move(host)}; }

TEST(Proxy, IsTakenBySchemeAlsoInCapitals) {
  const ReadVariable both = Variables({{"http_proxy", "http://plain:1"}, {"HTTPS_PROXY", "http://tls:2"}});
  EXPECT_EQ(RouteTo(Plain("store.example"), both).url, "http://plain:1");
  EXPECT_EQ(RouteTo(Tls("store.example"), both).url, "http://tls:2");
  EXPECT_EQ(RouteTo(Tls("store.example"), both).variable, "HTTPS_PROXY");
  EXPECT_EQ(RouteTo(Plain("s"), Variables({{"HTTP_PROXY", "http://p:1"}})).url, "http://p:1");
  EXPECT_EQ(RouteTo(Plain("s"), Variables({{"ALL_PROXY", "http://p:1"}})).url, "http://p:1");
  EXPECT_TRUE(RouteTo(Plain("s"), Variables({})).direct());
  EXPECT_TRUE(RouteTo(Plain("s"), Variables({{"http_proxy", ""}})).direct());
}

TEST(Proxy, OfACgiRequestIsNotBelieved) {
  EXPECT_TRUE(
      RouteTo(Plain("s"), Variables({{"HTTP_PROXY", "http://evil:1"}, {"REQUEST_METHOD", "GET"}})).direct());
}

TEST(Proxy, IsNeverTheWayToThisMachine) {
  const ReadVariable all =
      Variables({{"http_proxy", "http://p:1"}, {"https_proxy", "http://p:1"}, {"all_proxy", "http://p:1"}});
  for (const char* host : {"localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"}) {
    EXPECT_TRUE(RouteTo(Plain(host), all).direct()) << host;
    EXPECT_TRUE(RouteTo(Tls(host), all).direct()) << host;
    EXPECT_TRUE(RouteToMilvus(Plain(host), all).direct()) << host;
  }
}

TEST(Proxy, IsPassedByForWhatNoProxyNames) {
  auto direct = [](const std::string& no_proxy, const Endpoint& server) {
    for (const char* name : {"no_proxy", "NO_PROXY"}) {
      const ReadVariable set = Variables({{"http_proxy", "http://p:1"}, {name, no_proxy}});
      if (!RouteTo(server, set).direct() || !RouteToMilvus(server, set).direct()) return false;
    }
    return true;
  };
  EXPECT_TRUE(direct("*", Plain("store.example")));
  EXPECT_TRUE(direct("a, store.example", Plain("Store.Example")));
  EXPECT_TRUE(direct("example", Plain("store.example")));
  EXPECT_TRUE(direct(".example", Plain("store.example")));
  EXPECT_TRUE(direct("*.example", Plain("store.example")));
  EXPECT_TRUE(direct("store.example:9000", Plain("store.example")));
  EXPECT_TRUE(direct("10.0.0.0/8", Plain("10.1.2.3")));
  EXPECT_TRUE(direct("192.168.1.7,10.1.2.3", Plain("10.1.2.3")));
  EXPECT_TRUE(direct("fd00::/8", Plain("fd00::5")));
  EXPECT_TRUE(direct("[fd00::5]:9000", Plain("fd00::5")));
  EXPECT_FALSE(direct("ample", Plain("store.example"))) << "a part of a name is no name";
  EXPECT_FALSE(direct("store.example:80", Plain("store.example")));
  EXPECT_FALSE(direct("10.0.0.0/8", Plain("11.1.2.3")));
  EXPECT_FALSE(direct("10.0.0.0/99", Plain("10.1.2.3")));
  EXPECT_FALSE(direct("", Plain("store.example")));
}

TEST(Proxy, OfMilvusIsThatOfGrpcElseOfTls) {
  EXPECT_EQ(
      RouteToMilvus(Plain("m"), Variables({{"http_proxy", "http://p:1"}, {"HTTPS_PROXY", "http://t:2"}})).url,
      "http://t:2");
  EXPECT_EQ(RouteToMilvus(Plain("m"), Variables({{"http_proxy", "http://p:1"}})).url, "http://p:1");
  EXPECT_TRUE(RouteToMilvus(Plain("m"), Variables({{"all_proxy", "http://p:1"}})).direct());
}

TEST(Proxy, IsDescribedWithoutItsCredentials) {
  EXPECT_EQ((ProxyRoute{"http://user:secret@p:3128/", "http_proxy"}).Description(),
            "the proxy http://p:3128 (http_proxy)");
  EXPECT_EQ((ProxyRoute{"p:3128", "HTTPS_PROXY"}).Description(), "the proxy http://p:3128 (HTTPS_PROXY)");
  EXPECT_EQ(ProxyRoute().Description(), "");
}

}  // namespace
}  // namespace mbk
