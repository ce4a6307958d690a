#include <fmt/core.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/flags.h"
#include "cli/leftovers_report.h"
#include "ops/check/check.h"
#include "ops/check/leftovers_check.h"
#include "service/roots.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

nlohmann::ordered_json ParametersToJson(const std::vector<config::Parameter>& parameters) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const config::Parameter& p : parameters) {
    rows.push_back({{"parameter", p.path},
                    {"value", p.value},
                    {"source", config::SourceName(p.source)},
                    {"source_key", p.source_key}});
  }
  return rows;
}

std::vector<std::string> NotesOnRoots(const config::Loaded& loaded) {
  const std::string warning = service::WarningOfRoots(loaded);
  return warning.empty() ? std::vector<std::string>() : std::vector{"warning: " + warning};
}

Output Shown(const config::Loaded& loaded) {
  return {.text = config::FormatTable(loaded.parameters),
          .json = ParametersToJson(loaded.parameters),
          .notes = NotesOnRoots(loaded)};
}

Result<Output> ShowConfig(Invocation& invocation) { return Shown(invocation.loaded); }

Result<Output> ShowOtherConfig(const std::string& to, Invocation& invocation) {
  MBK_TRY_ASSIGN(const config::Loaded other, invocation.load_other(to));
  return Shown(other);
}

constexpr const char* kEmptyRoot =
    "\n!!! Milvus root path is empty !!!\n"
    "Nothing lies under it. When this Milvus holds flushed data, the bucket or the root path is not the one "
    "it uses:\n"
    "compare minio.bucketName and minio.rootPath with its own milvus.yaml.\n";

struct CheckFlags {
  bool leftovers = false;
  bool clean = false;
};

// Whoever checks a connection is told, but not kept from his answer.
Result<LeftoversReport> LookForLeftovers(service::Session& session, Invocation& invocation) {
  MilvusTarget target = session.target();
  return CheckLeftovers(target, false, session.run(invocation.progress), invocation.context);
}

Result<Output> Leftovers(bool clean, Invocation& invocation) {
  invocation.progress.Enter(Step::kConnect);
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.server = true}, invocation.context));
  MilvusTarget target = session->target();
  MBK_TRY_ASSIGN(const LeftoversReport report,
                 CheckLeftovers(target, clean, session->run(invocation.progress), invocation.context));
  invocation.progress.Enter(Step::kDone);
  return Output{.text = LeftoversText(report),
                .json = LeftoversJson(report),
                .exit_code = report.IsWhole() ? kDone : kPartly};
}

Result<Output> Check(bool json, Invocation& invocation) {
  // Shown before anything is tried, so that it helps when nothing answers.
  if (!json)
    std::fputs(("Configuration:\n" + config::FormatTable(invocation.loaded.parameters)).c_str(), stdout);
  std::fflush(stdout);
  const service::Needs needs{.milvus = true, .backups = service::BackupAccess::kWrite};
  MBK_TRY_ASSIGN(auto session, service::Session::Open(invocation.loaded, needs, invocation.context));
  MBK_TRY_ASSIGN(CheckReport report, RunCheck(session->milvus(), session->backup(),
                                              session->run(invocation.progress), invocation.context));
  const Result<LeftoversReport> leftovers = LookForLeftovers(*session, invocation);
  Output output{.text = fmt::format("\nMilvus version: {}\n{}", report.milvus_version,
                                    report.milvus_root_empty ? kEmptyRoot : "\nSuccess!\n"),
                .json = {{"configuration", ParametersToJson(invocation.loaded.parameters)},
                         {"milvus_version", report.milvus_version},
                         {"milvus_root_empty", report.milvus_root_empty},
                         {"copy_method", report.copy_method}},
                .notes = NotesOnRoots(invocation.loaded)};
  if (leftovers.ok()) {
    const AdvisedCommand listing = CommandFor(session->target().reach, "check --leftovers");
    const std::string line = LeftoversLine(*leftovers, listing);
    const bool is_known = !leftovers->IsEmpty() || leftovers->unseen.empty();
    if (is_known) output.json["leftovers"] = !leftovers->IsEmpty();
    if (!line.empty()) output.notes.push_back(line);
  } else {
    output.notes.push_back("whether killed runs left something is not known: " +
                           leftovers.status().message());
  }
  return output;
}

}  // namespace

void AddCheck(CLI::App& root, std::vector<Command>& commands, const Globals& globals) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App& check = AddCommand(
      root, "check", "check connectivity to Milvus and object storage",
      "Writes a one-byte object under the root of Milvus, copies it to the backup root, and removes both.\n\n"
      "Examples:\n"
      "  milvus-backup check\n"
      "  milvus-backup check --leftovers            what killed runs left in this Milvus; changes nothing\n"
      "  milvus-backup check --leftovers --clean    puts it right");
  AllowSubcommand(check);
  AddSwitch(check, "--leftovers", flags->leftovers,
            "list what killed restores and clones left in this Milvus");
  AddSwitch(check, "--clean", flags->clean,
            "with --leftovers: give collections back their names, drop half-made ones, remove staged files");
  commands.push_back({&check, [&globals, flags]() -> Result<Run> {
                        if (flags->clean && !flags->leftovers)
                          return InvalidArgument("--clean is about leftovers: check --leftovers --clean");
                        if (flags->leftovers)
                          return Run([clean = flags->clean](Invocation& i) { return Leftovers(clean, i); });
                        return Run([&globals](Invocation& i) { return Check(globals.json, i); });
                      }});
  CLI::App& check_config = AddCommand(check, "config", "the same as config show (old name)");
  commands.push_back({&check_config, []() -> Result<Run> { return Run(ShowConfig); }});

  CLI::App& config = AddCommand(root, "config", "inspect the configuration");
  RequireSubcommand(config);
  CLI::App& show = AddCommand(
      config, "show", "print every setting with its value and where it came from",
      "Examples:\n"
      "  milvus-backup config show\n"
      "  milvus-backup config show --to other.yaml        the other side, as clone, copy and compare see it");
  auto to = std::make_shared<std::string>();
  AddFlag(show, "--to", *to, "show this file instead, as the other side of a command").TypeName("FILE");
  commands.push_back({&show, [to]() -> Result<Run> {
                        if (to->empty()) return Run(ShowConfig);
                        return Run([to](Invocation& i) { return ShowOtherConfig(*to, i); });
                      }});
  commands.back().needs_no_file = [to] { return !to->empty(); };
}

}  // namespace mbk::cli
