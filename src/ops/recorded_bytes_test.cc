#include "ops/recorded_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ops/testing/row_backup.h"
#include "ops/testing/telling_stores.h"
#include "store/content_hash.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

using opstest::Books;
using opstest::EncryptedBucket;
using opstest::RowBackup;
using opstest::SilentStore;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The files of a backup, with a digest of each on record.
class RecordedBytesTest : public testing::Test {
 protected:
  RecordedBytesTest() {
    backup_.AddSegment(0, Books(1, 2));
    backup_.AddSegment(1, Books(100, 2));
    Record(Digest::Kind::kMd5);
  }
  void Record(Digest::Kind kind) {
    recorded_ = DigestLog();
    const auto contents = backup_.store().Contents();
    for (const std::string& key : backup_.DataKeys())
      recorded_.Add(ObjectKey(key), DigestOf(contents.at(key), kind));
    recorded_.Seal();
  }
  std::string FlipLast() {
    const std::string key = backup_.DataKeys().back();
    std::string flipped = backup_.store().Contents().at(key);
    flipped[flipped.size() / 2] ^= 1;
    backup_.store().Set(key, flipped);
    return key;
  }
  std::vector<std::string> OtherBytesIn(ObjectReader& store, bool reads = true) {
    const auto of_any = [reads](std::size_t, const Segment&) { return reads; };
    return CheckRecordedBytes(store, backup_.layout(), {&backup_.backup().collections.at(0)}, recorded_,
                              of_any, backup_.run, {})
        .value()
        .named();
  }
  std::shared_ptr<ObjectStore> Memory() { return {std::shared_ptr<void>(), &backup_.store()}; }

  RowBackup backup_;
  DigestLog recorded_;
};

TEST_F(RecordedBytesTest, AreComparedWithWhatAListingTells) {
  EXPECT_THAT(OtherBytesIn(backup_.store(), false), IsEmpty());
  const std::string key = FlipLast();
  EXPECT_THAT(OtherBytesIn(backup_.store(), false),
              ElementsAre(AllOf(HasSubstr(key), HasSubstr("other bytes than were written"))));
}

TEST_F(RecordedBytesTest, AreReadWhereNothingIsToldOfThem) {
  SilentStore silent(Memory());
  EXPECT_THAT(OtherBytesIn(silent), IsEmpty());
  const std::string key = FlipLast();
  EXPECT_THAT(OtherBytesIn(silent), ElementsAre(HasSubstr(key)));
  EXPECT_THAT(OtherBytesIn(silent, false), IsEmpty()) << "somebody else reads them";
}

TEST_F(RecordedBytesTest, AreReadWhereTheListingTellsAnotherKind) {
  for (const Digest::Kind kind : {Digest::Kind::kXxh128, Digest::Kind::kSha256}) {
    Record(kind);
    EXPECT_THAT(OtherBytesIn(backup_.store()), IsEmpty());
    const std::string key = FlipLast();
    EXPECT_THAT(OtherBytesIn(backup_.store()), ElementsAre(HasSubstr(key)));
  }
}

TEST_F(RecordedBytesTest, AreReadBeforeAnEtagThatMayBeNoMd5SaysThatTheyDiffer) {
  EncryptedBucket encrypted(Memory());
  EXPECT_THAT(OtherBytesIn(encrypted), IsEmpty());
  const std::string key = FlipLast();
  EXPECT_THAT(OtherBytesIn(encrypted), ElementsAre(HasSubstr(key)));
}

TEST_F(RecordedBytesTest, ARecordThatCannotBeReadIsNotTakenForNone) {
  backup_.Commit();
  const std::string key = backup_.DataKeys().back();
  const Digest md5 = DigestOf(backup_.store().Contents().at(key), Digest::Kind::kMd5);
  const auto read = [&](ObjectReader& store) { return RecordedDigests(store, backup_.layout(), {}); };
  EXPECT_EQ(read(backup_.store()).value().Find(ObjectKey(key)), md5);
  FaultyStore failing(Memory());
  failing.Inject({.operation = StoreOperation::kGet, .status = {Code::kPermissionDenied, "AccessDenied"}});
  EXPECT_EQ(read(failing).status().code(), Code::kPermissionDenied);
  const std::string objects = backup_.layout().Meta(kObjects).str();
  backup_.store().Set(objects, backup_.store().Contents().at(objects) + "x");
  EXPECT_EQ(read(backup_.store()).status().code(), Code::kDataLoss);
  backup_.Remove(objects);
  EXPECT_EQ(read(backup_.store()).value().Find(ObjectKey(key)), Digest{}) << "as the Go tool leaves it";
}

TEST_F(RecordedBytesTest, OfFilesWithoutARecordAreNotRead) {
  recorded_ = DigestLog();
  recorded_.Seal();
  FlipLast();
  SilentStore silent(Memory());
  EXPECT_THAT(OtherBytesIn(silent), IsEmpty());
}

}  // namespace
}  // namespace mbk
