#include "cli/load_report.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/text.h"

namespace mbk::cli {

nlohmann::ordered_json ToJson(const RestoreReport& report, double seconds) {
  nlohmann::ordered_json json;
  if (!report.name.empty()) json["name"] = report.name;
  json["collections"] = nlohmann::ordered_json::array();
  for (const load::Outcome& outcome : report.collections) {
    nlohmann::ordered_json one{{"source", outcome.source.Full()},        {"target", outcome.target.Full()},
                               {"via", load::ViaName(outcome.via)},      {"import_jobs", outcome.import_jobs},
                               {"rows_expected", outcome.rows_expected}, {"has_deletes", outcome.has_deletes},
                               {"rows_imported", outcome.rows_imported}, {"bytes", outcome.bytes}};
    if (!outcome.via_reason.empty()) one["via_reason"] = outcome.via_reason;
    if (!outcome.streamed_because.empty()) one["streamed_because"] = outcome.streamed_because;
    if (outcome.segments_rewritten > 0) {
      one["segments_rewritten"] = outcome.segments_rewritten;
      one["rewritten_into"] = outcome.rewritten_into;
    }
    if (!outcome.status.ok()) one["error"] = outcome.status.message();
    if (!outcome.warnings.empty()) one["warnings"] = outcome.warnings;
    json["collections"].push_back(std::move(one));
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
    else if (outcome.has_deletes)
      result = "deletes applied";
    else if (outcome.rows_expected == 0)
      result = "no rows";
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
  return Table(rows, {false, false, true, true, true}) + "\ndry run: nothing was changed\n";
}

ExitCode ExitCodeOf(const RestoreReport& report) {
  const auto failed = std::count_if(report.collections.begin(), report.collections.end(),
                                    [](const load::Outcome& o) { return !o.status.ok(); });
  if (failed == 0) {
    const bool complete = std::all_of(report.collections.begin(), report.collections.end(),
                                      [](const load::Outcome& o) { return o.warnings.empty(); });
    return complete ? kDone : kPartly;
  }
  return failed == static_cast<std::ptrdiff_t>(report.collections.size()) ? kFailed : kPartly;
}

std::vector<std::string> Notes(const RestoreReport& report) {
  std::vector<std::string> notes;
  for (const load::Outcome& outcome : report.collections) {
    if (!outcome.via_reason.empty())
      notes.push_back(fmt::format("{}: rows come by {}: {}", outcome.target.Full(),
                                  load::ViaName(outcome.via), outcome.via_reason));
    if (outcome.segments_rewritten > 0)
      notes.push_back(fmt::format("{}: {} small segments rewritten into {}, to need fewer import jobs",
                                  outcome.target.Full(), outcome.segments_rewritten, outcome.rewritten_into));
    if (!outcome.status.ok())
      notes.push_back(fmt::format("Error: {}: {}", outcome.target.Full(), outcome.status.message()));
    for (const std::string& warning : outcome.warnings)
      notes.push_back(fmt::format("{}: {}", outcome.target.Full(), warning));
  }
  return notes;
}

}  // namespace mbk::cli
