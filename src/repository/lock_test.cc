#include "repository/lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "store/memory/memory_store.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const BackupLayout kLayout("backup", "nightly");
const std::string kLockKey = "backup/nightly/meta/lock.json";

// A process id that no process has: of a child that ended and was waited for.
std::int64_t PidOfNobody() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

bool SameOwner(const LockOwner& a, const LockOwner& b) {
  return a.id == b.id && a.verb == b.verb && a.host == b.host && a.boot_id == b.boot_id && a.pid == b.pid &&
         a.started_s == b.started_s && a.heartbeat_s == b.heartbeat_s;
}

TEST(Lock, SaysWhoHoldsIt) {
  const LockOwner owner{.verb = "create", .host = "db1", .pid = 4711, .started_s = 1'795'309'200};
  EXPECT_EQ(owner.Describe(), "create on host db1, pid 4711, since 2026-11-22 01:00:00 UTC");
}

TEST(Lock, OfThisProcessNamesItAndIsNotStale) {
  const LockOwner here = ThisProcess("copy"), other = ThisProcess("copy");
  EXPECT_EQ(here.pid, ::getpid());
  EXPECT_EQ(here.verb, "copy");
  EXPECT_NE(here.id, other.id);
  EXPECT_FALSE(IsStale(here, other));
}

RC_GTEST_PROP(LockJson, IsReadBackAsItWasWritten, ()) {
  auto text = rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  const LockOwner owner{.id = *text,
                        .verb = *text,
                        .host = *text,
                        .boot_id = *text,
                        .pid = *rc::gen::inRange<std::int64_t>(0, 1 << 22),
                        .started_s = *rc::gen::inRange<std::int64_t>(0, 253'402'300'799),
                        .heartbeat_s = *rc::gen::inRange<std::int64_t>(0, 253'402'300'799)};
  Result<LockOwner> read = LockFromJson(LockToJson(owner));
  RC_ASSERT(read.status().message() == "");
  RC_ASSERT(SameOwner(*read, owner));
}

RC_GTEST_PROP(LockJson, AnyBytesAreRefusedWithoutHarm, ()) {
  const auto bytes = *rc::gen::arbitrary<std::string>();
  RC_ASSERT(LockFromJson(bytes).status().code() == Code::kDataLoss);
}

TEST(LockJson, RefusesWhatIsNotALock) {
  const std::string valid = LockToJson(ThisProcess("create"));
  ASSERT_TRUE(LockFromJson(valid).ok());
  for (const std::string& text : {std::string(), std::string("null"), std::string("[]"), std::string("{}"),
                                  valid.substr(0, valid.size() - 1), valid + "x", std::string(100'000, '['),
                                  std::string("{\"id\":1}")}) {
    EXPECT_EQ(LockFromJson(text).status().code(), Code::kDataLoss) << text.substr(0, 80);
  }
}

// Numbers beyond what the lock's owner can mean must not reach the clock, the calendar or kill().
TEST(LockJson, RefusesNumbersOutOfRange) {
  for (const std::string number : {"-1", "-9223372036854775808", "9223372036854775807",
                                   "18446744073709551615", "1e300", "1.5", "\"1\"", "null"}) {
    for (const std::string key : {"pid", "started_s", "heartbeat_s"}) {
      std::string json = R"({"id":"a","verb":"create","host":"h","boot_id":"b")";
      for (const std::string other : {"pid", "started_s", "heartbeat_s"})
        json += ",\"" + other + "\":" + (other == key ? number : "1");
      Status read = LockFromJson(json + "}").status();
      EXPECT_EQ(read.code(), Code::kDataLoss) << key << " " << number;
      EXPECT_THAT(read.message(), HasSubstr(key));
    }
  }
}

TEST(StaleLock, IsOneWhoseProcessIsGoneFromThisBootOfThisMachine) {
  const LockOwner here = ThisProcess("create");
  LockOwner dead = here;
  dead.pid = PidOfNobody();
  EXPECT_TRUE(IsStale(dead, here));
  LockOwner other_host = dead, other_boot = dead, unknown_boot = dead;
  other_host.host += "x";
  other_boot.boot_id += "x";
  EXPECT_FALSE(IsStale(other_host, here)) << "its process ids mean nothing here";
  EXPECT_FALSE(IsStale(other_boot, here));
  LockOwner here_unknown = here;
  unknown_boot.boot_id = here_unknown.boot_id = "";
  EXPECT_FALSE(IsStale(unknown_boot, here_unknown));
}

TEST(StaleLock, IsOneThatWasNotRenewedForTheLease) {
  const LockOwner here = ThisProcess("create");
  LockOwner quiet = here;
  quiet.host = "elsewhere";
  quiet.heartbeat_s = here.heartbeat_s - 300;
  EXPECT_FALSE(IsStale(quiet, here));
  quiet.heartbeat_s = here.heartbeat_s - 301;
  EXPECT_TRUE(IsStale(quiet, here));
  quiet.heartbeat_s = here.heartbeat_s + 3600;
  EXPECT_FALSE(IsStale(quiet, here)) << "a clock that is ahead";
}

TEST(BackupLock, IsThereWhileItIsHeldAndGoneAfterwards) {
  MemoryStore store;
  {
    auto lock = BackupLock::Acquire(store, kLayout, "create", {});
    ASSERT_TRUE(lock.ok()) << lock.status().message();
    Result<LockOwner> owner = ReadLock(store, kLayout, {});
    ASSERT_TRUE(owner.ok());
    EXPECT_EQ(owner->verb, "create");
    EXPECT_EQ(owner->pid, ::getpid());
  }
  EXPECT_THAT(store.Keys(), IsEmpty());
  EXPECT_EQ(ReadLock(store, kLayout, {}).status().code(), Code::kNotFound);
}

TEST(BackupLock, CanBeTakenAgainOnceReleased) {
  MemoryStore store;
  auto first = BackupLock::Acquire(store, kLayout, "create", {});
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE((*first)->Release({}).ok());
  EXPECT_TRUE(BackupLock::Acquire(store, kLayout, "delete", {}).ok());
}

class EveryKindOfStore : public testing::TestWithParam<bool> {
 protected:
  MemoryStore store_{{.capabilities = {.conditional_put = GetParam()}}};
};

TEST_P(EveryKindOfStore, RefusesASecondHolderAndSaysWhoTheFirstIs) {
  auto first = BackupLock::Acquire(store_, kLayout, "create", {});
  ASSERT_TRUE(first.ok());
  Status second = BackupLock::Acquire(store_, kLayout, "delete", {}).status();
  EXPECT_EQ(second.code(), Code::kLocked);
  EXPECT_THAT(second.message(), AllOf(HasSubstr("\"nightly\""), HasSubstr("create on host"),
                                      HasSubstr(std::to_string(::getpid()))));
}

TEST_P(EveryKindOfStore, TakesOverALockWhoseRunIsOver) {
  LockOwner dead = ThisProcess("create");
  dead.pid = PidOfNobody();
  store_.Set(kLockKey, LockToJson(dead));
  auto lock = BackupLock::Acquire(store_, kLayout, "delete", {});
  ASSERT_TRUE(lock.ok()) << lock.status().message();
  EXPECT_EQ(ReadLock(store_, kLayout, {}).value().verb, "delete");
}

TEST_P(EveryKindOfStore, TakesOverALockThatNobodyCanRead) {
  store_.Set(kLockKey, "{\"id\":");
  EXPECT_TRUE(BackupLock::Acquire(store_, kLayout, "create", {}).ok());
}

INSTANTIATE_TEST_SUITE_P(BackupLock, EveryKindOfStore, testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "ConditionalPut" : "PlainPut");
});

// Another run takes the lock just before our put.
class RacingStore : public ForwardingStore {
 public:
  explicit RacingStore(std::shared_ptr<MemoryStore> memory)
      : ForwardingStore(memory), memory_(std::move(memory)) {}
  Status Before(const StoreCall& call, const CallContext&) override {
    if (call.operation == StoreOperation::kPut) memory_->Set(kLockKey, LockToJson(ThisProcess("copy")));
    return {};
  }

 private:
  std::shared_ptr<MemoryStore> memory_;
};

TEST(BackupLock, LosesToARunThatWasQuicker) {
  auto memory = std::make_shared<MemoryStore>();
  RacingStore store(memory);
  Status acquired = BackupLock::Acquire(store, kLayout, "create", {}).status();
  EXPECT_EQ(acquired.code(), Code::kLocked);
  EXPECT_THAT(acquired.message(), HasSubstr("copy on host"));
  EXPECT_TRUE(memory->Contents().contains(kLockKey)) << "the winner's lock stays";
}

TEST(BackupLock, IsNotTakenWhenTheStoreCannotBeAsked) {
  auto memory = std::make_shared<MemoryStore>();
  FaultyStore store(memory);
  store.Inject({.operation = StoreOperation::kGet, .status = {Code::kPermissionDenied, "AccessDenied"}});
  EXPECT_EQ(BackupLock::Acquire(store, kLayout, "create", {}).status().code(), Code::kPermissionDenied);
  EXPECT_THAT(memory->Keys(), IsEmpty());
}

TEST(BackupLock, DoesNotStayBehindWhenItCannotBeReadBack) {
  auto memory = std::make_shared<MemoryStore>();
  FaultyStore store(memory);
  store.Inject({.operation = StoreOperation::kGet, .nth = 2});
  EXPECT_EQ(BackupLock::Acquire(store, kLayout, "create", {}).status().code(), Code::kUnavailable);
  EXPECT_EQ(store.fired(), 1);
  EXPECT_THAT(memory->Keys(), IsEmpty());
}

TEST(BackupLock, ReleaseTellsWhenTheLockStays) {
  auto memory = std::make_shared<MemoryStore>();
  FaultyStore store(memory);
  auto lock = BackupLock::Acquire(store, kLayout, "create", {});
  ASSERT_TRUE(lock.ok());
  store.Inject({.operation = StoreOperation::kDelete});
  EXPECT_EQ((*lock)->Release({}).code(), Code::kUnavailable);
}

}  // namespace
}  // namespace mbk
