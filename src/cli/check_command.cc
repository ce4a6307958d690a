#include <fmt/core.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/flags.h"
#include "ops/check/check.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

nlohmann::ordered_json ToJson(const std::vector<config::Parameter>& parameters) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const config::Parameter& p : parameters) {
    rows.push_back({{"parameter", p.path},
                    {"value", p.value},
                    {"source", config::SourceName(p.source)},
                    {"source_key", p.source_key}});
  }
  return rows;
}

Result<Output> ShowConfig(Invocation& invocation) {
  return Output{.text = config::FormatTable(invocation.loaded.parameters),
                .json = ToJson(invocation.loaded.parameters)};
}

constexpr const char* kEmptyRoot =
    "\n!!! Milvus root path is empty !!!\n"
    "Nothing lies under it. When this Milvus holds flushed data, the bucket or the root path is not the one "
    "it uses:\n"
    "compare minio.bucketName and minio.rootPath with its own milvus.yaml.\n";

Result<Output> Check(bool json, Invocation& invocation) {
  // Shown before anything is tried, so that it helps when nothing answers.
  if (!json)
    std::fputs(("Configuration:\n" + config::FormatTable(invocation.loaded.parameters)).c_str(), stdout);
  std::fflush(stdout);
  const service::Needs needs{.milvus = true, .backups = service::BackupAccess::kWrite};
  MBK_TRY_ASSIGN(auto session, service::Session::Open(invocation.loaded, needs, invocation.context));
  MBK_TRY_ASSIGN(CheckReport report, RunCheck(session->milvus(), session->backup(),
                                              session->run(invocation.progress), invocation.context));
  return Output{.text = fmt::format("\nMilvus version: {}\n{}", report.milvus_version,
                                    report.milvus_root_empty ? kEmptyRoot : "\nSuccess!\n"),
                .json = {{"configuration", ToJson(invocation.loaded.parameters)},
                         {"milvus_version", report.milvus_version},
                         {"milvus_root_empty", report.milvus_root_empty},
                         {"copy_method", report.copy_method}}};
}

}  // namespace

void AddCheck(CLI::App& root, std::vector<Command>& commands, const Globals& globals) {
  CLI::App& check = AddCommand(
      root, "check", "check connectivity to Milvus and object storage",
      "Writes a one-byte object under the root of Milvus, copies it to the backup root, and removes both.");
  AllowSubcommand(check);
  commands.push_back({&check, [&globals]() -> Result<Run> {
                        return Run([&globals](Invocation& i) { return Check(globals.json, i); });
                      }});
  CLI::App& check_config = AddCommand(check, "config", "the same as config show (old name)");
  commands.push_back({&check_config, []() -> Result<Run> { return Run(ShowConfig); }});

  CLI::App& config = AddCommand(root, "config", "inspect the configuration");
  RequireSubcommand(config);
  CLI::App& show = AddCommand(config, "show", "print every setting with its value and where it came from");
  commands.push_back({&show, []() -> Result<Run> { return Run(ShowConfig); }});
}

}  // namespace mbk::cli
