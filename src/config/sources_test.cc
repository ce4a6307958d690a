#include "config/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/testing/config_testing.h"

namespace mbk::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "config_test.XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  std::string Write(const std::string& name, std::string_view text) const {
    const auto path = path_ / name;
    std::ofstream(path) << text;
    return path.string();
  }
  std::string str() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::vector<std::string> Split(std::string_view flag) {
  auto items = SplitSetFlag(flag);
  EXPECT_TRUE(items.ok()) << items.status().message();
  return items.ok() ? *std::move(items) : std::vector<std::string>{};
}

TEST(SplitSetFlag, SplitsAtCommasOutsideQuotes) {
  EXPECT_THAT(Split(""), IsEmpty());
  EXPECT_THAT(Split("a=1"), ElementsAre("a=1"));
  EXPECT_THAT(Split("a=1,b=2,"), ElementsAre("a=1", "b=2", ""));
  EXPECT_THAT(Split("\"e=a:1,b:2\",c=3"), ElementsAre("e=a:1,b:2", "c=3"));
  EXPECT_THAT(Split("\"p=say \"\"hi\"\"\""), ElementsAre("p=say \"hi\""));
  EXPECT_THAT(Split("p=a\"b"), ElementsAre("p=a\"b"));
}

TEST(SplitSetFlag, RefusesBrokenQuotesWithoutShowingThem) {
  for (const char* flag : {"\"p=hunter2", "\"p=hunter2\"x", "a=1,\"p=hunter2"}) {
    const auto items = SplitSetFlag(flag);
    ASSERT_FALSE(items.ok()) << flag;
    EXPECT_THAT(items.status().message(), AllOf(HasSubstr("item "), Not(HasSubstr("hunter2"))));
  }
}

TEST(ParseOverrides, SplitsAtTheFirstEqualsSign) {
  const auto overrides = ParseOverrides({"a=b=c", "d="}, Role::kConfig);
  ASSERT_TRUE(overrides.ok());
  EXPECT_EQ(overrides->at(0).value, "b=c");
  EXPECT_EQ(overrides->at(1).value, "");
  EXPECT_FALSE(ParseOverrides({"=x"}, Role::kConfig).ok());
}

TEST(LocateFile, TakesThePathAsGivenFirst) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("mine.yaml", "");
  const TemporaryDirectory other;
  other.Write("mine.yaml", "");
  EXPECT_EQ(LocateFile(path, Env({{"MILVUSCONF", other.str()}})).value(), path);
}

TEST(LocateFile, LooksForTheLastComponentInMilvusconf) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("mine.yaml", "");
  EXPECT_EQ(LocateFile("nowhere/mine.yaml", Env({{"MILVUSCONF", directory.str()}})).value(), path);
}

TEST(LocateFile, ErrorSaysWhatWasTriedAndHowToGoOn) {
  const auto missing = LocateFile("no-such-file.yaml", Env({}));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(
      missing.status().message(),
      AllOf(HasSubstr("cannot locate config file \"no-such-file.yaml\""), HasSubstr("$MILVUSCONF (not set)"),
            HasSubstr("\"configs/no-such-file.yaml\""), HasSubstr("--config")));
  EXPECT_THAT(LocateFile("no-such-file.yaml", Env({}), Role::kTo).status().message(),
              AllOf(HasSubstr("--to FILE"), testing::Not(HasSubstr("--config"))));
  EXPECT_THAT(LocateFile("no-such-file.yaml", Env({{"MILVUSCONF", "/nowhere"}})).status().message(),
              HasSubstr("/nowhere/no-such-file.yaml"));
}

TEST(ReadConfigFile, RefusesDirectoriesAndHugeFiles) {
  const TemporaryDirectory directory;
  EXPECT_THAT(ReadConfigFile(directory.str()).status().message(), HasSubstr("is a directory"));
  const std::string path = directory.Write("huge.yaml", std::string((1 << 20) + 1, '#'));
  EXPECT_THAT(ReadConfigFile(path).status().message(), HasSubstr("larger than 1 MiB"));
  EXPECT_EQ(ReadConfigFile(directory.Write("full.yaml", std::string(1 << 20, '#'))).value().size(), 1u << 20);
}

TEST(Load, ReadsAFileAndNamesItInErrors) {
  const TemporaryDirectory directory;
  const std::string good = directory.Write("good.yaml", "milvus: {port: 7}");
  const auto loaded = Load({.file = good, .env = Env({})});
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_EQ(loaded->config.milvus.port, 7);
  EXPECT_EQ(loaded->file, good);
  const std::string bad = directory.Write("bad.yaml", "milvus:\n\tport: 7\n");
  EXPECT_THAT(Load({.file = bad, .env = Env({})}).status().message(),
              AllOf(HasSubstr(bad), HasSubstr("line 2")));
}

TEST(Load, WithoutAFileNothingIsRead) {
  const auto loaded = Load({.file = "", .env = Env({})});
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->file, "");
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

}  // namespace
}  // namespace mbk::config
