#pragma once

#include "cli/command.h"
#include "ops/restore/restore.h"

namespace mbk::cli {

/// {"name":…,"collections":[{"source":…,"target":…,"rows_imported":…,"error":…}],…}
nlohmann::ordered_json ToJson(const RestoreReport& report, double seconds);

/// One row a collection: source, target, rows expected and imported, result.
std::string ComparisonTable(const RestoreReport& report);

/// Collections, rows, time and rate; what is not indexed or not loaded, and how to make it so.
std::string SummaryText(const RestoreReport& report, double seconds);

/// What would be done, as a table; what is replaced, and which aliases move.
std::string PlanText(const RestoreReport& report);

/// Exit code of a run whose failures, if any, stand in the outcomes: 0, 1 when nothing arrived, else 3,
/// also when something beside the rows is missing.
ExitCode ExitCodeOf(const RestoreReport& report);

/// One line for each failure and warning.
std::vector<std::string> Notes(const RestoreReport& report);

}  // namespace mbk::cli
