#include "ops/rows/collection_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "ops/testing/row_backup.h"

namespace mbk {
namespace {

using opstest::BookDelete;
using opstest::BookRow;
using opstest::kMs;
using opstest::kNow;
using opstest::RowBackup;
using testing::SizeIs;

class FindLiving : public testing::Test {
 protected:
  std::vector<std::vector<bool>> LivingOf(const rows::RowSettings& settings) {
    RowCodec* const codec = LoadRowCodec().value();
    const rows::BinlogSource source{
        backup_.store(), [this](const DataObject& object) { return object.KeyIn(backup_.layout().tree()); }};
    const auto rows = rows::CollectionRows::Open(*codec, source, backup_.books(), settings);
    EXPECT_TRUE(rows.ok()) << rows.status().message();
    const auto living = rows->FindLiving({});
    EXPECT_TRUE(living.ok()) << living.status().message();
    std::vector<std::vector<bool>> lives;
    for (std::size_t i = 0; i < rows->segments().size(); ++i) lives.push_back(living->OfSegment(i));
    return lives;
  }

  RowBackup backup_;
};

TEST_F(FindLiving, IsTheSameHoweverFewKeysAreHeldAtATime) {
  constexpr int kRows = 50;
  std::vector<BookRow> books;
  for (int id = 0; id < kRows; ++id) books.push_back({id, 1.0F, "a book"});
  std::vector<BookDelete> beside, everywhere;
  for (int id = 0; id < kRows; id += 3) beside.push_back({id, kNow + kMs});
  for (int id = 0; id < kRows; id += 7) everywhere.push_back({id, kNow + kMs});
  backup_.AddSegment(0, books, beside);
  backup_.AddSegment(0, {{1, 2.0F, "a newer one", kNow + 2 * kMs}, {21, 2.0F, "again", kNow + 2 * kMs}});
  backup_.AddL0({}, everywhere);

  const auto all_at_once = LivingOf({});
  ASSERT_THAT(all_at_once, SizeIs(2));
  for (int id = 0; id < kRows; ++id)
    EXPECT_EQ(all_at_once[0][id], id % 3 != 0 && id % 7 != 0 && id != 1) << id;
  EXPECT_EQ(all_at_once[1], std::vector<bool>({true, true}));
  for (const std::int64_t held : {60, 20, 7})
    EXPECT_EQ(LivingOf({.max_key_events = held}), all_at_once) << held << " events held";
}

TEST_F(FindLiving, CopesWithMoreDeletesThanRows) {
  std::vector<BookDelete> deletes;
  for (int id = 0; id < 1'000; ++id) deletes.push_back({id, kNow + kMs});
  backup_.AddSegment(0, {{1, 1.0F, "gone"}, {2'000, 1.0F, "here"}});
  backup_.AddL0({}, deletes);
  const std::vector<std::vector<bool>> expected{{false, true}};
  EXPECT_EQ(LivingOf({.max_key_events = 100}), expected);
}

// No number of parts takes the events of one key apart.
TEST_F(FindLiving, CopesWithAKeyThatIsDeletedAgainAndAgain) {
  std::vector<BookDelete> deletes;
  for (int i = 0; i < 8; ++i) deletes.push_back({1, kNow + i * kMs});
  backup_.AddSegment(0, {{1, 1.0F, "gone"}, {2, 1.0F, "here"}});
  backup_.AddL0({}, deletes);
  const std::vector<std::vector<bool>> expected{{false, true}};
  EXPECT_EQ(LivingOf({.max_key_events = 4}), expected);
}

}  // namespace
}  // namespace mbk
