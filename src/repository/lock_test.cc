#include "repository/lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "repository/testing/manual_clock.h"
#include "store/local/posix.h"
#include "store/memory/memory_store.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const BackupLayout kLayout("backup", "nightly");
const std::string kLockKey = "backup/nightly/meta/lock.json";

// This process as it would be had it ended and its id been given out again.
LockOwner OfAProcessThatIsGone(std::string_view verb) {
  LockOwner owner = ThisProcess(verb);
  owner.process.start_ticks -= 1;
  return owner;
}

LockOwner OfAnotherHost(std::string_view verb, std::int64_t heartbeat_s) {
  LockOwner owner = ThisProcess(verb, heartbeat_s);
  owner.process.host = "elsewhere";
  return owner;
}

FoundLock Found(const LockOwner& owner) {
  return {.key = ObjectKey(kLockKey), .content = LockToJson(owner), .owner = owner};
}

bool SameOwner(const LockOwner& a, const LockOwner& b) { return LockToJson(a) == LockToJson(b); }

TEST(Lock, SaysWhoHoldsIt) {
  const LockOwner owner{
      .verb = "create", .process = {.host = "db1", .pid = 4711}, .started_s = 1'795'309'200};
  EXPECT_EQ(owner.Describe(), "create on host db1, pid 4711, since 2026-11-22 01:00:00 UTC");
}

TEST(Lock, OfThisProcessNamesItAndIsLive) {
  const LockOwner here = ThisProcess("copy"), other = ThisProcess("copy");
  EXPECT_EQ(here.process.pid, ::getpid());
  EXPECT_EQ(here.verb, "copy");
  EXPECT_NE(here.id, other.id);
  EXPECT_EQ(JudgeLock(Found(here), other.process, other.heartbeat_s), LockState::kLive);
}

RC_GTEST_PROP(LockJson, IsReadBackAsItWasWritten, ()) {
  auto text = rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  auto number = rc::gen::inRange<std::int64_t>(0, 253'402'300'799);
  const LockOwner owner{.id = *text,
                        .verb = *text,
                        .process = {.host = *text,
                                    .boot_id = *text,
                                    .pid_namespace = *text,
                                    .pid = *rc::gen::inRange<std::int64_t>(0, 1 << 22),
                                    .start_ticks = *number},
                        .started_s = *number,
                        .heartbeat_s = *number,
                        .beat = *number,
                        .holds = *rc::gen::arbitrary<bool>(),
                        .replaces = *rc::gen::container<std::vector<std::string>>(text)};
  Result<LockOwner> read = LockFromJson(LockToJson(owner));
  RC_ASSERT(read.status().message() == "");
  RC_ASSERT(SameOwner(*read, owner));
}

RC_GTEST_PROP(LockJson, AnyBytesAreRefusedWithoutHarm, ()) {
  const auto bytes = *rc::gen::arbitrary<std::string>();
  RC_ASSERT(LockFromJson(bytes).status().code() == Code::kDataLoss);
}

TEST(LockJson, OfAnOlderVersionIsRead) {
  Result<LockOwner> read = LockFromJson(
      R"({"id":"a","verb":"create","host":"h","boot_id":"b","pid":7,"started_s":1,"heartbeat_s":2})");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->process.pid, 7);
  EXPECT_EQ(read->process.pid_namespace, "");
  EXPECT_EQ(read->process.start_ticks, 0);
  EXPECT_TRUE(read->holds);
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
    for (const std::string key : {"pid", "started_s", "heartbeat_s", "start_ticks", "beat"}) {
      std::string json = R"({"id":"a","verb":"create","host":"h","boot_id":"b")";
      for (const std::string other : {"pid", "started_s", "heartbeat_s", "start_ticks", "beat"})
        json += ",\"" + other + "\":" + (other == key ? number : "1");
      Status read = LockFromJson(json + "}").status();
      EXPECT_EQ(read.code(), Code::kDataLoss) << key << " " << number;
      EXPECT_THAT(read.message(), HasSubstr(key));
    }
  }
}

TEST(DeadLock, IsOneWhoseProcessIsGoneFromThisBootAndPidNamespaceOfThisMachine) {
  const LockOwner here = ThisProcess("create");
  const LockOwner dead = OfAProcessThatIsGone("create");
  const auto look = [&](const LockOwner& owner) {
    return JudgeLock(Found(owner), here.process, here.heartbeat_s);
  };
  EXPECT_EQ(look(dead), LockState::kDead);
  LockOwner other_host = dead, other_boot = dead, other_container = dead, older_version = dead;
  other_host.process.host += "x";
  other_boot.process.boot_id += "x";
  other_container.process.pid_namespace = "pid:[1]";
  older_version.process.pid_namespace.clear();
  EXPECT_EQ(look(other_host), LockState::kLive) << "its process ids mean nothing here";
  EXPECT_EQ(look(other_boot), LockState::kLive);
  EXPECT_EQ(look(other_container), LockState::kLive) << "host and boot are those of the machine";
  EXPECT_EQ(look(older_version), LockState::kLive);
}

TEST(DeadLock, IsNeverFoundOutByTheClocksOfTwoHosts) {
  const LockOwner here = ThisProcess("create");
  LockOwner quiet = OfAnotherHost("create", here.heartbeat_s - 300);
  const auto look = [&] { return JudgeLock(Found(quiet), here.process, here.heartbeat_s); };
  EXPECT_EQ(look(), LockState::kLive);
  quiet.heartbeat_s = here.heartbeat_s - 301;
  EXPECT_EQ(look(), LockState::kDoubtful) << "it may be our clock that is ahead";
  quiet.heartbeat_s = here.heartbeat_s + 3600;
  EXPECT_EQ(look(), LockState::kDoubtful) << "a clock that is ahead, or was";
  FoundLock unreadable{.key = ObjectKey(kLockKey), .content = "{"};
  EXPECT_EQ(JudgeLock(unreadable, here.process, here.heartbeat_s), LockState::kDoubtful);
}

// Waits for what another thread is about to do.
template <class Condition>
bool Eventually(const Condition& condition) {
  const Deadline deadline = Deadline::After(Milliseconds(20'000));
  while (!condition()) {
    if (deadline.Passed()) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(BackupLock, IsThereWhileItIsHeldAndGoneAfterwards) {
  MemoryStore store;
  {
    auto lock = BackupLock::Acquire(store, kLayout, "create", {});
    ASSERT_TRUE(lock.ok()) << lock.status().message();
    Result<LockOwner> owner = ReadLock(store, kLayout, {});
    ASSERT_TRUE(owner.ok());
    EXPECT_EQ(owner->verb, "create");
    EXPECT_EQ(owner->process.pid, ::getpid());
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
  Result<std::unique_ptr<BackupLock>> Acquire(std::string_view verb) {
    return BackupLock::Acquire(store_, kLayout, verb, {}, clock_);
  }

  ManualClock clock_;
  MemoryStore store_{{.capabilities = {.conditional_put = GetParam(),
                                       .conditional_replace = GetParam(),
                                       .conditional_delete = GetParam()},
                      .now_ms = [this] { return clock_.UnixMs(); }}};
};

TEST_P(EveryKindOfStore, RefusesASecondHolderAndSaysWhoTheFirstIs) {
  auto first = Acquire("create");
  ASSERT_TRUE(first.ok()) << first.status().message();
  const auto before = store_.Contents();
  Status second = Acquire("delete").status();
  EXPECT_EQ(second.code(), Code::kLocked);
  EXPECT_THAT(second.message(), AllOf(HasSubstr("\"nightly\""), HasSubstr("create on host"),
                                      HasSubstr(std::to_string(::getpid()))));
  EXPECT_EQ(store_.Contents(), before);
  EXPECT_TRUE((*first)->Check({}).ok());
}

// `delete` after `kill -9` on the same host.
TEST_P(EveryKindOfStore, TakesOverALockWhoseRunIsOverAtOnce) {
  store_.Set(kLockKey, LockToJson(OfAProcessThatIsGone("create")));
  const Milliseconds before = clock_.Awake();
  {
    auto lock = Acquire("delete");
    ASSERT_TRUE(lock.ok()) << lock.status().message();
    EXPECT_LT(clock_.Awake() - before, Milliseconds(10'000));
    EXPECT_EQ(ReadLock(store_, kLayout, {}).value().verb, "delete");
  }
  EXPECT_THAT(store_.Keys(), IsEmpty());
}

TEST_P(EveryKindOfStore, TakesOverALockThatNobodyCanRead) {
  store_.Set(kLockKey, "{\"id\":");
  const Milliseconds before = clock_.Awake();
  EXPECT_TRUE(Acquire("create").ok());
  EXPECT_GE(clock_.Awake() - before, kLockLease) << "it may be a newer version's, and live";
  EXPECT_THAT(store_.Keys(), IsEmpty());
}

TEST_P(EveryKindOfStore, TakesOverALockThatIsOldByTheStoresOwnClockAndDoesNotMove) {
  store_.Set(kLockKey, LockToJson(OfAnotherHost("create", clock_.WallSeconds() - 301)),
             Milliseconds(301'000));
  const Milliseconds before = clock_.Awake();
  EXPECT_TRUE(Acquire("delete").ok());
  EXPECT_GE(clock_.Awake() - before, kLockHeartbeat) << "a live run would have renewed it";
  EXPECT_LT(clock_.Awake() - before, kLockLease);
}

// The clock of the other host is five minutes behind ours; the store knows better.
TEST_P(EveryKindOfStore, WatchesALockThatOnlyAForeignClockCallsOld) {
  store_.Set(kLockKey, LockToJson(OfAnotherHost("create", clock_.WallSeconds() - 301)), Milliseconds(10'000));
  const Milliseconds before = clock_.Awake();
  EXPECT_TRUE(Acquire("delete").ok());
  EXPECT_GE(clock_.Awake() - before, Milliseconds(290'000));
}

TEST_P(EveryKindOfStore, WhoLosesItsLockIsToldAndLeavesTheOtherOne) {
  auto lock = Acquire("create");
  ASSERT_TRUE(lock.ok());
  const CallContext run = (*lock)->While({});
  EXPECT_TRUE((*lock)->Check({}).ok());
  LockOwner other = OfAnotherHost("delete", clock_.WallSeconds());
  other.replaces = {ReadLock(store_, kLayout, {}).value().id};
  for (const std::string& key : store_.Keys()) {
    const ObjectKey keys[] = {ObjectKey(key)};
    ASSERT_TRUE(store_.Delete(keys, {}).ok());
  }
  store_.Set(kLockKey, LockToJson(other));
  const auto before = store_.Contents();
  EXPECT_FALSE(run.stop.stop_requested());
  Status check = (*lock)->Check({});
  EXPECT_EQ(check.code(), Code::kLocked);
  EXPECT_THAT(check.message(), AllOf(HasSubstr("\"nightly\""), HasSubstr("lost")));
  EXPECT_TRUE(run.stop.stop_requested());
  (void)(*lock)->Release({});
  lock->reset();
  EXPECT_EQ(store_.Contents(), before);
}

TEST_P(EveryKindOfStore, RenewsAndSaysSo) {
  auto lock = Acquire("create");
  ASSERT_TRUE(lock.ok());
  const LockOwner first = ReadLock(store_, kLayout, {}).value();
  clock_.AdvanceASleeper(kLockHeartbeat);
  EXPECT_TRUE(Eventually([&] { return ReadLock(store_, kLayout, {}).value().beat > first.beat; }));
  EXPECT_EQ(ReadLock(store_, kLayout, {}).value().heartbeat_s, first.heartbeat_s + 30);
  EXPECT_TRUE((*lock)->Check({}).ok());
}

// SIGSTOP, a suspended laptop: what comes next after waking up must not be a write.
TEST_P(EveryKindOfStore, ARunThatWasSuspendedForHalfALeaseHasLostItsLockWithoutAskingTheStore) {
  auto lock = Acquire("create");
  ASSERT_TRUE(lock.ok());
  clock_.Suspend(kLockLease / 2 + Milliseconds(1));
  Status check = (*lock)->CheckTime();
  EXPECT_EQ(check.code(), Code::kLocked);
  EXPECT_THAT(check.message(), HasSubstr("could not be renewed for 150 s"));
  EXPECT_TRUE((*lock)->While({}).stop.stop_requested());
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
  store.Inject({.operation = StoreOperation::kGet});
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

// Safety 6 (c): both have seen the stale lock; the other is quicker.
TEST(BackupLock, LosesToARunThatTookTheStaleLockFirstAndLeavesItsLock) {
  auto memory = std::make_shared<MemoryStore>();
  memory->Set(kLockKey, LockToJson(OfAProcessThatIsGone("create")));
  class Quicker : public ForwardingStore {
   public:
    explicit Quicker(std::shared_ptr<MemoryStore> memory)
        : ForwardingStore(memory), memory_(std::move(memory)) {}
    Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
      if (request.key.str() == kLockKey) memory_->Set(kLockKey, LockToJson(ThisProcess("copy")));
      return ForwardingStore::Put(request, context);
    }

   private:
    std::shared_ptr<MemoryStore> memory_;
  };
  Quicker store(memory);
  Status acquired = BackupLock::Acquire(store, kLayout, "delete", {}).status();
  EXPECT_EQ(acquired.code(), Code::kLocked) << acquired.message();
  EXPECT_THAT(acquired.message(), HasSubstr("copy on host"));
  ASSERT_TRUE(memory->Contents().contains(kLockKey));
  EXPECT_EQ(LockFromJson(memory->Contents()[kLockKey]).value().verb, "copy");
}

// An old MinIO, a gateway: says yes to a put that should have been refused.
TEST(BackupLock, NoticesAStoreThatPassesOverItsConditions) {
  class Forgetting : public ForwardingStore {
   public:
    using ForwardingStore::ForwardingStore;
    Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
      return ForwardingStore::Put({.key = request.key, .body = request.body}, context);
    }
  };
  ManualClock clock;
  auto memory = std::make_shared<MemoryStore>(MemoryOptions{.now_ms = [&] { return clock.UnixMs(); }});
  Forgetting store(memory);
  auto lock = BackupLock::Acquire(store, kLayout, "create", {}, clock);
  ASSERT_TRUE(lock.ok()) << lock.status().message();
  const std::string id = ReadLock(store, kLayout, {}).value().id;
  EXPECT_THAT(memory->Keys(), testing::ElementsAre(kLayout.LockOf(id).str()));
  EXPECT_EQ(BackupLock::Acquire(store, kLayout, "delete", {}, clock).status().code(), Code::kLocked);
}

// The run is told to stop before its lease ends, however the store fails it.
TEST(BackupLock, ARunWhoseRenewalsFailStopsBeforeItsLeaseEnds) {
  ManualClock clock;
  auto memory = std::make_shared<MemoryStore>(MemoryOptions{.now_ms = [&] { return clock.UnixMs(); }});
  FaultyStore store(memory);
  auto lock = BackupLock::Acquire(store, kLayout, "create", {}, clock);
  ASSERT_TRUE(lock.ok());
  store.Inject({.operation = StoreOperation::kPut, .times = 1'000});
  const CallContext run = (*lock)->While({});
  const Milliseconds began = clock.Awake();
  constexpr Milliseconds kStopsWithin = kLockLease - Milliseconds(60'000);
  clock.AdvanceASleeper(kLockHeartbeat);
  clock.AdvanceASleeper(kLockHeartbeat);
  clock.AdvanceASleeper(kStopsWithin - 2 * kLockHeartbeat);
  EXPECT_TRUE(Eventually([&] { return run.stop.stop_requested(); }));
  EXPECT_EQ(clock.Awake() - began, kStopsWithin);
  EXPECT_GT(store.fired(), 1);
  EXPECT_EQ((*lock)->Check({}).code(), Code::kLocked);
}

// A disk without room is no other run.
TEST(BackupLock, OnAFullDiskSaysSoAndIsNotLost) {
  for (const int error : {ENOSPC, EDQUOT, EFBIG}) {
    const Status full = posix::ErrnoStatus(error, "write", "/backups/meta/lock.json");
    auto memory = std::make_shared<MemoryStore>();
    FaultyStore store(memory);
    ManualClock clock;
    store.Inject({.operation = StoreOperation::kPut, .times = 1'000, .status = full});
    LockSession refused(store, kLayout, ThisProcess("delete"), clock);
    EXPECT_EQ(refused.Acquire({}), full);
    EXPECT_EQ(store.fired(), 1);
    EXPECT_THAT(memory->Keys(), IsEmpty());

    FaultyStore filling(memory);
    LockSession held(filling, kLayout, ThisProcess("create"), clock);
    ASSERT_TRUE(held.Acquire({}).ok());
    filling.Inject({.operation = StoreOperation::kPut, .status = full});
    EXPECT_EQ(held.Renew({}), full);
    EXPECT_EQ(filling.fired(), 1);
    EXPECT_TRUE(held.Check({}).ok()) << "it could not be renewed, and is not lost";
    EXPECT_TRUE(held.Renew({}).ok()) << "somebody made room";
    EXPECT_TRUE(held.Release({}).ok());
  }
}

TEST(BackupLock, ARunThatIsToldToStopPassesItOn) {
  MemoryStore store;
  std::stop_source outer;
  auto lock = BackupLock::Acquire(store, kLayout, "create", {.stop = outer.get_token()});
  ASSERT_TRUE(lock.ok());
  const CallContext run = (*lock)->While({.stop = outer.get_token()});
  EXPECT_FALSE(run.stop.stop_requested());
  outer.request_stop();
  EXPECT_TRUE(run.stop.stop_requested());
}

TEST(BackupLock, IsReleasedByARunThatWasToldToStop) {
  MemoryStore store;
  std::stop_source source;
  auto lock = BackupLock::Acquire(store, kLayout, "create", {});
  ASSERT_TRUE(lock.ok());
  source.request_stop();
  EXPECT_TRUE((*lock)->Release({.stop = source.get_token()}).ok());
  EXPECT_THAT(store.Keys(), IsEmpty());
}

TEST(BackupLock, AReleaseThatFailedIsTriedAgainAtTheEnd) {
  auto memory = std::make_shared<MemoryStore>();
  FaultyStore store(memory);
  auto lock = BackupLock::Acquire(store, kLayout, "create", {});
  ASSERT_TRUE(lock.ok());
  store.Inject({.operation = StoreOperation::kDelete});
  EXPECT_EQ((*lock)->Release({}).code(), Code::kUnavailable);
  EXPECT_FALSE(memory->Keys().empty());
  lock->reset();
  EXPECT_THAT(memory->Keys(), IsEmpty());
}

// A renewal that is under way when the lock is released: it arrives behind the removal, if that does not wait
// for it.
class SlowRenewal : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    if (slow) {
      std::unique_lock lock(mutex_);
      under_way = true;
      is_removed_.wait_for(lock, Milliseconds(300), [&] { return removed_; });
    }
    return ForwardingStore::Put(request, context);
  }
  Status Delete(std::span<const ObjectKey> keys, const CallContext& context) override {
    return AfterRemoval(ForwardingStore::Delete(keys, context));
  }
  Status DeleteIfMatch(const ObjectKey& key, const std::string& etag, const CallContext& context) override {
    return AfterRemoval(ForwardingStore::DeleteIfMatch(key, etag, context));
  }
  std::atomic<bool> slow = false, under_way = false;

 private:
  Status AfterRemoval(Status deleted) {
    std::scoped_lock lock(mutex_);
    removed_ = true;
    is_removed_.notify_all();
    return deleted;
  }

  std::mutex mutex_;
  std::condition_variable is_removed_;
  bool removed_ = false;
};

TEST(BackupLock, ARenewalThatIsUnderWayDoesNotBringAReleasedLockBack) {
  for (const bool conditions : {true, false}) {
    ManualClock clock;
    auto memory =
        std::make_shared<MemoryStore>(MemoryOptions{.capabilities = {.conditional_put = conditions,
                                                                     .conditional_replace = conditions,
                                                                     .conditional_delete = conditions},
                                                    .now_ms = [&] { return clock.UnixMs(); }});
    SlowRenewal store(memory);
    auto lock = BackupLock::Acquire(store, kLayout, "create", {}, clock);
    ASSERT_TRUE(lock.ok());
    store.slow = true;
    clock.AdvanceASleeper(kLockHeartbeat);
    ASSERT_TRUE(Eventually([&] { return store.under_way.load(); }));
    EXPECT_TRUE((*lock)->Release({}).ok());
    EXPECT_THAT(memory->Keys(), IsEmpty());
    lock->reset();
    EXPECT_THAT(memory->Keys(), IsEmpty());
  }
}

// The answer to the last renewal never came, and it arrives behind the removal.
TEST(BackupLock, ARenewalThatWentUnansweredIsRemovedToo) {
  class Late : public ForwardingStore {
   public:
    explicit Late(std::shared_ptr<MemoryStore> memory)
        : ForwardingStore(memory), memory_(std::move(memory)) {}
    Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
      if (!lose) return ForwardingStore::Put(request, context);
      key_ = request.key.str();
      body_ = std::string(request.body);
      lost = true;
      return Status(Code::kUnavailable, "the connection broke");
    }
    Status Delete(std::span<const ObjectKey> keys, const CallContext& context) override {
      Status deleted = ForwardingStore::Delete(keys, context);
      if (lost.exchange(false)) memory_->Set(key_, body_);
      return deleted;
    }
    std::atomic<bool> lose = false, lost = false;

   private:
    std::shared_ptr<MemoryStore> memory_;
    std::string key_, body_;
  };
  ManualClock clock;
  auto memory = std::make_shared<MemoryStore>(MemoryOptions{
      .capabilities = {.conditional_put = false, .conditional_replace = false, .conditional_delete = false},
      .now_ms = [&] { return clock.UnixMs(); }});
  Late store(memory);
  auto lock = BackupLock::Acquire(store, kLayout, "create", {}, clock);
  ASSERT_TRUE(lock.ok());
  store.lose = true;
  clock.AdvanceASleeper(kLockHeartbeat);
  ASSERT_TRUE(Eventually([&] { return store.lost.load(); }));
  EXPECT_TRUE((*lock)->Release({}).ok());
  EXPECT_FALSE(store.lost) << "the test must have let it arrive";
  EXPECT_THAT(memory->Keys(), IsEmpty());
}

}  // namespace
}  // namespace mbk
