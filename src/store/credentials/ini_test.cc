#include "store/credentials/ini.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mbk::credentials {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ParseIni, ReadsSectionsAndProperties) {
  Result<IniFile> file = ParseIni(
      "\xEF\xBB\xBF# a comment\r\n[ default ]\r\nAWS_Access_Key_Id = AKIA\r\n"
      "aws_secret_access_key=a=b#c ; the '#' has no blank before it\n\n[profile dev]\n; another\nregion =\n");
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->at("default").at("aws_access_key_id"), "AKIA");
  EXPECT_EQ(file->at("default").at("aws_secret_access_key"), "a=b#c");
  EXPECT_EQ(file->at("profile dev").at("region"), "");
}

TEST(ParseIni, PassesOverNestedProperties) {
  Result<IniFile> file = ParseIni("[default]\ns3 =\n  region = nested\nregion = own\n");
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->at("default").at("region"), "own");
}

TEST(ParseIni, JoinsASectionThatStandsTwice) {
  Result<IniFile> file = ParseIni("[a]\nx=1\ny=1\n[b]\n[a]\nx=2");
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->at("a").at("x"), "2");
  EXPECT_EQ(file->at("a").at("y"), "1");
}

TEST(ParseIni, NamesTheLineThatIsBrokenAndNotItsText) {
  for (const char* text : {"[a]\nthe-secret\n", "[a]\n[the-secret\n", "\nthe-secret = 1\n"}) {
    const Status broken = ParseIni(text).status();
    EXPECT_EQ(broken.code(), Code::kInvalidArgument) << text;
    EXPECT_THAT(broken.message(), HasSubstr("line 2"));
    EXPECT_THAT(broken.message(), Not(HasSubstr("the-secret")));
  }
}

TEST(ParseIni, HasLimits) {
  std::string sections, properties = "[a]\n";
  for (int i = 0; i < 10'001; ++i) sections += "[s" + std::to_string(i) + "]\n";
  for (int i = 0; i < 1'001; ++i) properties += "p" + std::to_string(i) + "=\n";
  EXPECT_EQ(ParseIni(sections).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(ParseIni(properties).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace mbk::credentials
