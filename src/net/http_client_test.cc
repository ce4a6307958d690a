#include "net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <string>
#include <thread>

#include "net/testing/http_imposter.h"
#include "net/testing/tls_transport.h"

namespace mbk {
namespace {

using nettest::Answer;
using nettest::HttpImposter;
using nettest::Reply;
using nettest::SeenRequest;
using testing::HasSubstr;

Reply Ok(const SeenRequest&) { return Answer(200, "hello"); }

TEST(HttpClient, GivesStatusHeadersAndBody) {
  HttpImposter server([](const SeenRequest&) { return Answer(404, "gone", {{"X-Request-ID", " 17F "}}); });
  HttpClient client;
  auto response = client.Send({.url = server.Url("/a%20b?x=1"), .headers = {{"X-Mine", "1"}}}, {});
  ASSERT_TRUE(response.ok()) << response.status().message();
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "gone");
  EXPECT_EQ(response->headers.Get("x-request-id"), "17F");
  SeenRequest seen = server.seen().at(0);
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target, "/a%20b?x=1");
  EXPECT_EQ(seen.headers.Get("x-mine"), "1");
}

TEST(HttpClient, SendsThePathAsItIs) {
  HttpImposter server(Ok);
  HttpClient client;
  ASSERT_TRUE(client.Send({.url = server.Url("/b//a/../c/./%2E")}, {}).ok());
  EXPECT_EQ(server.seen().at(0).target, "/b//a/../c/./%2E");
}

TEST(HttpClient, PutSendsItsBodyWithoutAskingFirst) {
  HttpImposter server(Ok);
  HttpClient client;
  std::string body(3 << 20, 'x');
  ASSERT_TRUE(client.Send({.method = "PUT", .url = server.Url("/"), .body = body}, {}).ok());
  SeenRequest seen = server.seen().at(0);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.body, body);
  EXPECT_FALSE(seen.headers.Has("expect"));
  EXPECT_FALSE(seen.headers.Has("content-type"));
}

TEST(HttpClient, EmptyPutAnnouncesItsLength) {
  HttpImposter server(Ok);
  HttpClient client;
  ASSERT_TRUE(client.Send({.method = "PUT", .url = server.Url("/")}, {}).ok());
  EXPECT_EQ(server.seen().at(0).headers.Get("content-length"), "0");
}

TEST(HttpClient, MethodsDoNotLeakIntoTheNextRequest) {
  HttpImposter server([](const SeenRequest& seen) {
    return seen.method == "HEAD" ? Reply{.bytes = "HTTP/1.1 200 X\r\nContent-Length: 77\r\n\r\n"}
                                 : Answer(200);
  });
  HttpClient client;
  for (const char* method : {"PUT", "GET", "HEAD", "GET", "DELETE", "POST", "GET"}) {
    auto response = client.Send({.method = method, .url = server.Url("/"), .body = "b"}, {});
    ASSERT_TRUE(response.ok()) << method << ": " << response.status().message();
    SeenRequest seen = server.seen().back();
    EXPECT_EQ(seen.method, method);
    EXPECT_EQ(seen.connection, 1);
    EXPECT_EQ(seen.headers.Has("content-length"), seen.method == "PUT" || seen.method == "POST") << method;
  }
}

TEST(HttpClient, RefusesHeadersThatWouldStartAnother) {
  HttpClient client;
  auto sent = client.Send({.url = "http://127.0.0.1:1/", .headers = {{"If-Match", "a\r\nX-Evil: 1"}}}, {});
  EXPECT_EQ(sent.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(sent.status().message(), HasSubstr("If-Match"));
}

TEST(HttpClient, SinkTakesOnlyBodiesOfSuccess) {
  HttpImposter server(
      [](const SeenRequest& seen) { return seen.target == "/ok" ? Answer(200, "yes") : Answer(500, "no"); });
  HttpClient client;
  std::string taken;
  auto sink = [&](std::string_view bytes) { return taken.append(bytes), Status(); };
  EXPECT_EQ(client.Send({.url = server.Url("/ok"), .sink = sink}, {})->body, "");
  EXPECT_EQ(client.Send({.url = server.Url("/bad"), .sink = sink}, {})->body, "no");
  EXPECT_EQ(taken, "yes");
}

TEST(HttpClient, SinkErrorComesBackAsItIs) {
  HttpImposter server(Ok);
  HttpClient client;
  Status full = FailedPrecondition("disk full");
  EXPECT_EQ(
      client.Send({.url = server.Url("/"), .sink = [&](std::string_view) { return full; }}, {}).status(),
      full);
}

TEST(HttpClient, HeadersAreSeenBeforeTheBody) {
  HttpImposter server([](const SeenRequest&) { return Answer(206, "abc"); });
  HttpClient client;
  bool sink_called = false;
  auto sent = client.Send(
      {.url = server.Url("/"),
       .on_headers = [](const HttpResponse& head) { return DataLoss(std::to_string(head.status)); },
       .sink = [&](std::string_view) { return sink_called = true, Status(); }},
      {});
  EXPECT_EQ(sent.status(), DataLoss("206"));
  EXPECT_FALSE(sink_called);
}

TEST(HttpClient, HeadersOfAnEmptyAnswerAreSeenToo) {
  HttpImposter server([](const SeenRequest&) { return Answer(200); });
  HttpClient client;
  auto sent = client.Send(
      {.url = server.Url("/"), .on_headers = [](const HttpResponse&) { return DataLoss("no"); }}, {});
  EXPECT_EQ(sent.status(), DataLoss("no"));
}

TEST(HttpClient, ShortBodyIsUnavailable) {
  HttpImposter server([](const SeenRequest&) {
    return Reply{.bytes = "HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nabc", .hang_up = true};
  });
  HttpClient client;
  auto sent = client.Send({.url = server.Url("/")}, {});
  EXPECT_EQ(sent.status().code(), Code::kUnavailable);
  EXPECT_THAT(sent.status().message(), HasSubstr("127.0.0.1"));
}

TEST(HttpClient, CutChunkedBodyIsUnavailable) {
  HttpImposter server([](const SeenRequest&) {
    return Reply{.bytes = "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                 .hang_up = true};
  });
  HttpClient client;
  EXPECT_EQ(client.Send({.url = server.Url("/")}, {}).status().code(), Code::kUnavailable);
}

TEST(HttpClient, HangUpWithoutAnswerIsUnavailable) {
  HttpImposter server([](const SeenRequest&) { return Reply{.hang_up = true}; });
  HttpClient client;
  EXPECT_EQ(client.Send({.url = server.Url("/")}, {}).status().code(), Code::kUnavailable);
}

// The connection is one of the pool, so that libcurl takes it for one that had gone stale.
TEST(HttpClient, WhatChangesSomethingIsNotSentAgainUnasked) {
  for (const char* method : {"PUT", "POST", "DELETE"}) {
    HttpImposter server(
        [](const SeenRequest& seen) { return seen.method == "GET" ? Answer(200) : Reply{.hang_up = true}; });
    HttpClient client;
    ASSERT_EQ(client.Send({.url = server.Url("/")}, {}).status(), Status());
    const Status lost = client.Send({.method = method, .url = server.Url("/")}, {}).status();
    EXPECT_EQ(lost.code(), Code::kUnavailable) << lost.message();
    EXPECT_THAT(lost.message(), HasSubstr("nothing"));
    EXPECT_EQ(server.seen().size(), 2u) << method;
    EXPECT_EQ(client.Send({.url = server.Url("/")}, {}).status(), Status());
  }
}

TEST(HttpClient, WhatOnlyReadsSurvivesAStaleConnection) {
  std::atomic<int> requests = 0;
  HttpImposter server(
      [&](const SeenRequest&) { return ++requests == 2 ? Reply{.hang_up = true} : Answer(200); });
  HttpClient client;
  ASSERT_EQ(client.Send({.url = server.Url("/")}, {}).status(), Status());
  EXPECT_EQ(client.Send({.url = server.Url("/")}, {}).status(), Status());
  EXPECT_EQ(requests, 3);
}

TEST(HttpClient, AnAnswerCutWithinItsHeadersIsUnavailable) {
  HttpImposter server(
      [](const SeenRequest&) { return Reply{.bytes = "HTTP/1.1 200 OK\r\nETag: \"a", .hang_up = true}; });
  HttpClient client;
  const Status cut = client.Send({.method = "PUT", .url = server.Url("/")}, {}).status();
  EXPECT_EQ(cut.code(), Code::kUnavailable);
  EXPECT_THAT(cut.message(), HasSubstr("headers"));
}

TEST(HttpClient, RefusedConnectionSaysWhere) {
  int free_port = 0;
  {
    free_port = HttpImposter(Ok).port();
  }
  HttpClient client;
  auto sent = client.Send({.url = "http://127.0.0.1:" + std::to_string(free_port) + "/secret?sig=s"}, {});
  EXPECT_EQ(sent.status().code(), Code::kUnavailable);
  EXPECT_THAT(sent.status().message(), HasSubstr("http://127.0.0.1:" + std::to_string(free_port) + ": "));
  EXPECT_THAT(sent.status().message(), testing::Not(HasSubstr("secret")));
}

TEST(HttpClient, CollectedBodyHasALimit) {
  HttpImposter server([](const SeenRequest&) { return Answer(200, std::string(1001, 'x')); });
  HttpClient client;
  EXPECT_EQ(client.Send({.url = server.Url("/"), .max_body_bytes = 1000}, {}).status().code(),
            Code::kDataLoss);
  EXPECT_EQ(client.Send({.url = server.Url("/"), .max_body_bytes = 1001}, {})->body.size(), 1001u);
}

TEST(HttpClient, LongRefusalIsCut) {
  HttpImposter server([](const SeenRequest&) { return Answer(503, std::string(1 << 20, 'x')); });
  HttpClient client;
  auto response = client.Send({.url = server.Url("/")}, {});
  ASSERT_TRUE(response.ok()) << response.status().message();
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->body.size(), kMaxErrorBodyBytes);
}

TEST(HttpClient, EndlessHeadersAreRefused) {
  HttpImposter server([](const SeenRequest&) {
    std::string bytes = "HTTP/1.1 200 X\r\n";
    for (int i = 0; i < 1000; ++i) bytes += "X-Pad: " + std::string(400, 'x') + "\r\n";
    return Reply{.bytes = bytes + "\r\n", .hang_up = true};
  });
  HttpClient client;
  EXPECT_EQ(client.Send({.url = server.Url("/")}, {}).status().code(), Code::kDataLoss);
}

TEST(HttpClient, StopEndsAWaitingRequestAtOnce) {
  std::promise<void> asked;
  HttpImposter server([&](const SeenRequest&) { return asked.set_value(), Reply{.silent = true}; });
  HttpClient client;
  std::stop_source source;
  std::jthread stopper([&] {
    asked.get_future().wait();
    source.request_stop();
  });
  auto sent = client.Send({.url = server.Url("/")}, CallContext{.stop = source.get_token()});
  EXPECT_EQ(sent.status().code(), Code::kCancelled);
}

TEST(HttpClient, StopEndsADownloadMidway) {
  HttpImposter server([](const SeenRequest&) { return Answer(200, std::string(8 << 20, 'x')); });
  HttpClient client;
  std::stop_source source;
  std::size_t taken = 0;
  auto sink = [&](std::string_view bytes) {
    source.request_stop();
    taken += bytes.size();
    return Status();
  };
  auto sent = client.Send({.url = server.Url("/"), .sink = sink}, CallContext{.stop = source.get_token()});
  EXPECT_EQ(sent.status().code(), Code::kCancelled);
  EXPECT_LT(taken, 1u << 20);
}

TEST(HttpClient, DeadlineEndsAWaitingRequest) {
  HttpImposter server([](const SeenRequest&) { return Reply{.silent = true}; });
  HttpClient client;
  auto sent =
      client.Send({.url = server.Url("/")}, CallContext{.deadline = Deadline::After(Milliseconds(20))});
  EXPECT_EQ(sent.status().code(), Code::kDeadlineExceeded);
}

TEST(HttpClient, DeadlinesDoNotLeakIntoTheNextRequest) {
  const Deadline soon = Deadline::After(Milliseconds(200));
  HttpImposter server([&](const SeenRequest& seen) {
    while (seen.target == "/slow" && !soon.Passed()) std::this_thread::yield();
    return Answer(200);
  });
  HttpClient client;
  ASSERT_TRUE(client.Send({.url = server.Url("/")}, CallContext{.deadline = soon}).ok());
  auto patient = client.Send({.url = server.Url("/slow")}, {});
  EXPECT_TRUE(patient.ok()) << patient.status().message();
}

TEST(HttpClient, AStalledTransferIsAnAnswerThatDidNotComeInTime) {
  HttpImposter server([](const SeenRequest&) { return Reply{.silent = true}; });
  HttpClient client;
  auto sent = client.Send({.url = server.Url("/"), .stall_timeout = std::chrono::seconds(1)}, {});
  EXPECT_EQ(sent.status().code(), Code::kDeadlineExceeded);
  EXPECT_THAT(sent.status().message(), HasSubstr("says nothing"));
}

TEST(HttpClient, SilenceIsSaidOnceWithServerAndSettingsWhileItLasts) {
  HttpImposter server([](const SeenRequest&) { return Reply{.silent = true}; });
  HttpClient client({.silence_worth_saying = Milliseconds(10), .settings = "minio.address and minio.port"});
  const CallContext soon{.deadline = Deadline::After(Milliseconds(200))};
  testing::internal::CaptureStderr();
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(client.Send({.url = server.Url("/")}, soon).ok());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr(server.Url("")));
  EXPECT_THAT(said, HasSubstr("minio.address and minio.port"));
  EXPECT_EQ(said.find("has said nothing"), said.rfind("has said nothing")) << said;
}

TEST(HttpClient, ATransferThatGetsOnIsNotSilent) {
  HttpImposter server([](const SeenRequest&) {
    return Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1", .late = "2"};
  });
  HttpClient client({.silence_worth_saying = Milliseconds(1'000)});
  testing::internal::CaptureStderr();
  EXPECT_TRUE(client.Send({.url = server.Url("/")}, {}).ok());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(HttpClient, ThreadsShareThePool) {
  HttpImposter server(Ok);
  HttpClient client;
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) good += client.Send({.url = server.Url("/")}, {}).ok() ? 1 : 0;
    });
  }
  threads.clear();
  EXPECT_EQ(good, 80);
  for (const SeenRequest& seen : server.seen()) EXPECT_LE(seen.connection, 4);
}

TEST(HttpClient, ResolveOverridesDns) {
  HttpImposter server(Ok);
  std::string port = std::to_string(server.port());
  HttpClient client({.resolve = {"bucket.s3.invalid:" + port + ":127.0.0.1"}});
  ASSERT_TRUE(client.Send({.url = "http://bucket.s3.invalid:" + port + "/"}, {}).ok());
  EXPECT_EQ(server.seen().at(0).headers.Get("host"), "bucket.s3.invalid:" + port);
}

TEST(HttpClient, RedirectIsNotFollowed) {
  HttpImposter server([](const SeenRequest&) { return Answer(307, "", {{"Location", "/elsewhere"}}); });
  HttpClient client;
  EXPECT_EQ(client.Send({.url = server.Url("/")}, {})->status, 307);
  EXPECT_EQ(server.seen().size(), 1u);
}

class HttpClientTls : public testing::Test {
 protected:
  HttpClientTls() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mbk_tls_XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    ca_file_ = directory_ + "/ca.pem";
    tls_.WriteCertificate(ca_file_);
  }
  ~HttpClientTls() override { std::filesystem::remove_all(directory_); }
  std::string Url() const { return "https://127.0.0.1:" + std::to_string(server_.port()) + "/"; }

  nettest::SelfSignedServer tls_;
  HttpImposter server_{Ok, tls_.Transports()};
  std::string directory_;
  std::string ca_file_;
};

TEST_F(HttpClientTls, GivenCaIsTrusted) {
  HttpClient client({.tls = {.ca = ca_file_}});
  auto response = client.Send({.url = Url()}, {});
  ASSERT_TRUE(response.ok()) << response.status().message();
  EXPECT_EQ(response->body, "hello");
}

// As for every Go program: SSL_CERT_FILE and SSL_CERT_DIR stand in place of the system's CAs.
class HttpClientTrust : public HttpClientTls {
 protected:
  Status Ask(const std::string& name, const std::string& value) {
    HttpClient client({.variable = [&](const std::string& asked) {
      return asked == name ? std::optional(value) : std::nullopt;
    }});
    return client.Send({.url = Url()}, {}).status();
  }
};

TEST_F(HttpClientTrust, IsTakenFromSslCertFile) { EXPECT_EQ(Ask("SSL_CERT_FILE", ca_file_), Status()); }

TEST_F(HttpClientTrust, IsTakenFromAllFilesOfSslCertDir) {
  EXPECT_EQ(Ask("SSL_CERT_DIR", "/nowhere:" + directory_), Status());
}

TEST_F(HttpClientTrust, OfAFileThatCannotBeReadNamesTheVariable) {
  const Status missing = Ask("SSL_CERT_FILE", directory_ + "/missing.pem");
  EXPECT_EQ(missing.code(), Code::kInvalidArgument);
  EXPECT_THAT(missing.message(), HasSubstr("SSL_CERT_FILE"));
  EXPECT_THAT(Ask("SSL_CERT_DIR", "/nowhere").message(), HasSubstr("SSL_CERT_DIR"));
}

TEST_F(HttpClientTrust, OfASettingComesFirst) {
  HttpClient client({.tls = {.ca = ca_file_}, .variable = [](const std::string&) {
                       return std::optional<std::string>("/missing.pem");
                     }});
  EXPECT_EQ(client.Send({.url = Url()}, {}).status(), Status());
}

TEST_F(HttpClientTls, UnknownCaNamesTheSetting) {
  HttpClient client;
  auto sent = client.Send({.url = Url()}, {});
  EXPECT_EQ(sent.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(sent.status().message(), HasSubstr("caCertPath"));
}

TEST_F(HttpClientTls, UnreadableCaNamesTheSetting) {
  HttpClient client({.tls = {.ca = directory_ + "/missing.pem"}});
  auto sent = client.Send({.url = Url()}, {});
  EXPECT_EQ(sent.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(sent.status().message(), HasSubstr("caCertPath"));
}

// A peer that answers the first bytes of a TLS handshake with `answer`, and hangs up.
HttpImposter::MakeTransport AnswersHandshakeWith(std::string_view answer) {
  class Refusing : public nettest::Transport {
   public:
    Refusing(int fd, std::string_view answer) : Transport(fd), answer_(answer) {}
    ssize_t Read(char* data, std::size_t size) override {
      if (Transport::Read(data, size) > 0) Transport::Write(answer_.data(), answer_.size());
      return 0;
    }

   private:
    std::string_view answer_;
  };
  return [answer](int fd) { return std::make_unique<Refusing>(fd, answer); };
}

TEST(HttpClient, TlsToAPlainPortNamesTheSetting) {
  HttpImposter server(Ok, AnswersHandshakeWith("HTTP/1.1 400 Bad Request\r\n\r\n"));
  HttpClient client;
  auto sent = client.Send({.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/"}, {});
  EXPECT_EQ(sent.status().code(), Code::kInvalidArgument) << sent.status().message();
  EXPECT_THAT(sent.status().message(), HasSubstr("useSSL"));
}

TEST(HttpClient, ARefusedHandshakeIsFinal) {
  // A fatal alert, handshake_failure (RFC 8446 §6).
  HttpImposter server(Ok, AnswersHandshakeWith(std::string_view("\x15\x03\x03\x00\x02\x02\x28", 7)));
  HttpClient client;
  auto sent = client.Send({.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/"}, {});
  EXPECT_EQ(sent.status().code(), Code::kInvalidArgument) << sent.status().message();
  EXPECT_THAT(sent.status().message(), HasSubstr("TLS settings of both sides"));
}

TEST_F(HttpClientTls, ShowsItsCertificateToAServerThatAsks) {
  const std::string key_file = directory_ + "/key.pem";
  tls_.WriteKey(key_file);
  tls_.AskForClientCertificate();
  HttpClient shows({.tls = {.ca = ca_file_, .client_cert = ca_file_, .client_key = key_file}});
  auto response = shows.Send({.url = Url()}, {});
  ASSERT_TRUE(response.ok()) << response.status().message();
  EXPECT_EQ(response->body, "hello");
  HttpClient shows_none({.tls = {.ca = ca_file_}});
  const Status unknown = shows_none.Send({.url = Url()}, {}).status();
  EXPECT_EQ(unknown.code(), Code::kInvalidArgument) << "it would be refused again";
  EXPECT_THAT(unknown.message(), HasSubstr("set mtlsCertPath and mtlsKeyPath"));
}

// Proxy variables as a process would have them.
class HttpClientProxy : public testing::Test {
 protected:
  HttpClientOptions With(std::map<std::string, std::string> variables) {
    return {.variable = [set = std::move(variables)](const std::string& name) -> std::optional<std::string> {
      const auto found = set.find(name);
      return found == set.end() ? std::nullopt : std::optional(found->second);
    }};
  }
  std::string BodyOf(HttpClient& client, const std::string& url) {
    auto response = client.Send({.url = url}, {});
    EXPECT_TRUE(response.ok()) << response.status().message();
    return response.ok() ? response->body : "";
  }

  HttpImposter server_{[](const SeenRequest&) { return Answer(200, "the server"); }};
  HttpImposter proxy_{[](const SeenRequest&) { return Answer(200, "the proxy"); }};
};

TEST_F(HttpClientProxy, IsTakenFromTheEnvironment) {
  for (const char* name : {"http_proxy", "HTTP_PROXY", "ALL_PROXY"}) {
    HttpClient client(With({{name, proxy_.Url("")}}));
    EXPECT_EQ(BodyOf(client, "http://store.example:9000/b/k?x=1"), "the proxy");
    EXPECT_EQ(proxy_.seen().back().target, "http://store.example:9000/b/k?x=1");
  }
}

TEST_F(HttpClientProxy, IsNeverTheWayToThisMachine) {
  HttpClient client(With({{"http_proxy", proxy_.Url("")}}));
  EXPECT_EQ(BodyOf(client, server_.Url("/")), "the server");
  EXPECT_TRUE(proxy_.seen().empty());
}

TEST_F(HttpClientProxy, IsPassedByForHostsOfNoProxy) {
  HttpClientOptions options = With({{"http_proxy", proxy_.Url("")}, {"NO_PROXY", "store.example"}});
  const std::string port = std::to_string(server_.port());
  options.resolve = {"store.example:" + port + ":127.0.0.1"};
  HttpClient client(options);
  EXPECT_EQ(BodyOf(client, "http://store.example:" + port + "/"), "the server");
  EXPECT_EQ(BodyOf(client, "http://another.example:" + port + "/"), "the proxy");
}

TEST_F(HttpClientProxy, IsPassedByWhenTheClientIsTold) {
  HttpClientOptions options = With({{"http_proxy", proxy_.Url("")}});
  options.obey_proxy_variables = false;
  options.resolve = {"store.example:" + std::to_string(server_.port()) + ":127.0.0.1"};
  HttpClient client(options);
  EXPECT_EQ(BodyOf(client, "http://store.example:" + std::to_string(server_.port()) + "/"), "the server");
  EXPECT_TRUE(proxy_.seen().empty());
}

TEST_F(HttpClientProxy, IsNamedByWhatFailsOnTheWay) {
  HttpClient nobody(With({{"http_proxy", "http://user:secret@127.0.0.1:1"}}));
  const Status refused = nobody.Send({.url = "http://store.example/"}, {}).status();
  EXPECT_EQ(refused.code(), Code::kUnavailable);
  EXPECT_THAT(refused.message(), HasSubstr("http://store.example"));
  EXPECT_THAT(refused.message(), HasSubstr("the proxy http://127.0.0.1:1 (http_proxy)"));
  EXPECT_THAT(refused.message(), testing::Not(HasSubstr("secret")));
}

TEST_F(HttpClientProxy, IsNamedByARefusalThatMayBeItsOwn) {
  HttpImposter forbids([](const SeenRequest&) { return Answer(403, "<html>no</html>"); });
  HttpClient client(With({{"http_proxy", forbids.Url("")}}));
  const Result<HttpResponse> answer = client.Send({.url = "http://store.example/"}, {});
  ASSERT_TRUE(answer.ok());
  const Status said = NamingProxy(*answer, {Code::kPermissionDenied, "403"});
  EXPECT_EQ(said.code(), Code::kPermissionDenied);
  EXPECT_THAT(said.message(), HasSubstr("by way of the proxy " + forbids.Url("") + " (http_proxy)"));
}

TEST(HttpClient, ConnectsElsewhereAndAsksForTheSame) {
  HttpImposter server(Ok);
  HttpClient client({.connect_to = {"[fd00:ec2::254]:80:127.0.0.1:" + std::to_string(server.port())},
                     .obey_proxy_variables = false});
  auto response = client.Send({.url = "http://[fd00:ec2::254]/x"}, {});
  ASSERT_TRUE(response.ok()) << response.status().message();
  EXPECT_EQ(server.seen().at(0).headers.Get("host"), "[fd00:ec2::254]");
}

}  // namespace
}  // namespace mbk
