#include "cli/leftovers_report.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ops/runs/by_hand.h"

namespace mbk::cli {
namespace {

using nlohmann::ordered_json;

std::string RunText(const LeftoverRun& run, bool cleaned) {
  std::string text = fmt::format("{}: {} ({})\n  record: {}\n", run.record.Describe(),
                                 runs::RunStateName(run.state), run.why, run.where);
  for (const std::string& finding : run.findings) text += fmt::format("  {}\n", finding);
  for (const std::string& done : run.mended.done) text += fmt::format("  done: {}\n", done);
  for (const std::string& left : run.mended.left) text += fmt::format("  left: {}\n", left);
  const bool is_all = run.findings.empty() && run.mended.done.empty() && run.mended.left.empty();
  if (is_all && run.state == runs::RunState::kDead)
    text += fmt::format("  nothing of it is left but the record{}\n", cleaned ? ", which is removed" : "");
  return text;
}

// Nothing proves whose a name without a record is: what can be done is for a person to decide.
std::string StrayText(const runs::Stray& stray) {
  const std::string what =
      stray.aside
          ? "by its name a collection that a run put aside, with all its rows; give it its name back " +
                runs::RenameByHand(stray.name, "ITS NAME")
          : "by its name a run was building it; when nobody uses it, drop it " + runs::DropByHand(stray.name);
  return fmt::format("{}: no record of it is left, nothing proves whose it is; {}\n", stray.name.Full(),
                     what);
}

std::string OtherServerText(const runs::OtherServer& other) {
  return fmt::format(
      "not looked at: {}, of which records lie in {}; if that is this server too, ask for them by that "
      "address (milvus.address, milvus.port)\n",
      other.address, other.directory);
}

// Only where all of it was looked at nothing is left for certain.
std::string EmptyText(const LeftoversReport& report) {
  if (!report.IsEmpty() || !report.unseen.empty()) return "";
  if (!report.others.empty()) return fmt::format("Nothing is known to be left in {}.\n", report.server);
  return fmt::format("No leftovers of killed runs in {}.\n", report.server);
}

std::vector<std::string> TargetsOf(const runs::Record& record) {
  std::vector<std::string> names;
  for (const runs::RecordedCollection& collection : record.collections)
    if (!collection.done && !collection.target.name.empty()) names.push_back(collection.target.Full());
  return names;
}

ordered_json ToJson(const LeftoverRun& run) {
  return {{"run_id", run.record.run_id},
          {"verb", run.record.verb},
          {"host", run.record.process.host},
          {"pid", run.record.process.pid},
          {"started", run.record.started_s},
          {"state", runs::RunStateName(run.state)},
          {"why", run.why},
          {"record", run.where},
          {"collections", TargetsOf(run.record)},
          {"staging", run.record.staging},
          {"findings", run.findings},
          {"done", run.mended.done},
          {"left", run.mended.left}};
}

}  // namespace

std::string LeftoversText(const LeftoversReport& report) {
  std::string text;
  for (const LeftoverRun& run : report.runs) text += RunText(run, report.cleaned);
  for (const runs::UnreadableRecord& record : report.unreadable)
    text +=
        fmt::format("{}: {}; nothing of run {} is touched\n", record.where, record.problem, record.run_id);
  for (const runs::Stray& stray : report.strays.collections) text += StrayText(stray);
  for (const std::string& tree : report.strays.staging)
    text += fmt::format(
        "{}: staged files of which no record is left; nothing proves that no run or import needs them; "
        "when none does, remove them with the tools of the store\n",
        tree);
  for (const std::string& unseen : report.unseen) text += fmt::format("not looked at: {}\n", unseen);
  for (const runs::OtherServer& other : report.others) text += OtherServerText(other);
  text += EmptyText(report);
  if (report.cleaned) return text;
  runs::CleaningDoes most = runs::CleaningDoes::kNothing;
  for (const LeftoverRun& run : report.runs)
    if (run.state == runs::RunState::kDead) most = std::max(most, run.cleaning);
  const std::string advice = runs::AdviseToClean(most, report.cleaning_command);
  return advice.empty() ? text : text + advice + "\n";
}

ordered_json LeftoversJson(const LeftoversReport& report) {
  ordered_json runs = ordered_json::array(), unreadable = ordered_json::array(),
               collections = ordered_json::array(), others = ordered_json::array();
  for (const LeftoverRun& run : report.runs) runs.push_back(ToJson(run));
  for (const runs::UnreadableRecord& record : report.unreadable)
    unreadable.push_back({{"run_id", record.run_id}, {"record", record.where}, {"problem", record.problem}});
  for (const runs::Stray& stray : report.strays.collections)
    collections.push_back({{"collection", stray.name.Full()}, {"aside", stray.aside}});
  for (const runs::OtherServer& other : report.others)
    others.push_back({{"server", other.address}, {"records", other.directory}});
  return {{"server", report.server},
          {"cleaned", report.cleaned},
          {"runs", std::move(runs)},
          {"unreadable", std::move(unreadable)},
          {"without_record", {{"collections", std::move(collections)}, {"staging", report.strays.staging}}},
          {"not_looked_at", report.unseen},
          {"other_servers", std::move(others)}};
}

std::string LeftoversLine(const LeftoversReport& report, const AdvisedCommand& listing) {
  if (report.IsEmpty() && report.unseen.empty()) return "";
  if (report.IsEmpty())
    return fmt::format("whether killed runs left something is not known: {}", fmt::join(report.unseen, "; "));
  const bool may_all_live =
      report.unreadable.empty() && report.strays.collections.empty() && report.strays.staging.empty() &&
      std::none_of(report.runs.begin(), report.runs.end(),
                   [](const LeftoverRun& run) { return run.state == runs::RunState::kDead; });
  const char* const what =
      may_all_live ? "Runs of other hosts are at work, or were killed," : "Killed runs left something behind";
  return fmt::format("{} in {}; {}", what, report.server, Advise("look at it with", listing));
}

}  // namespace mbk::cli
