#include "milvus/capability.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mbk {

void PrintTo(const MilvusVersion& version, std::ostream* out) {
  *out << version.major << "." << version.minor << "." << version.patch;
}

namespace {

MilvusVersion Parse(std::vector<std::string_view> reported) { return ParseMilvusVersion(reported); }

struct VersionCase {
  std::vector<std::string_view> reported;
  MilvusVersion want;
};

class VersionForms : public testing::TestWithParam<VersionCase> {};

TEST_P(VersionForms, AreUnderstood) { EXPECT_EQ(Parse(GetParam().reported), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    MilvusVersion, VersionForms,
    testing::Values(VersionCase{{"2.3.5"}, {2, 3, 5}},                   //
                    VersionCase{{"v2.3.5-lite"}, {2, 3, 5}},             //
                    VersionCase{{"v2.6.0-rc1"}, {2, 6, 0}},              //
                    VersionCase{{"2.6.11+build.7"}, {2, 6, 11}},         //
                    VersionCase{{"2.3.22.6"}, {2, 3, 22}},               // four-part hotfix
                    VersionCase{{"v2.3.22.6-hotfix"}, {2, 3, 22}},       //
                    VersionCase{{"2.6-20260101-1a2b3c"}, {2, 6, 9999}},  // head of the line
                    VersionCase{{"v2.5"}, {2, 5, 9999}},                 //
                    VersionCase{{"2.5.x-latest"}, {2, 5, 9999}},         //
                    VersionCase{{"2.5.8abc"}, {2, 5, 8}},                //
                    VersionCase{{"Zilliz Cloud (compatible with Milvus 2.6)"}, {2, 6, 9999}},
                    VersionCase{{"Milvus v2.5.3 Enterprise"}, {2, 5, 3}},       //
                    VersionCase{{"Milvus and more Milvus 2.4"}, {2, 4, 9999}},  //
                    VersionCase{{"", "v2.5.9"}, {2, 5, 9}},                     // GetVersion helps
                    VersionCase{{"2.6-dev", "2.6.3"}, {2, 6, 3}},               // exact before guess
                    VersionCase{{"milvus_lite", "milvus_lite-3.2.2"}, {3, 2, 2, true}},
                    VersionCase{{"milvus_lite"}, {0, 0, 0, true}},          //
                    VersionCase{{"master-20260101-1a2b3c"}, {99, 0, 0}},    //
                    VersionCase{{"20260101"}, {99, 0, 0}},                  //
                    VersionCase{{"-1.2.3"}, {99, 0, 0}},                    //
                    VersionCase{{"99999999999999999999.1.1"}, {99, 0, 0}},  // hostile
                    VersionCase{{"2.1234567.1"}, {99, 0, 0}},               //
                    VersionCase{{"2.6.1234567"}, {2, 6, 9999}},             //
                    VersionCase{{"", ""}, {99, 0, 0}}, VersionCase{{}, {99, 0, 0}}));

TEST(LooksLikeVersion, DecidesWhetherGetVersionIsAsked) {
  for (std::string_view text : {"2.3.5", "v2.3.5-lite", "2.6-20260101", "3", "2.6.0+meta"}) {
    EXPECT_TRUE(LooksLikeVersion(text)) << text;
  }
  for (std::string_view text : {"", "master-20260101", "2.3.22.6", "Milvus 2.6", "v", "-2.3", "2.3.5lite"}) {
    EXPECT_FALSE(LooksLikeVersion(text)) << text;
  }
}

struct Boundary {
  Capability capability;
  MilvusVersion without;
  MilvusVersion with;
};

class CapabilityTable : public testing::TestWithParam<Boundary> {};

TEST_P(CapabilityTable, ChangesAtItsBoundary) {
  EXPECT_FALSE(VersionHas(GetParam().without, GetParam().capability));
  EXPECT_TRUE(VersionHas(GetParam().with, GetParam().capability));
}

INSTANTIATE_TEST_SUITE_P(MilvusVersion, CapabilityTable,
                         testing::Values(Boundary{Capability::kRenameCollection, {2, 2, 8}, {2, 2, 9}},
                                         Boundary{Capability::kCountByQuery, {2, 2, 16}, {2, 3, 0}},
                                         Boundary{Capability::kDescribeDatabase, {2, 4, 2}, {2, 4, 3}},
                                         Boundary{Capability::kShowsOnlyGranted, {2, 3, 9999}, {2, 4, 0}},
                                         Boundary{Capability::kDescribeSegments, {2, 5, 7}, {2, 5, 8}},
                                         Boundary{Capability::kMultiL0InOneJob, {2, 6, 4}, {2, 6, 5}},
                                         Boundary{
                                             Capability::kCollectionLevelGcControl, {2, 6, 7}, {2, 6, 8}},
                                         Boundary{Capability::kFunctionRuntimeCheck, {2, 6, 7}, {2, 6, 8}},
                                         Boundary{Capability::kFlushAll, {2, 6, 10}, {2, 6, 11}},
                                         Boundary{Capability::kReplicateMessage, {2, 4, 9999}, {2, 5, 0}},
                                         Boundary{Capability::kReplicateMessage, {2, 6, 0}, {2, 5, 9999}},
                                         Boundary{Capability::kSnapshot, {2, 6, 9999}, {3, 0, 0}}));

TEST(Capability, APreReleaseCountsAsItsRelease) {
  EXPECT_TRUE(VersionHas(Parse({"v2.6.11-rc1"}), Capability::kFlushAll));
}

TEST(Capability, AServerImportsAndMilvusLiteDoesNot) {
  const MilvusVersion lite = Parse({"milvus_lite", "milvus_lite-3.2.2"});
  for (Capability capability : {Capability::kImport, Capability::kSegments, Capability::kCollectionDetails,
                                Capability::kLoadStates}) {
    EXPECT_TRUE(VersionHas(Parse({"v2.3.5-lite"}), capability));
    EXPECT_FALSE(VersionHas(lite, capability));
  }
  EXPECT_TRUE(VersionHas(lite, Capability::kDescribeDatabase));
  EXPECT_TRUE(VersionHas(lite, Capability::kRenameCollection));
  EXPECT_FALSE(VersionHas(lite, Capability::kSnapshot));  // whose number is above 3.0.0
}

TEST(Capability, NoVersionDecidesMultiDatabase) {
  EXPECT_FALSE(VersionHas({99, 0, 0}, Capability::kMultiDatabase));
}

}  // namespace
}  // namespace mbk
