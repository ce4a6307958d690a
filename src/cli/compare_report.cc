#include "cli/compare_report.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/text.h"

namespace mbk::cli {
namespace {

// What the exit code 0 says: all of both sides was compared, and is equal.
bool IsProvedEqual(const ComparedCollection& compared) {
  return compared.comparison && compared.comparison->equal() && compared.unproven.empty();
}

std::string ResultOf(const ComparedCollection& compared) {
  if (!compared.comparison) return "not read";
  if (!compared.comparison->being_written.empty()) return "being written to";
  if (compared.comparison->different()) return "DIFFERENT";
  if (compared.comparison->left.total.rows + compared.comparison->right.total.rows == 0 &&
      !compared.unproven.empty())
    return "no rows";
  return IsProvedEqual(compared) ? "equal" : "not proved";
}

std::string DifferencesText(const Comparison& comparison) {
  std::string text;
  for (const std::string& difference : comparison.schema_differences)
    text += "  schema: " + difference + "\n";
  for (const PartitionDifference& difference : comparison.partition_differences)
    text += difference.rows_left == difference.rows_right
                ? fmt::format("  partition {}: other rows, {} at each side\n", difference.partition,
                              HumanCount(difference.rows_left))
                : fmt::format("  partition {}: {} rows at the left, {} at the right\n", difference.partition,
                              HumanCount(difference.rows_left), HumanCount(difference.rows_right));
  for (const RowDifference& difference : comparison.differences) {
    text += fmt::format("  {} {}", DifferenceName(difference.kind), difference.key);
    if (!difference.fields.empty()) text += fmt::format(": {}", fmt::join(difference.fields, ", "));
    text += "\n";
  }
  const std::int64_t all = comparison.missing + comparison.extra + comparison.changed;
  const auto named = static_cast<std::int64_t>(comparison.differences.size());
  if (all > 0)
    text += fmt::format("  {} rows missing, {} extra, {} changed{}\n", HumanCount(comparison.missing),
                        HumanCount(comparison.extra), HumanCount(comparison.changed),
                        all > named ? fmt::format("; {} of them are named (--max_differences)", named) : "");
  return text;
}

nlohmann::ordered_json ToJson(const SideFingerprints& side) {
  nlohmann::ordered_json json{
      {"name", side.name}, {"rows", side.total.rows}, {"fingerprint", side.total.ToString()}};
  json["partitions"] = nlohmann::ordered_json::object();
  for (const auto& [partition, fingerprint] : side.partitions)
    if (!partition.empty()) json["partitions"][partition] = fingerprint.ToString();
  return json;
}

nlohmann::ordered_json ToJson(const ComparedCollection& compared) {
  if (!compared.comparison)
    return {{"left", {{"name", compared.left.Full()}}},
            {"right", {{"name", compared.right.Full()}}},
            {"result", ResultOf(compared)},
            {"unproven", compared.unproven}};
  const Comparison& comparison = *compared.comparison;
  nlohmann::ordered_json json{
      {"left", ToJson(comparison.left)}, {"right", ToJson(comparison.right)},
      {"result", ResultOf(compared)},    {"equal", IsProvedEqual(compared)},
      {"missing", comparison.missing},   {"extra", comparison.extra},
      {"changed", comparison.changed},   {"schema_differences", comparison.schema_differences},
      {"unproven", compared.unproven}};
  json["partition_differences"] = nlohmann::ordered_json::array();
  for (const PartitionDifference& difference : comparison.partition_differences)
    json["partition_differences"].push_back({{"partition", difference.partition},
                                             {"rows_left", difference.rows_left},
                                             {"rows_right", difference.rows_right}});
  json["differences"] = nlohmann::ordered_json::array();
  for (const RowDifference& difference : comparison.differences)
    json["differences"].push_back(
        {{"kind", DifferenceName(difference.kind)}, {"key", difference.key}, {"fields", difference.fields}});
  return json;
}

}  // namespace

std::string ComparisonText(const std::vector<ComparedCollection>& all) {
  std::vector<std::vector<std::string>> table{{"LEFT", "RIGHT", "ROWS LEFT", "ROWS RIGHT", "RESULT"}};
  for (const ComparedCollection& compared : all)
    table.push_back({compared.left.Full(), compared.right.Full(),
                     compared.comparison ? HumanCount(compared.comparison->left.total.rows) : "",
                     compared.comparison ? HumanCount(compared.comparison->right.total.rows) : "",
                     ResultOf(compared)});
  std::string text = Table(table, {false, false, true, true, false});
  for (const ComparedCollection& compared : all) {
    const std::string differences = compared.comparison ? DifferencesText(*compared.comparison) : "";
    if (!differences.empty())
      text += fmt::format("\n{} against {}\n{}", compared.left.Full(), compared.right.Full(), differences);
    for (const std::string& what : compared.unproven) text += "NOT PROVED: " + what + "\n";
  }
  return text;
}

nlohmann::ordered_json ToJson(const std::vector<ComparedCollection>& all) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const ComparedCollection& compared : all) json.push_back(ToJson(compared));
  return json;
}

ExitCode ExitCodeOf(const std::vector<ComparedCollection>& all) {
  const bool differ = std::any_of(all.begin(), all.end(), [](const ComparedCollection& one) {
    return one.comparison && one.comparison->different();
  });
  if (differ) return kDamaged;
  const bool proved =
      std::all_of(all.begin(), all.end(), [](const ComparedCollection& one) { return one.unproven.empty(); });
  return proved ? kDone : kPartly;
}

std::string AfterStopOf(bool loads) {
  return loads ? "no row was changed, and what --load had loaded is released again, unless something else is "
                 "said"
               : "nothing was changed";
}

}  // namespace mbk::cli
