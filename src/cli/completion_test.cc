#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/command_line.h"

namespace mbk::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<CommandFacts> Tree() {
  const CommandLine line;
  return DescribeTree(line.app);
}

// A file that lives as long as the test, and a shell that reads it.
class Shell : public ::testing::Test {
 protected:
  Shell() {
    std::string pattern = ::testing::TempDir() + "mbk_completion_XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~Shell() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = directory_ / name;
    std::ofstream(file) << text;
    return file.string();
  }

  struct Outcome {
    int exit_status = -1;
    std::string output;
  };
  static Outcome Run(const std::string& command) {
    Outcome outcome;
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> buffer;
    while (std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe))
      outcome.output.append(buffer.data(), n);
    outcome.exit_status = pclose(pipe);
    return outcome;
  }

  static bool Has(const std::string& shell) { return Run("command -v " + shell).exit_status == 0; }

  std::filesystem::path directory_;
};

class BashCompletionTest : public Shell {
 protected:
  // What bash proposes for `words` when TAB is pressed at the end of the last one.
  std::vector<std::string> Complete(const std::string& words) {
    const std::string file = Write("script", BashCompletion(Tree()));
    const Outcome outcome =
        Run("cd " + directory_.string() + " && bash -c 'set -u; source " + file + "; COMP_WORDS=(" + words +
            "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _milvus_backup; printf \"%s\\n\" "
            "\"${COMPREPLY[@]}\"'");
    std::istringstream lines(outcome.output);
    std::vector<std::string> proposals;
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) proposals.push_back(line);
    }
    return proposals;
  }
};

TEST_F(BashCompletionTest, IsGoodBash) {
  const Outcome outcome = Run("bash -n " + Write("script", BashCompletion(Tree())));
  EXPECT_EQ(outcome.exit_status, 0) << outcome.output;
}

TEST_F(BashCompletionTest, CompletesCommands) {
  EXPECT_THAT(Complete("milvus-backup re"), ElementsAre("restore"));
  EXPECT_THAT(Complete("milvus-backup c"),
              ElementsAre("create", "compare", "copy", "clone", "check", "config", "completion"));
  EXPECT_THAT(Complete("milvus-backup config \"\""), ElementsAre("show"));
  EXPECT_THAT(Complete("milvus-backup completion f"), ElementsAre("fish"));
}

TEST_F(BashCompletionTest, ProposesEveryFlagOfTheCommandAndOfTheProgram) {
  const std::vector<CommandFacts> tree = Tree();
  for (const CommandFacts& command : tree) {
    std::vector<std::string> names;
    for (const FlagFacts& flag : command.flags)
      names.insert(names.end(), flag.names.begin(), flag.names.end());
    if (!command.path.empty()) names.insert(names.end(), {"--config", "--set", "--json"});
    EXPECT_THAT(Complete("milvus-backup " + command.path + " -"), IsSupersetOf(names)) << command.path;
  }
}

TEST_F(BashCompletionTest, KeepsTheFlagsOfOtherCommandsAway) {
  EXPECT_THAT(Complete("milvus-backup list --"), Not(Contains("--suffix")));
  EXPECT_THAT(Complete("milvus-backup list --"), Not(Contains("--version")));
}

TEST_F(BashCompletionTest, TakesDashesInFlagNames) {
  EXPECT_THAT(Complete("milvus-backup delete --dry"), ElementsAre("--dry_run"));
  EXPECT_THAT(Complete("milvus-backup delete --dry-"), ElementsAre("--dry-run"));
}

TEST_F(BashCompletionTest, ProposesWordsAndFilesWhereAFlagTakesThem) {
  Write("other.yaml", "");
  EXPECT_THAT(Complete("milvus-backup list --progress j"), ElementsAre("json"));
  EXPECT_THAT(Complete("milvus-backup list --progress = j"), ElementsAre("json"));
  EXPECT_THAT(Complete("milvus-backup create --strategy s"), ElementsAre("skip_flush", "serial_flush"));
  EXPECT_THAT(Complete("milvus-backup copy -n b --to oth"), ElementsAre("other.yaml"));
  EXPECT_THAT(Complete("milvus-backup --config oth"), ElementsAre("other.yaml"));
}

TEST_F(BashCompletionTest, ProposesNothingWhereOnlyTheUserKnows) {
  EXPECT_THAT(Complete("milvus-backup restore -n re"), IsEmpty());
  EXPECT_THAT(Complete("milvus-backup create -d d"), IsEmpty());
}

TEST_F(BashCompletionTest, SeesOneFlagInTwoCommandsApart) {
  // -d takes databases in restore and is a switch in get.
  EXPECT_THAT(Complete("milvus-backup restore -d --na"), IsEmpty());
  EXPECT_THAT(Complete("milvus-backup get -d --na"), ElementsAre("--name"));
}

using OtherShells = Shell;

TEST_F(OtherShells, ZshScriptIsGoodZsh) {
  const std::string script = ZshCompletion(Tree());
  EXPECT_THAT(script, StartsWith("#compdef milvus-backup\n"));
  if (!Has("zsh")) GTEST_SKIP() << "no zsh here";
  const Outcome outcome = Run("zsh -n " + Write("_milvus-backup", script));
  EXPECT_EQ(outcome.exit_status, 0) << outcome.output;
}

TEST_F(OtherShells, FishCompletesCommandsFlagsAndWords) {
  if (!Has("fish")) GTEST_SKIP() << "no fish here";
  const std::string file = Write("script.fish", FishCompletion(Tree()));
  const auto complete = [&](const std::string& line) {
    return Run("HOME=" + directory_.string() + " fish --no-config -c 'source " + file + "; complete -C \"" +
               line + "\"'")
        .output;
  };
  EXPECT_THAT(complete("milvus-backup re"), StartsWith("restore\t"));
  EXPECT_THAT(complete("milvus-backup config "), StartsWith("show\t"));
  EXPECT_THAT(complete("milvus-backup restore --skip"), StartsWith("--skip_create_collection\t"));
  EXPECT_THAT(complete("milvus-backup list --progress j"), StartsWith("json"));
}

TEST(CompletionScripts, NameEveryFlagInAllThreeShells) {
  const std::vector<CommandFacts> tree = Tree();
  const std::string bash = BashCompletion(tree), zsh = ZshCompletion(tree), fish = FishCompletion(tree);
  for (const CommandFacts& command : tree) {
    for (const FlagFacts& flag : command.flags) {
      const std::string& name = flag.names.back();
      EXPECT_THAT(bash, HasSubstr(name));
      EXPECT_THAT(zsh, HasSubstr(name));
      EXPECT_THAT(fish, HasSubstr("-l " + name.substr(2)));
    }
  }
}

TEST(CommandTree, HasOneLineForEachCommand) {
  for (const CommandFacts& command : Tree()) {
    EXPECT_THAT(command.description, Not(HasSubstr("\n"))) << command.path;
    EXPECT_THAT(command.description, AllOf(Not(IsEmpty()), Not(HasSubstr(".  ")))) << command.path;
  }
}

TEST(CommandTree, GivesAFooterToItsOwnCommandOnly) {
  const std::vector<CommandFacts> tree = Tree();
  ASSERT_NE(FindCommand(tree, "config show"), nullptr);
  EXPECT_THAT(FindCommand(tree, "check config")->footer, IsEmpty());
  EXPECT_THAT(FindCommand(tree, "")->footer, HasSubstr("Exit codes"));
  EXPECT_EQ(FindCommand(tree, "config shows"), nullptr);
}

}  // namespace
}  // namespace mbk::cli
