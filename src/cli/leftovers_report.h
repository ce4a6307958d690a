#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "ops/check/leftovers_check.h"

/// What check --leftovers says.
namespace mbk::cli {

std::string LeftoversText(const LeftoversReport& report);
nlohmann::ordered_json LeftoversJson(const LeftoversReport& report);
/// For whoever asked for something else; "" when nothing is left, and all could be looked at.
std::string LeftoversLine(const LeftoversReport& report, const AdvisedCommand& listing);

}  // namespace mbk::cli
