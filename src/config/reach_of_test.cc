#include "config/reach_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "config/testing/config_testing.h"

namespace mbk::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Variables = std::map<std::string, std::string>;

constexpr std::string_view kV1File =
    "milvus: {address: b.example, port: 19530}\nminio: {address: minio.b, secretAccessKey: of-the-file}\n";

// A directory of our own with a file b.yaml and a program `milvus-backup` that only says how it was called.
class Shell {
 public:
  Shell() {
    std::string name = (std::filesystem::temp_directory_path() / "mbk-reach-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    directory_ = name;
    std::ofstream(directory_ / "milvus-backup")
        << "#!/bin/sh\nenv -0 > called.env\n"
           "for word in \"$@\"; do printf '%s\\0' \"$word\"; done > called.args\n";
    std::filesystem::permissions(directory_ / "milvus-backup", std::filesystem::perms::owner_all);
  }
  ~Shell() { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, std::string_view text) const {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }

  struct Called {
    std::vector<std::string> words;
    Variables variables;
  };

  // Runs what was printed, with just these variables.
  Called Run(const std::string& printed, const Variables& variables) const {
    std::ofstream script(directory_ / "run");
    for (const auto& [name, value] : variables)
      script << "export " << name << "=" << ShellQuoted(value) << "\n";
    script << printed << "\n";
    script.close();
    const std::string command =
        "cd " + ShellQuoted(directory_.string()) + " && env -i PATH=\"$PWD:/usr/bin:/bin\" /bin/sh ./run";
    EXPECT_EQ(std::system(command.c_str()), 0) << printed;
    Called called{.words = Parts("called.args")};
    for (const std::string& part : Parts("called.env"))
      called.variables[part.substr(0, part.find('='))] = part.substr(part.find('=') + 1);
    return called;
  }

 private:
  std::vector<std::string> Parts(const std::string& name) const {
    std::ifstream in(directory_ / name);
    std::vector<std::string> parts;
    for (std::string part; std::getline(in, part, '\0');) parts.push_back(part);
    return parts;
  }

  std::filesystem::path directory_;
};

// As the program reads its arguments.
LoadOptions OptionsOf(const Shell::Called& called) {
  LoadOptions options{.env = Env(called.variables)};
  for (std::size_t i = 1; i < called.words.size(); ++i) {
    if (called.words[i] == "--config") options.file = called.words.at(++i);
    if (called.words[i] != "--set") continue;
    const std::vector<std::string> items = SplitSetFlag(called.words.at(++i)).value();
    options.overrides.insert(options.overrides.end(), items.begin(), items.end());
  }
  return options;
}

// Every value in clear, by path.
std::map<std::string, std::string> ValuesOf(const Loaded& loaded) {
  Draft draft{.config = loaded.config};
  std::map<std::string, std::string> values;
  for (const Row& row : V2Rows()) values[row.path] = FormatField(row, draft);
  return values;
}

Loaded MustLoadFile(const LoadOptions& options) {
  auto loaded = Load(options);
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  return loaded.ok() ? *std::move(loaded) : Loaded{};
}

TEST(Reach, OfTheDefaultFileIsNothing) {
  const auto loaded = MustLoad("", {.file = "backup.yaml"});
  EXPECT_EQ(CommandFor(loaded.reach, "list").as_typed, "milvus-backup list");
}

TEST(Reach, NamesTheFileAndWhatWasSet) {
  const auto loaded =
      MustLoad("", {.file = "b c.yaml", .overrides = {"minio.port=9010", "minio.region=a,b\"c"}});
  EXPECT_EQ(CommandFor(loaded.reach, "list").as_typed,
            "milvus-backup list --config 'b c.yaml' --set minio.port=9010 --set '\"minio.region=a,b\"\"c\"'");
}

TEST(Reach, OfNoFileSaysSo) {
  const auto loaded = MustLoad("", {.file = ""});
  EXPECT_EQ(CommandFor(loaded.reach, "list").as_typed, "milvus-backup list --config ''");
}

TEST(Reach, HoldsNoSecretAndSaysWhichFlagIsMissing) {
  const auto loaded =
      MustLoad("", {.file = "b.yaml",
                    .overrides = {"milvus.password=hunter2", "MINIO_SECRET_KEY=hunter3", "minio.port=9010",
                                  "backup.gcPause.address=http://u:hunter4@h:9091"}});
  const std::string command = CommandFor(loaded.reach, "list").as_typed;
  EXPECT_THAT(command, Not(HasSubstr("hunter")));
  EXPECT_EQ(command,
            "milvus-backup list --config b.yaml --set minio.port=9010 (add --set milvus.password=… "
            "--set MINIO_SECRET_KEY=… --set backup.gcPause.address=…)");
}

TEST(Reach, OfTheOtherSideMakesItTheOneOfConfig) {
  const auto loaded = MustLoad("", {.file = "b.yaml",
                                    .overrides = {"minio.port=9010"},
                                    .env = Env({{"MILVUS_PORT", "19781"},
                                                {"MINIO_PORT", "tcp://10.0.0.1:9000"},
                                                {"MINIO_ADDRESS", "a"},
                                                {"TO_MINIO_ADDRESS", "b"},
                                                {"TO_MINIO_SECRET_ACCESS_KEY", "hunter2"}}),
                                    .role = Role::kTo});
  EXPECT_EQ(CommandFor(loaded.reach, "delete -n x").as_typed,
            "MINIO_ADDRESS=\"$TO_MINIO_ADDRESS\" MINIO_SECRET_KEY=\"$TO_MINIO_SECRET_ACCESS_KEY\" env -u "
            "MILVUS_PORT milvus-backup delete -n x --config b.yaml --set minio.port=9010");
}

TEST(Reach, OfTheOtherSideNamesItsFileEvenWhenItIsTheDefaultOne) {
  const auto loaded =
      MustLoad("", {.file = "backup.yaml", .overrides = {"milvus.password=hunter2"}, .role = Role::kTo});
  EXPECT_EQ(CommandFor(loaded.reach, "list").as_typed,
            "milvus-backup list --config backup.yaml (add --set milvus.password=…)");
}

// What was printed, run by a shell in the same environment, loads the same values, secrets included.
RC_GTEST_PROP(Reach, IsPrintedSoThatAShellLoadsTheSame, ()) {
  const Shell shell;
  const auto value = [] {
    return *rc::gen::suchThat(
        rc::gen::element<std::string>("plain", "it's", "a b", "$HOME", "x,\"y\"", "`id`", "é漢"),
        [](const std::string& text) { return !text.empty(); });
  };
  Variables variables;
  for (const std::string name :
       {"MILVUS_USER", "MILVUS_PASSWORD", "MINIO_SECRET_KEY", "MINIO_BACKUP_BUCKET_NAME"}) {
    for (const std::string prefix : {"", "TO_"}) {
      if (*rc::gen::arbitrary<bool>()) variables[prefix + name] = value();
    }
  }
  if (*rc::gen::arbitrary<bool>()) variables["TO_MINIO_SECRET_ACCESS_KEY"] = value();
  if (*rc::gen::arbitrary<bool>()) variables["MILVUS_PORT"] = "tcp://10.0.0.1:19530";
  LoadOptions options{.file = shell.Write("b it's.yaml", kV1File),
                      .env = Env(variables),
                      .role = *rc::gen::element(Role::kConfig, Role::kTo)};
  for (const std::string key :
       {"minio.bucketName", "milvus.user", "MINIO_REGION", "backup.gcPause.seconds"}) {
    if (*rc::gen::arbitrary<bool>()) options.overrides.push_back(key + "=" + value());
  }
  const Loaded original = MustLoadFile(options);
  RC_ASSERT(original.reach.secret_flags.empty());
  const Shell::Called called = shell.Run(CommandFor(original.reach, "list").as_typed, variables);
  RC_ASSERT(called.words.at(0) == "list");
  RC_ASSERT(ValuesOf(MustLoadFile(OptionsOf(called))) == ValuesOf(original));
}

TEST(Roles, VariablesAndSetAreOfOneFileEach) {
  const Variables both = {{"MILVUS_PORT", "19781"},
                          {"MINIO_BACKUP_ROOT_PATH", "of-config"},
                          {"TO_MINIO_ADDRESS", "minio.to"},
                          {"TO_MILVUS_PASSWORD", "of-to"}};
  const auto config = MustLoad(kV1File, {.env = Env(both)});
  EXPECT_EQ(config.config.milvus.port, 19781);
  EXPECT_EQ(config.config.backup_storage.root_path, "of-config");
  EXPECT_EQ(config.config.milvus.storage.address, "minio.b");
  const auto to =
      MustLoad(kV1File, {.overrides = {"minio.bucketName=set-to"}, .env = Env(both), .role = Role::kTo});
  EXPECT_EQ(to.config.milvus.port, 19530);
  EXPECT_EQ(to.config.backup_storage.root_path, "files");
  EXPECT_EQ(to.config.milvus.storage.address, "minio.to");
  EXPECT_EQ(to.config.milvus.password, "of-to");
  EXPECT_EQ(ParameterOf(to, "Milvus.Password").source_key, "TO_MILVUS_PASSWORD");
  EXPECT_EQ(ParameterOf(to, "Milvus.Storage.BucketName").source, Source::kOverride);
  EXPECT_THAT(to.warnings, IsEmpty());
}

TEST(Roles, MessagesNameTheFlagAndTheVariableOfTheirSide) {
  const Given given{.overrides = {"minio.port=x"}, .env = Env({{"TO_MILVUS_PORT", "y"}}), .role = Role::kTo};
  const std::string error = MustFail(kV1File, given);
  EXPECT_THAT(error, HasSubstr("--set-to minio.port: \"x\""));
  EXPECT_THAT(error, HasSubstr("environment variable TO_MILVUS_PORT: \"y\""));
  EXPECT_THAT(MustFail(kV1File, {.overrides = {"x"}, .role = Role::kTo}),
              HasSubstr("invalid --set-to format"));
}

TEST(Roles, AServiceLinkOfKubernetesIsIgnoredOnTheOtherSideToo) {
  const auto to =
      MustLoad(kV1File, {.env = Env({{"TO_MILVUS_PORT", "tcp://10.0.0.1:19530"}}), .role = Role::kTo});
  EXPECT_EQ(to.config.milvus.port, 19530);
  EXPECT_THAT(to.warnings, testing::ElementsAre(HasSubstr("TO_MILVUS_PORT=tcp://10.0.0.1:19530 is ignored")));
}

TEST(Roles, AVariableOfTheOtherSchemaIsNotIgnoredInSilence) {
  const Variables of_v1 = {{"TO_MINIO_SECRET_ACCESS_KEY", "hunter2"}, {"TO_MILVUS_PORT", "19531"}};
  const auto to =
      MustLoad(V2("milvus: {storage: {bucketName: b}}\n"), {.env = Env(of_v1), .role = Role::kTo});
  EXPECT_THAT(
      to.warnings,
      testing::UnorderedElementsAre(
          testing::AllOf(HasSubstr("TO_MINIO_SECRET_ACCESS_KEY is ignored"),
                         HasSubstr("set TO_MILVUS_STORAGE_AUTH_SECRET_ACCESS_KEY"), Not(HasSubstr("hunter"))),
          testing::AllOf(HasSubstr("TO_MILVUS_PORT is ignored"), HasSubstr("milvus.grpc.port"))));
}

}  // namespace
}  // namespace mbk::config
