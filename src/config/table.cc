#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "config/config.h"
#include "config/text.h"

namespace mbk::config {
namespace {

using Line = std::array<std::string, 4>;

// Code points, as the Go tool's table writer counts them.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<Line> LinesOf(const std::vector<Parameter>& parameters) {
  std::vector<Line> lines = {{"PARAMETER", "VALUE", "SOURCE", "SOURCE_KEY"},
                             {"---------", "-----", "------", "----------"}};
  for (const Parameter& parameter : parameters) {
    lines.push_back({parameter.path, OneLine(parameter.value), std::string(SourceName(parameter.source)),
                     OneLine(parameter.source_key)});
  }
  return lines;
}

}  // namespace

std::string FormatTable(const std::vector<Parameter>& parameters) {
  const std::vector<Line> lines = LinesOf(parameters);
  std::array<std::size_t, 3> widths{};  // the last column is not padded
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], Width(line[i]));
  }
  std::string table;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      table += line[i] + std::string(widths[i] - Width(line[i]) + 2, ' ');
    }
    table += line.back() + "\n";
  }
  return table;
}

}  // namespace mbk::config
