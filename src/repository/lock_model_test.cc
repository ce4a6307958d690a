// The lock's protocol against every order of events that matters: two and three runs on a store whose every
// call is a point at which another run may go on, at which a run may be suspended for longer than its lease,
// and at which clocks may jump. Runs are fibers of one thread, so that an interleaving is a list of choices:
// seeded ones by the thousand, and all of them for short stories.
//
// MBK_LOCK_MODEL_ROUNDS sets how many seeded interleavings there are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/log.h"
#include "repository/lock_session.h"
#include "repository/testing/fiber.h"
#include "store/forwarding_store.h"
#include "store/memory/memory_store.h"

namespace mbk {
namespace {

const BackupLayout kLayout("backup", "nightly");
constexpr std::int64_t kStart = 1'800'000'000'000;  // unix ms

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kRounds = 600;
#else
constexpr int kRounds = 10'000;
#endif

int Rounds() {
  const char* rounds = std::getenv("MBK_LOCK_MODEL_ROUNDS");
  return rounds == nullptr ? kRounds : std::atoi(rounds);
}

// What a store obeys, as its runs know it; and what it does.
struct Kind {
  const char* name;
  bool put = true;
  bool replace = true;
  bool remove = true;
  bool lies = false;               // claims conditions and passes over them
  bool second_knows_none = false;  // the second run's configuration says that there are no conditions
};
constexpr Kind kKinds[] = {
    {.name = "all conditions"},
    {.name = "no conditional delete", .remove = false},
    {.name = "if absent only", .replace = false, .remove = false},
    {.name = "no conditions", .put = false, .replace = false, .remove = false},
    {.name = "claims what it does not do", .remove = false, .lies = true},
    {.name = "two configurations", .remove = false, .second_knows_none = true},
};

// What lies there before the runs begin.
enum class Before { kNothing, kDeadProcess, kSilentHost, kGarbage, kDeadCandidate };
constexpr Before kBefore[] = {Before::kNothing, Before::kDeadProcess, Before::kSilentHost, Before::kGarbage,
                              Before::kDeadCandidate};

// Where choices come from: a number below `options`.
using Choose = std::function<int(int options)>;

struct Story {
  Kind kind;
  Before before = Before::kNothing;
  int runs = 2;
  int steps = 2;             // of each holder: work, renewal, check, action
  bool suspensions = false;  // runs stand still, for up to three leases
  bool slow = false;         // calls take up to five seconds
  bool wall_clocks_jump = false;
  bool store_clock_jumps = false;
  int switches = 1'000'000;  // times that a run is left that could go on
};

class World;

// One run: its fiber, and what the world knows of it.
struct Run {
  int index = 0;
  std::unique_ptr<Fiber> fiber;
  std::int64_t sleeps_until = 0;  // also while it is suspended
  bool believes = false;          // Acquire or a Check said that the lock is ours, and nothing else since
  bool deletes = false;           // a deletion is on its way
  std::unique_ptr<LockClock> clock;
  std::shared_ptr<MemoryStore> memory;
  std::unique_ptr<ObjectStore> store;
  std::unique_ptr<LockSession> session;
  Status acquired = {Code::kInternal, "did not try"};
  int actions = 0;
};

class World {
 public:
  World(const Story& story, Choose choose) : story_(story), choose_(std::move(choose)) {}

  void Play();

  const Story& story() const { return story_; }
  std::int64_t now() const { return now_; }
  std::int64_t store_now() const { return now_ + store_jump_; }
  std::vector<std::unique_ptr<Run>>& runs() { return runs_; }
  std::string violation;

  // By a run: let the others go on. `wake`: not before that.
  void Pause(Run& run, std::int64_t wake) {
    run.sleeps_until = wake;
    run.fiber->Suspend();
  }
  void Act(Run& run);
  void Violated(std::string what) {
    if (violation.empty()) violation = std::move(what);
  }
  int Pick(int options) { return options < 2 ? 0 : choose_(options); }
  std::int64_t WallSeconds(const Run& run) {
    const std::int64_t skew = story_.wall_clocks_jump ? (run.index * 7'200 - 3'600) * (Pick(3) - 1) : 0;
    return now_ / 1'000 + skew;
  }

 private:
  void PlaceWhatWasBefore();
  void Start(int index);
  void Tell(Run& run);
  bool Effective(const Run& run) const;
  void CheckInvariants();
  std::vector<Run*> Awake();
  Run& Next(std::vector<Run*> awake);
  std::int64_t NextWake() const;

  const Story story_;
  Choose choose_;
  std::int64_t now_ = kStart;
  std::int64_t store_jump_ = 0;
  bool winners_lock_may_go_ = false;
  Run* last_ = nullptr;
  int switches_ = 0;
  std::shared_ptr<MemoryService> service_ = std::make_shared<MemoryService>();
  std::unique_ptr<MemoryStore> eye_;  // sees what lies there, costs nothing
  std::vector<std::unique_ptr<Run>> runs_;
};

class ModelClock final : public LockClock {
 public:
  ModelClock(World& world, Run& run) : world_(world), run_(run) {}
  std::int64_t WallSeconds() override { return world_.WallSeconds(run_); }
  Milliseconds Awake() override { return Milliseconds(world_.now() - kStart + run_.index * 1'000'000); }
  Milliseconds SinceBoot() override { return Awake(); }
  Status Sleep(Milliseconds duration, const CallContext&) override {
    world_.Pause(run_, world_.now() + duration.count());
    return {};
  }

 private:
  World& world_;
  Run& run_;
};

// Every call is two points at which others may go on: before it is carried out, and before its answer is
// seen.
class ModelStore final : public ForwardingStore {
 public:
  ModelStore(World& world, Run& run) : ForwardingStore(run.memory), world_(world), run_(run) {}
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    PutRequest sent = request;
    if (world_.story().kind.lies) {
      sent.condition = PutCondition::kNone;
      sent.if_match = {};
    }
    return ForwardingStore::Put(sent, context);
  }

 protected:
  Status Before(const StoreCall& call, const CallContext&) override {
    run_.deletes = call.operation == StoreOperation::kDelete;
    world_.Pause(run_, world_.now());
    run_.deletes = false;
    return {};
  }
  Status After(const StoreCall& call, Status outcome) override {
    if (call.operation == StoreOperation::kPut) world_.Pause(run_, world_.now());
    return outcome;
  }

 private:
  World& world_;
  Run& run_;
};

LockOwner OwnerOf(const std::string& id, const std::string& verb, std::int64_t now_ms) {
  static const ProcessIdentity kHere = ThisProcessIdentity();
  return {
      .id = id, .verb = verb, .process = kHere, .started_s = now_ms / 1'000, .heartbeat_s = now_ms / 1'000};
}

LockOwner SilentHost(std::int64_t now_ms) {
  LockOwner owner = OwnerOf("silent", "create", now_ms);
  owner.process.host = "elsewhere";
  return owner;
}

LockOwner GoneProcess(const std::string& id) {
  LockOwner owner = OwnerOf(id, "create", kStart);
  owner.process.start_ticks -= 1;  // a process of this pid that began earlier: gone
  return owner;
}

void World::PlaceWhatWasBefore() {
  const std::string lock = kLayout.Meta(kLock).str();
  const Milliseconds old = kLockLease + Milliseconds(5'000);
  switch (story_.before) {
    case Before::kNothing:
      return;
    case Before::kDeadProcess:
      return eye_->Set(lock, LockToJson(GoneProcess("dead")));
    case Before::kSilentHost:
      return eye_->Set(lock, LockToJson(SilentHost(kStart - old.count())), old);
    case Before::kGarbage:
      return eye_->Set(lock, "{\"id\":", old);
    case Before::kDeadCandidate:
      return eye_->Set(kLayout.LockOf("dead").str(), LockToJson(GoneProcess("dead")));
  }
}

void World::Start(int index) {
  auto run = std::make_unique<Run>();
  run->index = index;
  const bool knows_none = story_.kind.second_knows_none && index == 1;
  StoreCapabilities capabilities;
  capabilities.conditional_put = story_.kind.put && !knows_none;
  capabilities.conditional_replace = story_.kind.replace && !knows_none;
  capabilities.conditional_delete = story_.kind.remove;
  run->memory = std::make_shared<MemoryStore>(MemoryOptions{
      .service = service_, .capabilities = capabilities, .now_ms = [this] { return store_now(); }});
  run->clock = std::make_unique<ModelClock>(*this, *run);
  run->store = std::make_unique<ModelStore>(*this, *run);
  // Ids in no order of the runs: which one is the smallest must not matter.
  const std::string id = std::string(1, static_cast<char>('a' + (index * 2 + 1) % 3)) + std::to_string(index);
  run->session = std::make_unique<LockSession>(
      *run->store, kLayout, OwnerOf(id, index % 2 == 0 ? "create" : "delete", now_), *run->clock);
  Run* raw = run.get();
  runs_.push_back(std::move(run));
  raw->fiber = std::make_unique<Fiber>([this, raw] { Tell(*raw); });
}

// What a run does, from its claim of the name to its end.
void World::Tell(Run& run) {
  run.acquired = run.session->Acquire({});
  if (!run.acquired.ok()) return;
  run.believes = true;
  Act(run);
  for (int step = 0; step < story_.steps; ++step) {
    Pause(run, now_ + kLockHeartbeat.count());
    Status renewed = run.session->Renew({});
    if (renewed.ok()) renewed = run.session->Check({});
    if (!renewed.ok()) {
      run.believes = false;
      break;
    }
    Act(run);
  }
  run.believes = false;
  Status released = run.session->Release({});
  if (!released.ok() && released.code() != Code::kLocked && released.code() != Code::kFailedPrecondition)
    Violated("release: " + released.message());
}

// Whether a run would pass the look at the clock that precedes each of its steps.
bool World::Effective(const Run& run) const {
  return run.believes && Since(run.session->renewed(), *run.clock) <= kLockLease / 2;
}

// A commit or a removal, right behind a Check that said yes.
void World::Act(Run& run) {
  ++run.actions;
  for (const auto& other : runs_) {
    if (other.get() != &run && Effective(*other))
      Violated("two runs hold the lock: " + run.session->owner().id + " acts, " + other->session->owner().id +
               " may act");
  }
}

void World::CheckInvariants() {
  for (const auto& run : runs_) {
    if (!Effective(*run) || winners_lock_may_go_) continue;
    const std::string& id = run->session->owner().id;
    const std::string says_so = "\"id\":\"" + id + "\"";
    const auto contents = eye_->Contents();
    const bool there = std::any_of(contents.begin(), contents.end(), [&](const auto& object) {
      return object.second.find(says_so) != std::string::npos;
    });
    if (!there) Violated("the lock of " + id + ", which holds it, is gone");
  }
}

std::vector<Run*> World::Awake() {
  std::vector<Run*> awake;
  for (const auto& run : runs_) {
    if (!run->fiber->ended() && run->sleeps_until <= now_) awake.push_back(run.get());
  }
  return awake;
}

Run& World::Next(std::vector<Run*> awake) {
  const auto last = std::find(awake.begin(), awake.end(), last_);
  const bool goes_on = last != awake.end();
  if (goes_on) std::iter_swap(awake.begin(), last);
  const bool may_switch = !goes_on || switches_ < story_.switches;
  const int picked = may_switch ? Pick(static_cast<int>(awake.size())) : 0;
  if (goes_on && picked > 0) ++switches_;
  last_ = awake[static_cast<std::size_t>(picked)];
  return *last_;
}

std::int64_t World::NextWake() const {
  std::int64_t next = 0;
  for (const auto& run : runs_) {
    if (!run->fiber->ended() && (next == 0 || run->sleeps_until < next)) next = run->sleeps_until;
  }
  return next;
}

void World::Play() {
  constexpr int kMostTurns = 5'000;
  eye_ = std::make_unique<MemoryStore>(
      MemoryOptions{.service = service_, .now_ms = [this] { return store_now(); }});
  PlaceWhatWasBefore();
  for (int i = 0; i < story_.runs; ++i) Start(i);
  for (int turn = 0;; ++turn) {
    if (turn == kMostTurns) return Violated("no end of it");
    std::vector<Run*> awake = Awake();
    if (awake.empty()) {
      const std::int64_t next = NextWake();
      if (next == 0) break;  // all ended
      now_ = std::max(now_, next);
      continue;
    }
    Run& run = Next(awake);
    if (story_.suspensions && Pick(25) == 0) {
      constexpr std::int64_t kTimes[] = {4'500, 100'000, 160'000, 320'000, 900'000};
      run.sleeps_until = now_ + kTimes[Pick(5)];
      // Where the store cannot delete one version, a deletion that is on its way for so long may hit another
      // run's lock: the one thing that is left, and that run's next Check fails.
      if (run.deletes && !story_.kind.remove) winners_lock_may_go_ = true;
      continue;
    }
    now_ += story_.slow ? (Pick(10) == 0 ? 5'000 : Pick(3) * 300) : 1;
    if (story_.store_clock_jumps && Pick(40) == 0) store_jump_ += 600'000;
    run.fiber->Resume();
    CheckInvariants();
  }
}

std::string Describe(const Story& story) {
  return std::string(story.kind.name) + ", before: " + std::to_string(static_cast<int>(story.before)) +
         ", runs: " + std::to_string(story.runs) + (story.suspensions ? ", suspensions" : "") +
         (story.slow ? ", slow" : "") + (story.wall_clocks_jump ? ", wall clocks jump" : "") +
         (story.store_clock_jumps ? ", the store's clock jumps" : "");
}

int Holders(World& world) {
  int holders = 0;
  for (const auto& run : world.runs()) holders += run->acquired.ok();
  return holders;
}

class LockModel : public testing::Test {
 protected:
  // Thousands of runs that say that they wait.
  static void SetUpTestSuite() { ASSERT_TRUE(log::Init({.level = log::Level::kOff}).ok()); }
};

TEST_F(LockModel, NoTwoRunsHoldTheLockInThousandsOfInterleavings) {
  int held = 0, refused = 0;
  for (int seed = 0; seed < Rounds(); ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    auto choose = [&](int options) { return static_cast<int>(random() % static_cast<unsigned>(options)); };
    Story story{.kind = kKinds[choose(std::size(kKinds))],
                .before = kBefore[choose(std::size(kBefore))],
                .runs = 2 + choose(2),
                .steps = 1 + choose(4),
                .suspensions = choose(3) != 0,
                .slow = choose(2) == 0,
                .wall_clocks_jump = choose(2) == 0};
    // A clock of the store's that jumps and a holder that does not renew for a minute are two faults at once.
    story.store_clock_jumps = !story.suspensions && choose(2) == 0;
    World world(story, choose);
    world.Play();
    ASSERT_EQ(world.violation, "") << "seed " << seed << ": " << Describe(story);
    for (const auto& run : world.runs()) {
      const Code code = run->acquired.code();
      ASSERT_TRUE(code == Code::kOk || code == Code::kLocked)
          << "seed " << seed << ": " << Describe(story) << ": " << run->acquired.message();
      (code == Code::kOk ? held : refused) += 1;
    }
  }
  // The model must not pass by refusing everybody, nor by letting everybody wait for everybody.
  EXPECT_GT(held, Rounds() / 2);
  EXPECT_GT(refused, Rounds() / 10);
}

// Goes through every list of choices, the last choice first, as an odometer.
class AllChoices {
 public:
  int Next(int options) {
    if (at_ == choices_.size()) choices_.push_back({0, options});
    return choices_[at_++].taken;
  }
  // False when there is no other list.
  bool Advance() {
    choices_.resize(at_);
    at_ = 0;
    while (!choices_.empty() && choices_.back().taken + 1 == choices_.back().options) choices_.pop_back();
    if (choices_.empty()) return false;
    ++choices_.back().taken;
    return true;
  }

 private:
  struct Choice {
    int taken;
    int options;
  };
  std::vector<Choice> choices_;
  std::size_t at_ = 0;
};

class EveryInterleaving : public testing::TestWithParam<Kind> {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(log::Init({.level = log::Level::kOff}).ok()); }
};

// Two runs that begin together, whatever the order, if a run is left at most three times where it could go
// on: one of them holds the lock at a time, and the lock of the one that holds it stays.
TEST_P(EveryInterleaving, OfTwoRunsThatBeginTogether) {
  const int switches = Rounds() >= 10'000 ? 3 : 2;
  for (const Before before : {Before::kNothing, Before::kDeadProcess}) {
    AllChoices choices;
    int played = 0, held = 0;
    bool more = true;
    for (; more; ++played) {
      World world({.kind = GetParam(), .before = before, .steps = 0, .switches = switches},
                  [&](int options) { return choices.Next(options); });
      world.Play();
      ASSERT_EQ(world.violation, "") << "interleaving " << played << ": " << Describe(world.story());
      held += Holders(world);
      more = choices.Advance();
    }
    EXPECT_GT(played, 20);
    EXPECT_GT(held, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, EveryInterleaving, testing::ValuesIn(kKinds), [](const auto& info) {
  std::string name(info.param.name);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

// The model must be able to see a fault: a protocol without its look at the clock fails in it. A run here
// acts without asking, as all runs once did.
TEST_F(LockModel, SeesTwoHoldersWhereARunDoesNotAsk) {
  int violations = 0;
  for (int seed = 0; seed < 40; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    World world({.kind = kKinds[3], .runs = 2, .steps = 0},
                [&](int options) { return static_cast<int>(random() % static_cast<unsigned>(options)); });
    world.Play();
    for (const auto& run : world.runs()) run->believes = true;
    const auto& runs = world.runs();
    if (!runs[0]->acquired.ok() || !runs[1]->acquired.ok()) continue;
    world.Act(*runs[0]);
    violations += !world.violation.empty();
  }
  EXPECT_GT(violations, 0);
}

}  // namespace
}  // namespace mbk
