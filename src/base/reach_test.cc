#include "base/reach.h"

#include <gtest/gtest.h>

namespace mbk {
namespace {

TEST(CommandFor, CarriesTheFileThatReachesTheSide) {
  EXPECT_EQ(CommandFor({.flags = "--config b.yaml"}, "delete -n x").as_typed,
            "milvus-backup delete -n x --config b.yaml");
  EXPECT_EQ(CommandFor({}, "delete -n x").as_typed, "milvus-backup delete -n x");
  EXPECT_EQ(CommandFor({.environment = "env -u MINIO_ADDRESS"}, "list").as_typed,
            "env -u MINIO_ADDRESS milvus-backup list");
  EXPECT_EQ(
      CommandFor({.flags = "--config b.yaml", .secret_flags = "--set milvus.password=…"}, "list").as_typed,
      "milvus-backup list --config b.yaml (add --set milvus.password=…)");
}

TEST(Advise, PutsACommandBehindWhatItIsGoodFor) {
  EXPECT_EQ(Advise("remove it with", CommandFor({}, "delete -n x")),
            "remove it with: milvus-backup delete -n x");
}

TEST(ShellQuoted, IsOneWordWhateverItHolds) {
  EXPECT_EQ(ShellQuoted("full-backup_1.2"), "full-backup_1.2");
  EXPECT_EQ(ShellQuoted(""), "''");
  EXPECT_EQ(ShellQuoted("a b;rm -rf $HOME"), "'a b;rm -rf $HOME'");
  EXPECT_EQ(ShellQuoted("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellQuoted("~/x"), "'~/x'");
}

}  // namespace
}  // namespace mbk
