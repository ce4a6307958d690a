#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ops/capture/capture.h"

namespace mbk::cli {

/// [{"collection":"db.coll","reason":"vanished","why":…}]
nlohmann::ordered_json ToJson(const std::vector<capture::LeftOut>& left_out);

/// A line for each collection that was left out.
std::vector<std::string> Notes(const std::vector<capture::LeftOut>& left_out);

}  // namespace mbk::cli
