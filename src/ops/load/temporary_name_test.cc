#include "ops/load/temporary_name.h"

#include <gtest/gtest.h>

namespace mbk::load {
namespace {

TEST(TemporaryName, SaysRunAndNumberAndNothingOfTheOriginal) {
  EXPECT_EQ(TemporaryName("0123456789ab", 7), "_mbk_0123456789ab_7");
  EXPECT_EQ(AsideName("0123456789ab", 7), "_mbk_0123456789ab_7_old");
}

TEST(TemporaryName, IsReadBack) {
  EXPECT_EQ(ParseTemporaryName("_mbk_0123456789ab_12"), (TemporaryNameParts{"0123456789ab", 12, false}));
  EXPECT_EQ(ParseTemporaryName("_mbk_0123456789ab_1_old"), (TemporaryNameParts{"0123456789ab", 1, true}));
}

TEST(TemporaryName, NoNameOfAUserIsTakenForOne) {
  for (const char* name :
       {"", "_", "_mbk_", "_mbk_0123456789ab", "_mbk_0123456789ab_", "_mbk_0123456789ab_0",
        "_mbk_0123456789ab_01", "_mbk_0123456789AB_1", "_mbk_0123456789a_1", "_mbk_0123456789abc_1",
        "_mbk_0123456789ab_1x", "_mbk_0123456789ab_-1", "_mbk_0123456789ab_1_older",
        "_mbk_0123456789ab_1_old_old", "_mbk_0123456789ab__old", "x_mbk_0123456789ab_1", "mbk_0123456789ab_1",
        "_mbk_0123456789ab_99999999999"})
    EXPECT_FALSE(IsTemporaryName(name)) << name;
}

TEST(TemporaryName, OfANewRunIsRecognised) {
  const std::string run = NewRunId();
  EXPECT_NE(run, NewRunId());
  EXPECT_TRUE(IsTemporaryName(TemporaryName(run, 1))) << run;
}

}  // namespace
}  // namespace mbk::load
