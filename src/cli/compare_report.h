#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "ops/compare/run.h"

namespace mbk::cli {

/// What `compare` and `verify --live` print.
std::string ComparisonText(const std::vector<ComparedCollection>& all);
nlohmann::ordered_json ToJson(const std::vector<ComparedCollection>& all);
/// 4 when rows differ, else 3 when something could not be proved.
ExitCode ExitCodeOf(const std::vector<ComparedCollection>& all);

/// What is true after a stop of what compares live collections, or only reads.
std::string AfterStopOf(bool loads);

}  // namespace mbk::cli
