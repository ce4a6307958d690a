#include "cli/load_report.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/capture_report.h"
#include "cli/text.h"
#include "ops/select/filter.h"

namespace mbk::cli {
namespace {

std::string_view StateName(const load::Outcome& outcome) {
  switch (outcome.left) {
    case load::Left::kUntouched:
      return "untouched";
    case load::Left::kOldKept:
      return "old kept";
    case load::Left::kMade:
      return "made";
    case load::Left::kDropped:
      return "dropped again";
    case load::Left::kBehind:
      return "left behind";
    case load::Left::kChanged:
      return "changed";
    case load::Left::kAppended:
      return "appended";
  }
  return "";
}

// The collections that came through of which `is` holds, as a list; "" when there are none.
template <class Is>
std::string Those(const RestoreReport& report, Is is) {
  std::vector<std::string> names;
  for (const load::Outcome& outcome : report.collections)
    if (outcome.status.ok() && is(outcome)) names.push_back(outcome.target.Full());
  return names.empty() ? "" : Enumerate(names);
}

}  // namespace

std::string SummaryText(const RestoreReport& report, double seconds) {
  std::int64_t rows = 0, bytes = 0, arrived = 0;
  for (const load::Outcome& outcome : report.collections) {
    if (!outcome.status.ok()) continue;
    ++arrived;
    rows += outcome.rows_imported;
    bytes += outcome.bytes;
  }
  const double time = std::max(seconds, 0.01);
  std::string text = fmt::format("{} of {} collections, {} rows, {} in {:.2f} s: {:.0f} rows/s, {}/s\n",
                                 arrived, report.collections.size(), HumanCount(rows), HumanBytes(bytes),
                                 seconds, static_cast<double>(rows) / time,
                                 HumanBytes(static_cast<std::int64_t>(static_cast<double>(bytes) / time)));
  const std::string bare = Those(report, [](const load::Outcome& o) { return !o.is_indexed(); });
  const std::string idle = Those(report, [](const load::Outcome& o) { return !o.is_loaded(); });
  if (!bare.empty()) text += fmt::format("not indexed: {}\n", bare);
  if (!idle.empty()) text += fmt::format("not loaded: {}\n", idle);
  if (!report.follow_up.as_typed.empty())
    text += Advise("what the source has of it comes with", report.follow_up) + "\n";
  return text;
}

nlohmann::ordered_json ToJson(const RestoreReport& report, double seconds) {
  nlohmann::ordered_json json;
  if (!report.name.empty()) json["name"] = report.name;
  json["collections"] = nlohmann::ordered_json::array();
  for (const load::Outcome& outcome : report.collections) {
    nlohmann::ordered_json one{{"source", outcome.source.Full()},        {"target", outcome.target.Full()},
                               {"via", load::ViaName(outcome.via)},      {"import_jobs", outcome.import_jobs},
                               {"rows_expected", outcome.rows_expected}, {"has_deletes", outcome.has_deletes},
                               {"rows_imported", outcome.rows_imported}, {"bytes", outcome.bytes}};
    if (outcome.rows_repeated > 0) one["rows_repeated"] = outcome.rows_repeated;
    if (!outcome.via_reason.empty()) one["via_reason"] = outcome.via_reason;
    if (!outcome.streamed_because.empty()) one["streamed_because"] = outcome.streamed_because;
    if (outcome.segments_rewritten > 0) {
      one["segments_rewritten"] = outcome.segments_rewritten;
      one["rewritten_into"] = outcome.rewritten_into;
    }
    if (outcome.replaces) one["replaces"] = true;
    if (!outcome.moved_aliases.empty()) one["aliases_moved"] = outcome.moved_aliases;
    one["indexes"] = outcome.indexes;
    one["loaded"] = outcome.loaded;
    one["state"] = StateName(outcome);
    if (!outcome.status.ok()) one["error"] = outcome.status.message();
    if (!outcome.behind.empty()) one["left_behind"] = outcome.behind;
    if (!outcome.notes.empty()) one["notes"] = outcome.notes;
    if (!outcome.warnings.empty()) one["warnings"] = outcome.warnings;
    json["collections"].push_back(std::move(one));
  }
  if (!report.left_out.empty()) json["left_out"] = ToJson(report.left_out);
  if (!report.notes.empty()) json["notes"] = report.notes;
  if (report.with_rbac) {
    json["rbac"] = {{"ok", report.rbac.ok()}};
    if (!report.rbac.ok()) json["rbac"]["error"] = report.rbac.message();
  }
  json["duration_s"] = seconds;
  return json;
}

std::string ComparisonTable(const RestoreReport& report) {
  std::vector<std::vector<std::string>> rows{
      {"SOURCE", "TARGET", "ROWS IN SOURCE", "ROWS IMPORTED", "RESULT"}};
  for (const load::Outcome& outcome : report.collections) {
    std::string result = "equal counts";
    if (!outcome.status.ok())
      result = "failed";
    else if (outcome.has_deletes && outcome.rows_imported < outcome.rows_expected)
      result = "deletes applied";
    else if (outcome.rows_expected == 0)
      result = "no rows";
    else if (outcome.rows_repeated > 0)
      result = "repeated keys once";
    else if (outcome.rows_imported != outcome.rows_expected)
      result = "other counts";
    rows.push_back({outcome.source.Full(), outcome.target.Full(), HumanCount(outcome.rows_expected),
                    HumanCount(outcome.rows_imported), result});
  }
  return Table(rows, {false, false, true, true, false});
}

std::string PlanText(const RestoreReport& report) {
  std::vector<std::vector<std::string>> rows{{"SOURCE", "TARGET", "ROWS", "IMPORT JOBS", "SIZE"}};
  for (const load::Outcome& outcome : report.collections) {
    rows.push_back({outcome.source.Full(), outcome.target.Full(), HumanCount(outcome.rows_expected),
                    std::to_string(outcome.import_jobs), HumanBytes(outcome.bytes)});
  }
  std::string text = Table(rows, {false, false, true, true, true}) + "\n";
  for (const load::Outcome& outcome : report.collections) {
    if (!outcome.replaces) continue;
    text += fmt::format("{} stands: the old collection is dropped {}; aliases that move: {}\n",
                        outcome.target.Full(),
                        outcome.drops_first ? "before the new one is filled" : "when the new one is whole",
                        outcome.moved_aliases.empty() ? "none" : Enumerate(outcome.moved_aliases));
  }
  return text + "dry run: nothing was changed\n";
}

ExitCode ExitCodeOf(const RestoreReport& report) {
  const auto failed = std::count_if(report.collections.begin(), report.collections.end(),
                                    [](const load::Outcome& o) { return !o.status.ok(); });
  if (!report.rbac.ok()) return kPartly;
  if (failed == 0) {
    const bool complete =
        report.left_out.empty() && std::all_of(report.collections.begin(), report.collections.end(),
                                               [](const load::Outcome& o) { return o.warnings.empty(); });
    return complete ? kDone : kPartly;
  }
  const bool unproven = std::any_of(report.collections.begin(), report.collections.end(),
                                    [](const load::Outcome& o) { return o.unproven; });
  if (unproven) return kPartly;
  return failed == static_cast<std::ptrdiff_t>(report.collections.size()) ? kFailed : kPartly;
}

std::vector<std::string> Notes(const RestoreReport& report) {
  std::vector<std::string> notes = Notes(report.left_out);
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
  for (const load::Outcome& outcome : report.collections) {
    if (!outcome.via_reason.empty())
      notes.push_back(fmt::format("{}: rows come by {}: {}", outcome.target.Full(),
                                  load::ViaName(outcome.via), outcome.via_reason));
    if (outcome.segments_rewritten > 0)
      notes.push_back(fmt::format("{}: {} small segments rewritten into {}, to need fewer import jobs",
                                  outcome.target.Full(), outcome.segments_rewritten, outcome.rewritten_into));
    if (!outcome.status.ok())
      notes.push_back(fmt::format("Error: {}: {}", outcome.target.Full(), outcome.status.message()));
    for (const std::string& note : outcome.notes)
      notes.push_back(fmt::format("{}: {}", outcome.target.Full(), note));
    if (!outcome.status.ok() && !outcome.behind.empty())
      notes.push_back(fmt::format("{}: {}", outcome.target.Full(), outcome.behind));
    for (const std::string& warning : outcome.warnings)
      notes.push_back(fmt::format("{}: {}", outcome.target.Full(), warning));
  }
  if (!report.advice.empty()) notes.push_back(report.advice);
  if (!report.rbac.ok()) notes.push_back("Error: " + report.rbac.message());
  return notes;
}

}  // namespace mbk::cli
