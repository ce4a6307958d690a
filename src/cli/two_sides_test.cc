// What is meant for the side of --config never reaches that of --to, in each command that has both.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/exit_code.h"
#include "cli/testing/call.h"
#include "milvus/testing/mock_server.h"
#include "store/testing/temp_directory.h"

namespace mbk::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// How the side of --config is told something that its file does not say.
enum class Way { kVariable, kSet };

class Variable {
 public:
  Variable(const std::string& name, const std::string& value) : name_(name) {
    ::setenv(name.c_str(), value.c_str(), /*overwrite=*/1);
  }
  ~Variable() { ::unsetenv(name_.c_str()); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
};

class TwoSides : public testing::TestWithParam<Way> {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }

  // A file of local stores, all below our directory, and of a Milvus at that port.
  std::string Write(const std::string& name, int milvus_port, const std::string& backup_root) const {
    std::filesystem::create_directories(Path("data"));
    std::ofstream(Path(name)) << "milvus: {address: 127.0.0.1, port: " << milvus_port
                              << "}\nminio: {storageType: local, rootPath: " << Path("data")
                              << ", backupRootPath: " << backup_root
                              << "}\nbackup: {gcPause: {enable: false}}\nlog: {file: {filename: ''}}\n";
    return Path(name);
  }

  // Runs a command whose --config side has these values from the environment or by --set.
  Said CallWith(const std::string& variable, const std::string& key, const std::string& value,
                std::vector<std::string> arguments) const {
    std::optional<Variable> set;
    if (GetParam() == Way::kVariable) {
      set.emplace(variable, value);
    } else {
      arguments.insert(arguments.end(), {"--set", key + "=" + value});
    }
    return Call(std::move(arguments));
  }

  Said CallWithBackupsAt(const std::string& root, std::vector<std::string> arguments) const {
    return CallWith("MINIO_BACKUP_ROOT_PATH", "minio.backupRootPath", root, std::move(arguments));
  }

  // Both servers were reached: the one that only the environment or --set names, and that of the --to file.
  void ExpectBothAreReached(const std::string& backup_root, std::vector<std::string> arguments) const {
    const milvustest::MockServer here, there;
    const std::string a = Write("a.yaml", 1, backup_root), b = Write("b.yaml", there.port(), Path("B"));
    arguments.insert(arguments.end(), {"--config", a, "--to", b});
    const Said said =
        CallWith("MILVUS_PORT", "milvus.port", std::to_string(here.port()), std::move(arguments));
    EXPECT_THAT(here.seen("Connect"), Not(IsEmpty())) << said.err;
    EXPECT_THAT(there.seen("Connect"), Not(IsEmpty())) << said.err;
  }

  // Where the backup spec516 of the Go tool lies.
  std::string GoldenRoot() const {
    const std::string root = Path("golden");
    std::filesystem::create_directories(root);
    const std::string command = "tar -xzf tests/compat/go-v0.5.16.tar.gz -C " + root;
    EXPECT_EQ(std::system(command.c_str()), 0);
    return root;
  }

  TempDirectory directory_;
};

TEST_P(TwoSides, CopyWritesToTheStoreOfTheOtherFile) {
  const std::string a = Write("a.yaml", 1, Path("nowhere")), b = Write("b.yaml", 1, Path("B"));
  const Said said =
      CallWithBackupsAt(GoldenRoot(), {"copy", "-n", "spec516", "--config", a, "--to", b, "--json"});
  EXPECT_EQ(said.exit_code, kDone) << said.err;
  EXPECT_THAT(said.out, HasSubstr(Path("B")));
  EXPECT_TRUE(std::filesystem::exists(Path("B") + "/spec516/meta/backup_meta.json"));
}

TEST_P(TwoSides, ExportPlansForTheStoreOfTheOtherFile) {
  const std::string a = Write("a.yaml", 1, Path("nowhere")), b = Write("b.yaml", 1, Path("B"));
  const Said said =
      CallWithBackupsAt(GoldenRoot(), {"export", "-n", "spec516", "-c", "growing", "-o", Path("B") + "/rows",
                                       "--format", "jsonl", "--config", a, "--to", b, "--dry-run", "--json"});
  EXPECT_EQ(said.exit_code, kDone) << said.err;
  EXPECT_THAT(said.out, HasSubstr(Path("B")));
}

TEST_P(TwoSides, CompareAsksTheServerOfTheOtherFile) {
  ExpectBothAreReached(Path("A"), {"compare", "-c", "coll"});
}

TEST_P(TwoSides, CloneAsksTheServerOfTheOtherFile) {
  ExpectBothAreReached(Path("A"), {"clone", "-c", "coll", "--dry-run"});
}

TEST_P(TwoSides, VerifyLiveAsksTheServerOfTheOtherFile) {
  const milvustest::MockServer here, there;
  const std::string a = Write("a.yaml", 1, GoldenRoot()), b = Write("b.yaml", there.port(), Path("B"));
  const Said said =
      CallWith("MILVUS_PORT", "milvus.port", std::to_string(here.port()),
               {"verify", "-n", "spec516", "--live", "--filter", "growing", "--config", a, "--to", b});
  EXPECT_THAT(here.seen(), IsEmpty());
  EXPECT_THAT(there.seen("Connect"), Not(IsEmpty())) << said.err;
}

TEST_P(TwoSides, ConfigShowsTheOtherSideAsTheCommandsSeeIt) {
  const std::string a = Write("a.yaml", 1, Path("A")), b = Write("b.yaml", 2, Path("B"));
  const Variable password("TO_MILVUS_PASSWORD", "hunter2"), port("TO_MILVUS_PORT", "tcp://10.0.0.1:19530");
  const Said said =
      CallWith("MILVUS_PORT", "milvus.port", "3",
               {"config", "show", "--config", a, "--to", b, "--set-to", "milvus.user=root", "--json"});
  ASSERT_EQ(said.exit_code, kDone) << said.err;
  std::map<std::string, nlohmann::json> rows;
  for (const auto& row : nlohmann::json::parse(said.out)) rows[row["parameter"]] = row;
  EXPECT_EQ(rows["Milvus.Grpc.Port"]["value"], "2");
  EXPECT_EQ(rows["Milvus.User"]["value"], "root");
  EXPECT_EQ(rows["Milvus.User"]["source"], "override");
  EXPECT_EQ(rows["Milvus.Password"]["source_key"], "TO_MILVUS_PASSWORD");
  EXPECT_THAT(said.out, Not(HasSubstr("hunter2")));
  EXPECT_THAT(said.err, HasSubstr(b + ": environment variable TO_MILVUS_PORT"));
}

INSTANTIATE_TEST_SUITE_P(Of, TwoSides, testing::Values(Way::kVariable, Way::kSet),
                         [](const auto& info) { return info.param == Way::kVariable ? "AVariable" : "Set"; });

// Field case 35.
TEST(LogFile, ThatCannotBeWrittenIsAWarningAndTheCommandGoesOn) {
  const TempDirectory directory;
  const std::string file = directory.path() + "/a.yaml", root = directory.path() + "/B";
  std::filesystem::create_directories(root);
  std::ofstream(file) << "minio: {backupStorageType: local, backupRootPath: " << root
                      << "}\nlog: {file: {filename: " << directory.path() << "}}\n";
  const Said said = Call({"list", "--config", file});
  EXPECT_EQ(said.exit_code, kDone) << said.err;
  EXPECT_THAT(said.err, testing::AllOf(HasSubstr("warning: no log file is written (log.file.filename)"),
                                       HasSubstr("is a directory")));
}

TEST(List, OfARootThatIsNotThereSaysSoInTextAndJson) {
  const TempDirectory directory;
  const std::string file = directory.path() + "/a.yaml", root = directory.path() + "/gone";
  for (const std::string console : {"true", "false"}) {
    std::ofstream(file) << "minio: {backupStorageType: local, backupRootPath: " << root
                        << "}\nlog: {console: " << console << ", file: {filename: ''}}\n";
    const Said said = Call({"list", "--json", "--config", file});
    EXPECT_EQ(said.exit_code, kDone) << said.err;
    const std::size_t at = said.err.find(root + " is not there");
    ASSERT_NE(at, std::string::npos) << said.err;
    EXPECT_EQ(said.err.find("is not there", at + root.size() + 5), std::string::npos) << "once: " << said.err;
    EXPECT_THAT(nlohmann::json::parse(said.out)["problem"].get<std::string>(),
                HasSubstr(root + " is not there"));
  }
}

// Field case 33.
TEST(Delete, TakesYesFromScripts) {
  EXPECT_THAT(Call({"delete", "-n", "x", "--yes", "--config", "no_such_file.yaml"}).err,
              HasSubstr("no_such_file.yaml"));
}

}  // namespace
}  // namespace mbk::cli
