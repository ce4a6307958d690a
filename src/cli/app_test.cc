#include "cli/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/exit_code.h"

namespace mbk::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

struct Said {
  int exit_code = 0;
  std::string out, err;
};

Said Call(std::vector<std::string> arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Said said{.exit_code = Main(std::move(arguments))};
  said.out = testing::internal::GetCapturedStdout();
  said.err = testing::internal::GetCapturedStderr();
  return said;
}

TEST(Flags, MayBeSpelledWithDashesOrUnderscores) {
  EXPECT_THAT(
      NormalizeFlags(
          {"--dry-run", "--dry_run", "--drop-exist-collection=a-b", "-n", "a-b", "--", "--dry-run"}),
      ElementsAre("--dry_run", "--dry_run", "--drop_exist_collection=a-b", "-n", "a-b", "--", "--dry-run"));
  EXPECT_THAT(NormalizeFlags({}), testing::IsEmpty());
  EXPECT_THAT(NormalizeFlags({"---", "-", "a-b"}), ElementsAre("--_", "-", "a-b"));
}

TEST(Main, HelpAndVersionAreResults) {
  const Said help = Call({"--help"}), version = Call({"--version"}), restore = Call({"restore", "--help"});
  EXPECT_EQ(help.exit_code, kDone);
  EXPECT_THAT(help.out, AllOf(HasSubstr("create"), HasSubstr("restore"), HasSubstr("Exit codes")));
  EXPECT_EQ(version.exit_code, kDone);
  EXPECT_THAT(version.out, HasSubstr("milvus-backup "));
  EXPECT_THAT(restore.out, HasSubstr("--suffix"));
}

// Found before any server, or even the configuration, is asked.
struct WrongUsage {
  std::string name;
  std::vector<std::string> arguments;
  std::string says;
};
class Usage : public testing::TestWithParam<WrongUsage> {};

TEST_P(Usage, IsExplainedOnStderrWithExitCodeTwo) {
  const Said said = Call(GetParam().arguments);
  EXPECT_EQ(said.exit_code, kUsage);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.err, AllOf(HasSubstr("Error: "), HasSubstr(GetParam().says)));
}

INSTANTIATE_TEST_SUITE_P(
    ThatIsWrong, Usage,
    testing::Values(
        WrongUsage{"NoCommand", {}, "no command given"}, WrongUsage{"UnknownCommand", {"destroy"}, "destroy"},
        WrongUsage{"UnknownFlag", {"list", "--nope"}, "--nope"},
        WrongUsage{"MissingName", {"restore"}, "--name"},
        WrongUsage{"BadName", {"restore", "-n", "a-b"}, "invalid backup name \"a-b\""},
        WrongUsage{"BadNameOfCreate", {"create", "-n", "../x"}, "invalid backup name"},
        WrongUsage{"BadFilter", {"create", "-n", "a", "--filter", "a-b"}, "invalid filter rule: a-b"},
        WrongUsage{"BadStrategy", {"create", "-n", "a", "--strategy", "fast"}, "invalid strategy fast"},
        WrongUsage{"TwoRenames", {"restore", "-n", "a", "-s", "_x", "-r", "a:b"}, "suffix and rename"},
        WrongUsage{"NoSuchConfig", {"list", "--config", "no_such_file.yaml"}, "no_such_file.yaml"},
        WrongUsage{"NoCluster", {"migrate", "-n", "a"}, "--cluster_id"},
        WrongUsage{"BadCluster", {"migrate", "-n", "a", "-c", "in 01"}, "--cluster_id"},
        WrongUsage{"BadProgress", {"list", "--progress", "loud"}, "--progress loud"}),
    [](const auto& info) { return info.param.name; });

TEST(Main, AFailureIsOneJsonDocumentWhenAskedFor) {
  const Said said = Call({"--json", "restore", "-n", "a-b"});
  EXPECT_EQ(said.exit_code, kUsage);
  const auto json = nlohmann::json::parse(said.out);
  EXPECT_EQ(json["error"]["code"], "invalid argument");
  EXPECT_THAT(json["error"]["message"].get<std::string>(), HasSubstr("a-b"));
}

}  // namespace
}  // namespace mbk::cli
