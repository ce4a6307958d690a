#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "config/schema.h"
#include "config/testing/config_testing.h"

namespace mbk::config {
namespace {

// Text that looks enough like YAML to get past the scanner now and then.
rc::Gen<std::string> YamlLike() {
  const auto word = rc::gen::element<std::string>("milvus", "minio", "storage", "port", "configVersion", "v2",
                                                  "1", "true", "null", "''", "\"a", "[", "]", "{", "}", ": ",
                                                  ":", "- ", "\n", "\n  ", "\n\t", "&a", "*a", "<<", "!t",
                                                  "|", ">", "#", ",", "? ", "---\n", "%Y", "\\x", "\xff");
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(word),
      [](const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, "")); });
}

RC_GTEST_PROP(Properties, AnyTextLoadsOrIsRefusedAsInvalid, ()) {
  const std::string text = *rc::gen::oneOf(YamlLike(), rc::gen::arbitrary<std::string>());
  const auto loaded = TryLoad(text);
  RC_ASSERT(loaded.ok() || loaded.status().code() == Code::kInvalidArgument);
}

RC_GTEST_PROP(Properties, TheStrongestSourceWins, ()) {
  // Only rows with a variable have all four sources.
  std::vector<Row> rows;
  for (const Row& row : V2Rows()) {
    if (row.env.starts_with("MILVUS_") && row.path.find("Storage") == std::string::npos) rows.push_back(row);
  }
  const Row row = *rc::gen::elementOf(rows);
  const bool in_file = *rc::gen::arbitrary<bool>();
  const bool in_env = *rc::gen::arbitrary<bool>();
  const bool in_set = *rc::gen::arbitrary<bool>();
  Given given;
  if (in_env) given.env = Env({{row.env, "from-env"}});
  if (in_set) given.overrides = {row.keys.front() + "=from-set"};
  const std::string file = V2(in_file ? "\"" + row.keys.front() + "\": from-file" : "");

  const auto loaded = TryLoad(file, given);
  RC_ASSERT(loaded.ok());
  const Source expected = in_set    ? Source::kOverride
                          : in_env  ? Source::kEnv
                          : in_file ? Source::kConfig
                                    : Source::kDefault;
  RC_ASSERT(ParameterOf(*loaded, row.path).source == expected);
}

RC_GTEST_PROP(Properties, SplittingQuotedItemsGivesThemBack, (const std::vector<std::string>& items)) {
  std::string flag;
  for (const std::string& item : items) {
    if (!flag.empty()) flag += ',';
    flag += '"';
    for (char c : item) flag += c == '"' ? std::string("\"\"") : std::string(1, c);
    flag += '"';
  }
  const auto split = SplitSetFlag(flag);
  RC_ASSERT(split.ok());
  RC_ASSERT(*split == items);
}

RC_GTEST_PROP(Properties, NumbersComeBackAsTheyWereWritten, ()) {
  const int port = *rc::gen::inRange(1, 65536);
  const auto loaded = TryLoad(fmt::format("minio: {{port: {}}}", port));
  RC_ASSERT(loaded.ok());
  RC_ASSERT(loaded->config.milvus.storage.port == port);
  RC_ASSERT(loaded->config.backup_storage.port == port);
}

}  // namespace
}  // namespace mbk::config
