#include "cli/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/testing/call.h"

namespace mbk::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Flags, MayBeSpelledWithDashesOrUnderscores) {
  EXPECT_THAT(
      NormalizeFlags(
          {"--dry-run", "--dry_run", "--drop-exist-collection=a-b", "-n", "a-b", "--", "--dry-run"}),
      ElementsAre("--dry_run", "--dry_run", "--drop_exist_collection=a-b", "-n", "a-b", "--", "--dry-run"));
  EXPECT_THAT(NormalizeFlags({}), testing::IsEmpty());
  EXPECT_THAT(NormalizeFlags({"---", "-", "a-b"}), ElementsAre("--_", "-", "a-b"));
  EXPECT_THAT(NormalizeFlags({"--a-b=", "--json", "--", "--a="}),
              ElementsAre("--a_b", "", "--json", "--", "--a="));
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
        WrongUsage{"BadName", {"restore", "-n", "a/b"}, "\"a/b\" is no name of a backup"},
        WrongUsage{"BadNameOfCreate", {"create", "-n", "../x"}, "invalid backup name"},
        WrongUsage{"BadFilter", {"create", "-n", "a", "--filter", "a-b"}, "invalid filter rule: a-b"},
        WrongUsage{"BadStrategy", {"create", "-n", "a", "--strategy", "fast"}, "invalid strategy fast"},
        WrongUsage{"TwoRenames", {"restore", "-n", "a", "-s", "_x", "-r", "a:b"}, "suffix and rename"},
        WrongUsage{"TwoSelections", {"create", "-n", "a", "-d", "x,y", "-c", "z"}, "--filter 'x.*,y.*,z'"},
        WrongUsage{"OneCollectionTwice", {"restore", "-n", "a", "-r", "b:c,b:d"}, "b has two new names"},
        WrongUsage{
            "OneSideTwice", {"compare", "-c", "a,a:b", "--to", "other.yaml"}, "collection a is named twice"},
        WrongUsage{"OneSideTwiceByItsFullName",
                   {"compare", "-c", "a:b,default.a:c"},
                   "collection default.a is named twice"},
        WrongUsage{"SetToWithoutTo",
                   {"compare", "-c", "a:b", "--set-to", "milvus.port=1"},
                   "--to, which is not given"},
        WrongUsage{"SetToWhereNoToIs", {"list", "--set-to", "milvus.port=1"}, "which list does not take"},
        WrongUsage{
            "AutoIndexWithoutIndexes", {"restore", "-n", "a", "--use_auto_index"}, "add --rebuild_index"},
        WrongUsage{"NoSuchConfig", {"list", "--config", "no_such_file.yaml"}, "no_such_file.yaml"},
        WrongUsage{"NoCluster", {"migrate", "-n", "a"}, "--cluster_id"},
        WrongUsage{"BadCluster", {"migrate", "-n", "a", "-c", "in 01"}, "--cluster_id"},
        WrongUsage{"BadProgress", {"list", "--progress", "loud"}, "--progress loud"}),
    [](const auto& info) { return info.param.name; });

// Of a script whose variable is not set: "" must not mean everything, or this side instead of the other.
TEST(Values, ThatAreGivenAndEmptyAreWrongUsage) {
  const std::vector<std::vector<std::string>> calls = {
      {"verify", "-n", "a", "--live", "--to", ""},
      {"compare", "-c", "a:b", "--to", ""},
      {"compare", "-c", ","},
      {"compare", "-c", ""},
      {"export", "-n", "a", "-o", "x", "--to", " "},
      {"export", "-n", "a", "-o", "x", "-c", " , "},
      {"export", "-n", "a", "-o", "", "-c", "b"},
      {"create", "-n", ""},
      {"create", "-n", "a", "-c", ""},
      {"create", "-n", "a", "-c", " , "},
      {"create", "-n", "a", "-d", ","},
      {"create", "-n", "a", "--filter", " "},
      {"create", "-n", "a", "--filter="},
      {"clone", "--to", "", "-c", "b"},
      {"copy", "-n", "a", "--to", "b.yaml", "--as", ""},
      {"restore", "-n", "a", "-s", "", "--drop_exist_collection"},
      {"restore", "-n", "a", "--suffix=", "--drop_exist_collection"},
      {"restore", "-n", "a", "-r", "", "--drop_exist_collection"},
      {"restore", "-n", "a", "-r", ",", "--drop_exist_collection"},
      {"list", "-c", ""},
      {"config", "show", "--to", ""},
  };
  for (std::vector<std::string> call : calls) {
    std::string typed;
    for (const std::string& word : call) typed += word + "|";
    call.insert(call.end(), {"--config", "no_such_file.yaml"});
    const Said said = Call(std::move(call));
    EXPECT_EQ(said.exit_code, kUsage) << typed;
    EXPECT_THAT(said.err, AllOf(HasSubstr("Error: "), HasSubstr("the value is empty"))) << typed;
  }
  EXPECT_THAT(Call({"create", "-n", "a", "-a", "{}"}).err, HasSubstr("database_collections: want JSON"));
}

// Takes cli/verify_command.cc: "run verify once with --level"
TEST(VerifyLive, ProvesNoLevel) {
  const std::vector<std::string> verify = {"verify", "-n", "a", "--config", "no_such_file.yaml"};
  const auto err = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> call = verify;
    call.insert(call.end(), flags.begin(), flags.end());
    return Call(std::move(call)).err;
  };
  EXPECT_THAT(err({"--live", "--level", "rows"}), HasSubstr("once with --level rows and once with --live"));
  EXPECT_THAT(err({"--level", "rows"}), HasSubstr("no_such_file.yaml"));
  EXPECT_THAT(err({"--live"}), HasSubstr("no_such_file.yaml"));
}

// Field case 33: words of scripts and manuals.
TEST(Words, ThatAreNotUnderstoodAreNamedAsTypedWithWhatIsMeant) {
  const auto err = [](std::vector<std::string> arguments) {
    const Said said = Call(std::move(arguments));
    EXPECT_EQ(said.exit_code, kUsage);
    return said.err;
  };
  EXPECT_THAT(err({"create", "--backup-name", "x", "y"}),
              AllOf(HasSubstr("not understood: --backup-name x y"),
                    HasSubstr("create has no flag --backup-name, here it is --name"),
                    HasSubstr("Run 'milvus-backup create --help'")));
  EXPECT_THAT(err({"server", "-p", "8080"}), AllOf(HasSubstr("not understood: server -p 8080"),
                                                   HasSubstr("there is no command server: this version")));
  for (const char* command : {"get", "restore", "delete"})
    EXPECT_THAT(err({command, "--backup_name", "x"}),
                AllOf(HasSubstr("not understood: --backup_name x"), HasSubstr("here it is --name")));
  EXPECT_THAT(err({"lst"}), HasSubstr("did you mean list?"));
  EXPECT_THAT(err({"restore", "-n", "a", "--restore-indx"}), HasSubstr("here it is --restore_index"));
  EXPECT_THAT(err({"config", "show", "--config-file", "x"}),
              AllOf(HasSubstr("config show has no flag --config-file"), HasSubstr("here it is --config")));
  for (const char* flag : {"--dest", "--bar"})
    EXPECT_THAT(err({"copy", "-n", "a", flag, "x"}), Not(HasSubstr("here it is"))) << "near to nothing";
}

TEST(Words, VersionAndHelpAreCommandsToo) {
  EXPECT_THAT(Call({"version"}).out, HasSubstr("milvus-backup "));
  EXPECT_EQ(Call({"help"}).out, Call({"--help"}).out);
  EXPECT_EQ(Call({"help", "config", "show"}).out, Call({"config", "show", "--help"}).out);
  EXPECT_EQ(Call({"help", "restore"}).exit_code, kDone);
  const std::vector<std::vector<std::string>> before = {
      {"--config", "no_such_file.yaml"}, {"--config=x"}, {"--json"}, {"-q", "--set-to", "a=b"}};
  for (std::vector<std::string> flags : before) {
    flags.push_back("version");
    EXPECT_THAT(Call(flags).out, HasSubstr("milvus-backup ")) << flags.front();
    flags.back() = "help";
    flags.push_back("restore");
    EXPECT_EQ(Call(flags).out, Call({"restore", "--help"}).out) << flags.front();
  }
}

TEST(Main, AFailureIsOneJsonDocumentWhenAskedFor) {
  const Said said = Call({"--json", "restore", "-n", "a/b"});
  EXPECT_EQ(said.exit_code, kUsage);
  const auto json = nlohmann::json::parse(said.out);
  EXPECT_EQ(json["error"]["code"], "invalid argument");
  EXPECT_THAT(json["error"]["message"].get<std::string>(), HasSubstr("a/b"));
}

}  // namespace
}  // namespace mbk::cli
