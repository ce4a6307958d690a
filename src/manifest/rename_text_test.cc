#include "manifest/rename_text.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "manifest/testing/support.h"

namespace mbk::manifest {
namespace {

std::string Renamed(const std::string& json, const std::string& name) {
  std::istringstream in(json);
  std::string out;
  const Status renamed = RenameText(in, name, [&](std::string_view piece) {
    out += piece;
    return Status();
  });
  EXPECT_TRUE(renamed.ok()) << renamed.message();
  return out;
}

TEST(RenameText, ChangesTheNameOfTheBackupAndNoOtherByte) {
  EXPECT_EQ(
      Renamed(R"({"id":"1","name":"old","size":7,"collections":[{"name":"old","x":"\"}"}],"later":{"k":1}})",
              "new"),
      R"({"id":"1","name":"new","size":7,"collections":[{"name":"old","x":"\"}"}],"later":{"k":1}})");
  EXPECT_EQ(Renamed("{ \"Name\" : \"a\\\"b\" , \"y\" : [ \"name\" ] }\n", "n"),
            "{ \"Name\" : \"n\" , \"y\" : [ \"name\" ] }\n");
}

TEST(RenameText, AddsANameWhereThereIsNone) {
  EXPECT_EQ(Renamed(R"({"id":"1"})", "new"), R"({"id":"1","name":"new"})");
  EXPECT_EQ(Renamed("{}", "new"), R"({"name":"new"})");
}

TEST(RenameText, OfAGoldenBackupIsReadBackUnderItsNewName) {
  const std::string old = ReadGolden("go-head/spechead/meta/full_meta.json");
  const std::string text = Renamed(old, "spechead_carried");
  EXPECT_EQ(text.size(), old.size() + std::string("_carried").size());
  std::istringstream in(text);
  const Backup backup = ReadFullMeta(in).value();
  EXPECT_EQ(backup.name, "spechead_carried");
  EXPECT_EQ(backup.collections.size(), 5u);
}

TEST(RenameText, OfTextThatIsCutIsDataLoss) {
  for (const std::string json : {"", "[]", "{\"name\":\"a\"", "{\"name\":\"a"}) {
    std::istringstream in(json);
    EXPECT_EQ(RenameText(in, "b", [](std::string_view) { return Status(); }).code(), Code::kDataLoss) << json;
  }
}

}  // namespace
}  // namespace mbk::manifest
