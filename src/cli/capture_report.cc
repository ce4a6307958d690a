#include "cli/capture_report.h"

#include <fmt/core.h>

namespace mbk::cli {

nlohmann::ordered_json ToJson(const std::vector<capture::LeftOut>& left_out) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const capture::LeftOut& one : left_out)
    json.push_back(
        {{"collection", one.name.Full()}, {"reason", capture::ReasonName(one.reason)}, {"why", one.why}});
  return json;
}

std::vector<std::string> Notes(const std::vector<capture::LeftOut>& left_out) {
  std::vector<std::string> notes;
  for (const capture::LeftOut& one : left_out)
    notes.push_back(fmt::format("left out: {} {}", one.name.Full(), one.why));
  return notes;
}

}  // namespace mbk::cli
