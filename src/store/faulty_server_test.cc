// What the one retry loop makes of failures on the wire, for each protocol and each kind of call: real
// servers answer, and a proxy before them (store/testing/faulty_server.h) fails. The local store, which has
// no wire, fails inside.
#include "store/testing/faulty_server.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/parallel.h"
#include "store/local/local_store.h"
#include "store/retrying_store.h"
#include "store/testing/conformance.h"
#include "store/testing/faulty_store.h"
#include "store/testing/real_servers.h"
#include "store/testing/recording_sleeper.h"
#include "store/testing/temp_directory.h"

namespace mbk {
namespace {

using conformance::Content;
using nettest::Answer;
using nettest::Reply;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

constexpr char kWords[] = "said by the test";

// Longer than the 256 KiB that Google takes at a time.
const std::string& Body() {
  static const std::string body = Content(300'000);
  return body;
}

// The store as the test has it: `direct` to prepare and to look, `store` to meet the faults.
struct Bench {
  ObjectStore& direct;
  ObjectStore& store;
  std::string prefix;

  ObjectKey Key(std::string_view name) const { return ObjectKey(prefix + std::string(name)); }
  void Put(std::string_view name, std::string_view body) const {
    EXPECT_EQ(direct.Put({.key = Key(name), .body = body}, {}).status(), Status());
  }
  Result<std::string> Read(std::string_view name) const { return ReadObject(direct, Key(name), 1 << 20, {}); }
};

Result<std::string> NamesBelow(ObjectReader& store, const std::string& prefix) {
  std::string names;
  MBK_TRY(ForEachObject(store, prefix, {}, [&](const ObjectInfo& object) {
    names += object.key.str().substr(prefix.size()) + " ";
    return Status();
  }));
  return names;
}

// A kind of call. `run` tells what came of it, as it is seen without the faults where it changed something.
struct Operation {
  std::string name;
  std::vector<StoreOperation> calls;
  std::string expected;
  std::string named;  ///< what a refusal names: below the prefix, unless the service only knows the bucket
  std::function<void(const Bench&)> prepare;
  std::function<Result<std::string>(const Bench&)> run;
};

void PrintTo(const Operation& operation, std::ostream* out) { *out << operation.name; }

Result<std::string> Upload(const Bench& bench) {
  MBK_TRY_ASSIGN(const UploadId upload, bench.store.StartUpload(bench.Key("k"), {}));
  MBK_TRY_ASSIGN(const UploadedPart part, bench.store.UploadPart(upload, 1, Body(), {}));
  MBK_TRY(bench.store.CompleteUpload(upload, std::vector{part}, {}).status());
  return bench.Read("k");
}

std::vector<Operation> Operations() {
  auto nothing = [](const Bench&) {};
  auto source = [](const Bench& bench) { bench.Put("k", Body()); };
  auto two = [](const Bench& bench) {
    bench.Put("a", "1");
    bench.Put("b", "2");
  };
  auto list = [](const Bench& bench) { return NamesBelow(bench.store, bench.prefix); };
  auto get = [](const Bench& bench) { return ReadObject(bench.store, bench.Key("k"), 1 << 20, {}); };
  auto put = [](PutCondition condition) {
    return [condition](const Bench& bench) -> Result<std::string> {
      MBK_TRY(bench.store.Put({.key = bench.Key("k"), .body = Body(), .condition = condition}, {}).status());
      return bench.Read("k");
    };
  };
  auto copy = [](const Bench& bench) -> Result<std::string> {
    const CopySource from{.bucket = bench.store.identity().bucket, .key = bench.Key("k")};
    MBK_TRY(bench.store.Copy(from, bench.Key("copy"), {}).status());
    return bench.Read("copy");
  };
  auto remove = [](const std::vector<std::string>& names) {
    return [names](const Bench& bench) -> Result<std::string> {
      std::vector<ObjectKey> keys;
      for (const std::string& name : names) keys.push_back(bench.Key(name));
      MBK_TRY(bench.store.Delete(keys, {}));
      return NamesBelow(bench.direct, bench.prefix);
    };
  };
  using enum StoreOperation;
  return {{"List", {kList}, "a b ", "", two, list},
          {"Get", {kGet}, Body(), "k", source, get},
          {"Put", {kPut}, Body(), "k", nothing, put(PutCondition::kNone)},
          {"PutIfAbsent", {kPut}, Body(), "k", nothing, put(PutCondition::kIfAbsent)},
          {"Upload", {kStartUpload, kUploadPart, kCompleteUpload}, Body(), "k", nothing, Upload},
          {"Copy", {kCopy}, Body(), "copy", source, copy},
          {"DeleteOne", {kDelete}, "b ", "a", two, remove({"a"})},
          {"DeleteMany", {kDelete}, "", "", two, remove({"a", "b"})}};
}

// A protocol: how its stores are opened, and how its services refuse.
struct Protocol {
  std::string name;
  const char* variable;
  /// Through a client of the test's, or through one of the store's own.
  std::function<Result<std::shared_ptr<ObjectStore>>(std::shared_ptr<HttpClient>)> open;
  HttpFaultAnswers answers;
  /// Of a body that arrives changed the service says what makes the store send it again. Azurite says
  /// InvalidOperation where Azure says Md5Mismatch, and what fake-gcs-server stored the store takes away.
  bool recovers_changed_bodies = true;
  /// fake-gcs-server does not know an upload any longer once it is complete; Google does.
  bool knows_completed_uploads = true;
};

void PrintTo(const Protocol& protocol, std::ostream* out) { *out << protocol.name; }

Reply XmlRefusal(int status, const std::string& code) {
  return Answer(
      status,
      fmt::format("<?xml version=\"1.0\"?><Error><Code>{}</Code><Message>{}</Message></Error>", code, kWords),
      {{"x-ms-error-code", code}, {"Retry-After", "1"}});
}

Reply JsonRefusal(int status, const std::string& reason) {
  return Answer(status,
                fmt::format(R"({{"error":{{"code":{},"message":"{}","errors":[{{"reason":"{}"}}]}}}})",
                            status, kWords, reason),
                {{"Retry-After", "1"}});
}

Result<std::shared_ptr<ObjectStore>> OpenS3(std::shared_ptr<HttpClient> http) {
  MBK_TRY_ASSIGN(conformance::Server server, conformance::ServerOf("MBK_TEST_MINIO"));
  return conformance::Ensured(MakeS3Store(conformance::S3OptionsOf(server, "faulty"), std::move(http)));
}

Result<std::shared_ptr<ObjectStore>> OpenAzure(std::shared_ptr<HttpClient> http) {
  MBK_TRY_ASSIGN(conformance::Server server, conformance::ServerOf("MBK_TEST_AZURITE"));
  return conformance::Ensured(MakeAzureStore(
      conformance::AzureOptionsOf(server, {.account_key = server.credentials.secret_access_key}, "faulty"),
      std::move(http)));
}

Result<std::shared_ptr<ObjectStore>> OpenGcs(std::shared_ptr<HttpClient> http) {
  MBK_TRY_ASSIGN(GoogleCredentials credentials, conformance::GcsCredentials());
  MBK_TRY_ASSIGN(GcsOptions options, conformance::GcsOptionsOf(credentials, "faulty"));
  return conformance::Ensured(MakeGcsStore(std::move(options), std::move(http)));
}

std::vector<Protocol> Protocols() {
  return {{.name = "S3",
           .variable = "MBK_TEST_MINIO",
           .open = OpenS3,
           .answers = {XmlRefusal(500, "InternalError"), XmlRefusal(503, "SlowDown"),
                       XmlRefusal(403, "AccessDenied")}},
          {.name = "Azure",
           .variable = "MBK_TEST_AZURITE",
           .open = OpenAzure,
           .answers = {XmlRefusal(500, "InternalError"), XmlRefusal(503, "ServerBusy"),
                       XmlRefusal(403, "AuthorizationPermissionMismatch")},
           .recovers_changed_bodies = false},
          {.name = "Gcs",
           .variable = "MBK_TEST_GCS",
           .open = OpenGcs,
           .answers = {JsonRefusal(503, "backendError"), JsonRefusal(429, "rateLimitExceeded"),
                       JsonRefusal(403, "forbidden")},
           .recovers_changed_bodies = false,
           .knows_completed_uploads = false}};
}

// Where the service listens, as the proxy needs it.
int PortOf(const Protocol& protocol) {
  const std::string text = conformance::Variable(protocol.variable);
  if (protocol.name == "Gcs") return ParseUrl(text).value().endpoint.port;
  return conformance::ServerOf(protocol.variable).value().endpoint.port;
}

// A way to one service through a proxy of its own.
class Line {
 public:
  explicit Line(const Protocol& protocol, HttpClientOptions options = {})
      : server(PortOf(protocol), protocol.answers),
        store(protocol.open(server.Client(std::move(options))).value(), {.max_attempts = 3}, sleeper) {}

  FaultyServer server;
  RecordingSleeper sleeper;
  RetryingStore store;
};

bool IsMissing(const Protocol& protocol) { return conformance::Variable(protocol.variable).empty(); }

using Case = std::tuple<Protocol, Operation>;

class FaultyServerTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (IsMissing(protocol())) {
      if (!conformance::Variable("MBK_REQUIRE_SERVERS").empty()) FAIL() << protocol().variable;
      GTEST_SKIP() << protocol().variable << " names no server; testing/servers/with_stores starts one";
    }
    auto opened = protocol().open(nullptr);
    ASSERT_EQ(opened.status(), Status());
    direct_ = *std::move(opened);
    line_ = std::make_unique<Line>(protocol());
    line_->server.Watch();
    EXPECT_EQ(Run("clean/").value(), operation().expected);
    requests_ = line_->server.requests();
    ASSERT_GE(requests_, 1);
  }

  const Protocol& protocol() const { return std::get<0>(GetParam()); }
  const Operation& operation() const { return std::get<1>(GetParam()); }
  /// Prefixes keep the rounds of a test apart.
  Bench BenchAt(const std::string& round) {
    return {.direct = *direct_,
            .store = line_->store,
            .prefix = fmt::format("{}/{}/{}", test_, operation().name, round)};
  }
  Result<std::string> Run(const std::string& round) {
    const Bench bench = BenchAt(round);
    operation().prepare(bench);
    return operation().run(bench);
  }
  /// The call, whose `nth` request meets `fault`.
  Result<std::string> RunWith(HttpFault fault, int nth) {
    const Bench bench = BenchAt(fmt::format("{}-{}/", static_cast<int>(fault), nth));
    operation().prepare(bench);
    slept_before_ = line_->sleeper.slept().size();
    line_->server.Inject(fault, nth);
    return operation().run(bench);
  }
  std::vector<Milliseconds> slept() const {
    std::vector<Milliseconds> all = line_->sleeper.slept();
    return {all.begin() + static_cast<std::ptrdiff_t>(slept_before_), all.end()};
  }

  const int test_ = ++tests_;  ///< each works below a prefix of its own
  std::shared_ptr<ObjectStore> direct_;
  std::unique_ptr<Line> line_;
  int requests_ = 0;  ///< of the call when nothing fails
  std::size_t slept_before_ = 0;

 private:
  inline static int tests_ = 0;
};

TEST_P(FaultyServerTest, FailuresThatPassAreSurvived) {
  constexpr HttpFault kPassing[] = {HttpFault::kReset, HttpFault::kUnanswered, HttpFault::kAnswerCut,
                                    HttpFault::kServerError};
  for (HttpFault fault : kPassing) {
    const bool is_done = fault == HttpFault::kUnanswered || fault == HttpFault::kAnswerCut;
    for (int nth = 1; nth <= requests_; ++nth) {
      if (is_done && nth == requests_ && operation().name == "Upload" && !protocol().knows_completed_uploads)
        continue;
      SCOPED_TRACE(fmt::format("fault {} at request {}", static_cast<int>(fault), nth));
      auto outcome = RunWith(fault, nth);
      ASSERT_EQ(outcome.status(), Status()) << outcome.status().message();
      EXPECT_TRUE(*outcome == operation().expected);
      // The one that failed again, and where that does not tell, one to find out what became of it.
      EXPECT_THAT(line_->server.requests(), AllOf(Ge(requests_ + 1), Le(requests_ + 2)));
      EXPECT_THAT(slept(), SizeIs(Le(1u)));
    }
  }
}

TEST_P(FaultyServerTest, AServiceThatAsksForLessIsGivenTwiceTheTime) {
  auto outcome = RunWith(HttpFault::kBusy, 1);
  ASSERT_EQ(outcome.status(), Status()) << outcome.status().message();
  EXPECT_TRUE(*outcome == operation().expected);
  // Where keys are deleted one by one, all of them are again.
  EXPECT_THAT(line_->server.requests(), AllOf(Ge(requests_ + 1), Le(requests_ + 2)));
  const RetryPolicy policy;
  ASSERT_THAT(slept(), SizeIs(1));
  EXPECT_GE(slept()[0], 2 * policy.initial_backoff * 4 / 5) << "a fifth of it is left to chance";
}

TEST_P(FaultyServerTest, ARefusalIsFinalAndToldInTheServicesWords) {
  for (int nth = 1; nth <= requests_; ++nth) {
    const Status refusal = RunWith(HttpFault::kRefused, nth).status();
    EXPECT_EQ(refusal.code(), Code::kPermissionDenied) << refusal.message();
    EXPECT_THAT(refusal.message(), HasSubstr(kWords));
    EXPECT_THAT(refusal.message(), HasSubstr(direct_->identity().bucket.str()));
    if (!operation().named.empty()) {
      const std::string key = BenchAt(fmt::format("{}-{}/", static_cast<int>(HttpFault::kRefused), nth))
                                  .Key(operation().named)
                                  .str();
      EXPECT_THAT(refusal.message(), HasSubstr(key));
    }
    // Requests side by side may have gone out by then.
    EXPECT_THAT(line_->server.requests(), AllOf(Ge(nth), Le(requests_)));
    EXPECT_THAT(slept(), IsEmpty());
  }
}

TEST_P(FaultyServerTest, AnotherBodyThanTheOneSentIsNeverTakenForIt) {
  const std::string& name = operation().name;
  if (name == "Get") {
    const Status refused = RunWith(HttpFault::kOtherAnswer, 1).status();
    EXPECT_EQ(refused.code(), Code::kDataLoss) << refused.message();
    EXPECT_EQ(line_->server.requests(), 1);
    return;
  }
  if (name != "Put" && name != "PutIfAbsent" && name != "Upload") GTEST_SKIP() << "no body of an object";
  for (int nth = 1; nth <= requests_; ++nth) {
    SCOPED_TRACE(nth);
    auto outcome = RunWith(HttpFault::kOtherRequest, nth);
    if (outcome.ok()) {  // sent again, or no body of an object
      EXPECT_TRUE(*outcome == operation().expected);
      continue;
    }
    EXPECT_FALSE(protocol().recovers_changed_bodies) << outcome.status().message();
    const Bench bench = BenchAt(fmt::format("{}-{}/", static_cast<int>(HttpFault::kOtherRequest), nth));
    EXPECT_EQ(bench.Read("k").status().code(), Code::kNotFound) << "it was taken away again";
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, FaultyServerTest,
                         testing::Combine(testing::ValuesIn(Protocols()), testing::ValuesIn(Operations())),
                         [](const testing::TestParamInfo<Case>& info) {
                           return std::get<0>(info.param).name + std::get<1>(info.param).name;
                         });

// Silence costs the patience of the client, a second here: all side by side.
TEST(SilentServer, SilenceIsSurvivedAndASlowBodyWaitedFor) {
  struct Round {
    std::string operation;
    HttpFault fault;
    std::size_t retries;
  };
  const std::vector<Round> rounds = {{"List", HttpFault::kSilence, 1}, {"Get", HttpFault::kSilence, 1},
                                     {"Put", HttpFault::kSilence, 1},  {"DeleteOne", HttpFault::kSilence, 1},
                                     {"Get", HttpFault::kSlow, 0},     {"List", HttpFault::kSlow, 0}};
  const std::vector<Protocol> protocols = Protocols();
  const std::vector<Operation> operations = Operations();
  for (const Protocol& protocol : protocols) {
    if (IsMissing(protocol)) GTEST_SKIP() << protocol.variable << " names no server";
  }
  auto run = [&](std::size_t i, const CallContext&) -> Status {
    const Protocol& protocol = protocols[i / rounds.size()];
    const Round& round = rounds[i % rounds.size()];
    const auto operation = std::ranges::find(operations, round.operation, &Operation::name);
    MBK_TRY_ASSIGN(const std::shared_ptr<ObjectStore> direct, protocol.open(nullptr));
    Line line(protocol, {.stall_timeout = std::chrono::seconds(1)});
    const Bench bench{.direct = *direct, .store = line.store, .prefix = fmt::format("silent/{}/", i)};
    operation->prepare(bench);
    line.server.Inject(round.fault, 1);
    auto outcome = operation->run(bench);
    const std::string where = protocol.name + " " + round.operation;
    EXPECT_EQ(outcome.status(), Status()) << where << ": " << outcome.status().message();
    EXPECT_TRUE(outcome.ok() && *outcome == operation->expected) << where;
    EXPECT_EQ(line.server.requests(), static_cast<int>(1 + round.retries)) << where;
    EXPECT_THAT(line.sleeper.slept(), SizeIs(round.retries)) << where;
    return {};
  };
  const std::size_t all = protocols.size() * rounds.size();
  EXPECT_EQ(ParallelFor(all, static_cast<int>(all), {}, run), Status());
}

class FaultyLocalTest : public testing::TestWithParam<Operation> {};

TEST_P(FaultyLocalTest, FailuresThatPassAreSurvived) {
  const TempDirectory directory;
  std::shared_ptr<ObjectStore> local = MakeLocalStore({.base_directory = directory.path()});
  for (StoreOperation call : GetParam().calls) {
    for (Fault::Kind kind : {Fault::Kind::kNotCarriedOut, Fault::Kind::kCutAfter}) {
      if (kind == Fault::Kind::kCutAfter && call != StoreOperation::kGet) continue;
      RecordingSleeper sleeper;
      auto faulty = std::make_shared<FaultyStore>(local);
      RetryingStore store(faulty, {.max_attempts = 3}, sleeper);
      const Bench bench{.direct = *local,
                        .store = store,
                        .prefix = fmt::format("{}-{}/", static_cast<int>(call), static_cast<int>(kind))};
      GetParam().prepare(bench);
      faulty->Inject({.operation = call, .kind = kind, .cut_after_bytes = 100'000});
      auto outcome = GetParam().run(bench);
      ASSERT_EQ(outcome.status(), Status()) << outcome.status().message();
      EXPECT_TRUE(*outcome == GetParam().expected);
      EXPECT_EQ(faulty->fired(), 1);
      EXPECT_THAT(sleeper.slept(), SizeIs(1));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, FaultyLocalTest, testing::ValuesIn(Operations()),
                         [](const testing::TestParamInfo<Operation>& info) { return info.param.name; });

}  // namespace
}  // namespace mbk
