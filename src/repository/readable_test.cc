// Safety 17: readers against the locks of those who write and remove.
#include "repository/readable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "repository/lock_owner.h"
#include "repository/testing/manual_clock.h"
#include "store/forwarding_store.h"
#include "store/memory/memory_store.h"

namespace mbk {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const BackupLayout kLayout("backup", "nightly");

class Reader : public testing::Test {
 protected:
  void Commit() { store_.Set(kLayout.Meta(kBackupMeta).str(), "{}"); }
  LockOwner Owner(std::string_view verb, std::int64_t age_s = 0) {
    LockOwner owner = ThisProcess(verb, clock_.WallSeconds() - age_s);
    owner.process.host = "elsewhere";
    return owner;
  }
  void Place(const LockOwner& owner) { store_.Set(kLayout.Meta(kLock).str(), LockToJson(owner)); }
  Status Check() { return CheckReadable(store_, kLayout, {}, clock_); }

  ManualClock clock_;
  MemoryStore store_{{.now_ms = [this] { return clock_.UnixMs(); }}};
};

TEST_F(Reader, ReadsWhatNobodyHolds) {
  Commit();
  EXPECT_TRUE(Check().ok());
}

TEST_F(Reader, IsRefusedWhileTheBackupIsRemoved) {
  Commit();
  Place(Owner("delete"));
  Status refused = Check();
  EXPECT_EQ(refused.code(), Code::kLocked);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("\"nightly\""), HasSubstr("delete on host elsewhere")));
}

TEST_F(Reader, IsRefusedWhileTheBackupIsWritten) {
  Place(Owner("create"));
  EXPECT_EQ(Check().code(), Code::kLocked);
}

TEST_F(Reader, IsNotRefusedByAWriterThatHasCommitted) {
  Commit();
  Place(Owner("create"));
  EXPECT_TRUE(Check().ok());
}

TEST_F(Reader, IsNotRefusedByARunWhoseProcessIsGone) {
  Commit();
  LockOwner gone = ThisProcess("delete", clock_.WallSeconds());
  gone.process.start_ticks -= 1;
  Place(gone);
  EXPECT_TRUE(Check().ok());
  EXPECT_EQ(clock_.Awake(), Milliseconds(0)) << "nothing to wait for";
}

TEST_F(Reader, WatchesALockThatLooksOldAndGoesOnWhenItDoesNotMove) {
  Commit();
  Place(Owner("delete", 3'600));
  EXPECT_TRUE(Check().ok());
  EXPECT_GT(clock_.Awake(), kLockHeartbeat);
}

TEST_F(Reader, IsRefusedWhenALockThatLooksOldMoves) {
  Commit();
  Place(Owner("delete", 3'600));
  // The other host's clock is an hour behind, and its run at work: it renews whenever somebody looks.
  class Renewing : public ForwardingStore {
   public:
    Renewing(std::shared_ptr<ObjectStore> inner, std::function<void()> renew)
        : ForwardingStore(std::move(inner)), renew_(std::move(renew)) {}
    Status Before(const StoreCall& call, const CallContext&) override {
      if (call.operation == StoreOperation::kGet) renew_();
      return {};
    }

   private:
    std::function<void()> renew_;
  };
  LockOwner owner = Owner("delete", 3'600);
  Renewing store({std::shared_ptr<void>(), &store_}, [&] {
    ++owner.beat;
    Place(owner);
  });
  EXPECT_EQ(CheckReadable(store, kLayout, {}, clock_).code(), Code::kLocked);
}

TEST_F(Reader, TakesNoNoticeOfALockThatCannotBeReadBesideABackup) {
  Commit();
  store_.Set(kLayout.Meta(kLock).str(), "{");
  EXPECT_TRUE(Check().ok());
  EXPECT_EQ(clock_.Awake(), Milliseconds(0));
}

}  // namespace
}  // namespace mbk
