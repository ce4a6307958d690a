#include "repository/object_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "store/memory/memory_store.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

using manifest::ObjectRecord;
using manifest::ObjectRecordLine;

const BackupLayout kLayout("backup", "nightly");
const std::string kKey = kLayout.Meta(kObjects).str();

class ObjectRecords : public testing::Test {
 protected:
  std::shared_ptr<MemoryStore> memory_ = std::make_shared<MemoryStore>();
  FaultyStore store_{memory_};
  ObjectRecordReader reader_{store_, kLayout, {}};
};

TEST_F(ObjectRecords, AreReadInTheirOrderAndThenEnd) {
  const ObjectRecord a{.key = "binlogs/a", .size = 1, .etag = "x"}, b{.key = "binlogs/b", .size = 2};
  memory_->Set(kKey, ObjectRecordLine(a) + ObjectRecordLine(b));
  EXPECT_EQ(reader_.Next().value(), a);
  EXPECT_EQ(reader_.Next().value(), b);
  EXPECT_EQ(reader_.Next().value(), std::nullopt);
  EXPECT_EQ(reader_.Next().value(), std::nullopt);
}

TEST_F(ObjectRecords, OfAnEmptyBackupEndAtOnce) {
  memory_->Set(kKey, "");
  EXPECT_EQ(reader_.Next().value(), std::nullopt);
}

TEST_F(ObjectRecords, AreNotFoundInABackupOfTheGoTool) {
  EXPECT_EQ(reader_.Next().status().code(), Code::kNotFound);
}

TEST_F(ObjectRecords, AreRefusedWhenALineIsNoRecord) {
  for (const std::string text :
       {"not json\n", "\n", R"({"key":"../../etc","size":1})", R"({"key":"a","size":1}{)"}) {
    memory_->Set(kKey, text);
    Status read = ObjectRecordReader(store_, kLayout, {}).Next().status();
    EXPECT_EQ(read.code(), Code::kDataLoss) << text;
    EXPECT_THAT(read.message(), testing::HasSubstr(kKey));
  }
}

TEST_F(ObjectRecords, AreRefusedWhenTheirKeysDoNotRise) {
  const std::string a = ObjectRecordLine({.key = "binlogs/a", .size = 1}),
                    b = ObjectRecordLine({.key = "binlogs/b", .size = 2});
  for (const std::string& text : {a + a, b + a}) {
    memory_->Set(kKey, text);
    ObjectRecordReader reader(store_, kLayout, {});
    ASSERT_TRUE(reader.Next().ok());
    EXPECT_EQ(reader.Next().status().code(), Code::kDataLoss) << text;
  }
}

TEST_F(ObjectRecords, AreLookedUpInRisingOrder) {
  memory_->Set(
      kKey, ObjectRecordLine({.key = "binlogs/a", .size = 1}) +
                ObjectRecordLine({.key = "binlogs/c", .size = 3, .digest_kind = "xxh128", .digest = "00"}));
  ObjectRecordLookup lookup(store_, kLayout, {});
  EXPECT_EQ(lookup.Find("binlogs/a").value().size, 1);
  EXPECT_EQ(DigestOnRecord(lookup.Find("binlogs/b").value()), Digest());
  EXPECT_EQ(DigestOnRecord(lookup.Find("binlogs/c").value()), (Digest{Digest::Kind::kXxh128, "00"}));
  EXPECT_EQ(lookup.Find("binlogs/d").value().size, 0);
}

TEST_F(ObjectRecords, AnEndlessLineIsNotReadToItsEnd) {
  memory_->Set(kKey, std::string(9 << 20, ' '));
  store_.Inject({.operation = StoreOperation::kGet, .nth = 2, .times = 9, .status = Internal("read on")});
  EXPECT_EQ(reader_.Next().status().code(), Code::kDataLoss);
  EXPECT_EQ(store_.fired(), 0);
}

TEST_F(ObjectRecords, AReadThatFailsMidwayIsNotTakenForTheEnd) {
  memory_->Set(kKey, ObjectRecordLine({.key = "binlogs/a", .size = 1}));
  store_.Inject({.kind = Fault::Kind::kCutAfter,
                 .status = {Code::kUnavailable, "connection reset"},
                 .cut_after_bytes = 10});
  EXPECT_EQ(reader_.Next().status(), Status(Code::kUnavailable, "connection reset"));
}

}  // namespace
}  // namespace mbk
