#include <fmt/format.h>

#include <optional>

#include "config/addresses.h"
#include "config/config.h"
#include "config/hints.h"
#include "config/reach_of.h"
#include "config/resolve.h"
#include "config/roots.h"
#include "config/sources.h"
#include "config/text.h"
#include "config/unknown_keys.h"
#include "config/v1.h"
#include "config/validate.h"

namespace mbk::config {
namespace {

constexpr int kDefaultLogSizeMib = 300;

enum class Schema { kV1, kV2 };

Result<Schema> DeclaredSchema(const FileValues& file) {
  const auto place = file.find("configversion");
  if (place == file.end()) return Schema::kV1;
  const RawValue& version = place->second.value;
  if (EqualIgnoringCase(version.text, "v2")) return Schema::kV2;
  if (EqualIgnoringCase(version.text, "v1")) return Schema::kV1;
  return InvalidArgument(
      fmt::format("line {}: {} declares version {}, which this build does not know; want \"v1\" or \"v2\"",
                  place->second.line, place->second.spelling,
                  version.kind == RawValue::Kind::kList ? "[a list]" : Quoted(version.text)));
}

Resolution Resolve(Schema schema, const Sources& sources) {
  if (schema == Schema::kV2) {
    Resolution resolution;
    CheckV2Keys(sources, resolution);
    ResolveRows(V2Rows(), sources, resolution);
    return resolution;
  }
  Resolution resolution = ResolveV1(sources);
  CheckV1Keys(sources, resolution);
  return resolution;
}

// Warnings stand under the problems: the mistyped key is often why another is missing.
Status ProblemsAsError(const Resolution& resolution) {
  const auto& problems = resolution.problems;
  if (problems.empty()) return {};
  std::string message = problems.front();
  if (problems.size() > 1) {
    message = fmt::format("{} problems:\n  - {}", problems.size(), fmt::join(problems, "\n  - "));
  }
  for (const std::string& warning : resolution.warnings) message += "\n  note: " + warning;
  return InvalidArgument(message);
}

void Normalise(Config& config) {
  if (config.log.file_max_size_mib == 0) config.log.file_max_size_mib = kDefaultLogSizeMib;
}

std::vector<Parameter> ParametersOf(Resolution& resolution) {
  std::vector<Parameter> parameters;
  for (const Row& row : V2Rows()) {
    const Origin& origin = resolution.OriginOf(row.path);
    const std::string value = FormatField(row, resolution.draft);
    const bool is_file_key = origin.source == Source::kConfig;
    parameters.push_back({.path = row.path,
                          .value = row.secret ? Masked(value) : WithoutUserInfo(value),
                          .source = origin.source,
                          .source_key = is_file_key ? Lower(origin.key) : origin.key});
  }
  return parameters;
}

const std::vector<Row>& RowsOf(Schema schema) { return schema == Schema::kV2 ? V2Rows() : V1Rows(); }

Result<Loaded> LoadFrom(Schema schema, const Sources& sources, const std::string& file,
                        const LoadOptions& options) {
  Resolution resolution = Resolve(schema, sources);
  TakeAddressesApart(resolution);
  NormaliseRoots(resolution);
  Validate(resolution);
  PointOutOddValues(resolution);
  MBK_TRY(ProblemsAsError(resolution));
  auto& warnings = resolution.warnings;
  Normalise(resolution.draft.config);
  Loaded loaded{.parameters = ParametersOf(resolution),
                .warnings = std::move(warnings),
                .file = file,
                .schema_version = schema == Schema::kV2 ? 2 : 1,
                .reach = ReachOf(options, RowsOf(schema), sources.overrides)};
  loaded.config = std::move(resolution.draft.config);
  return loaded;
}

std::string Context(const std::string& file) {
  return file.empty() ? "configuration" : "configuration " + Quoted(file);
}

Result<Loaded> LoadParsed(FileValues values, Schema schema, const std::string& file,
                          const LoadOptions& options) {
  Sources sources{.env = options.env, .file = std::move(values), .role = options.role};
  MBK_TRY_ASSIGN(sources.overrides, ParseOverrides(options.overrides, options.role));
  auto loaded = LoadFrom(schema, sources, file, options);
  if (!loaded.ok()) return std::move(loaded).status().WithContext(Context(file));
  return loaded;
}

Result<Loaded> LoadNamedText(std::string_view text, const std::string& file, const LoadOptions& options) {
  auto values = FlattenYaml(text);
  if (!values.ok()) return std::move(values).status().WithContext(Context(file));
  if (Status ours = CheckIsOurs(*values); !ours.ok()) return std::move(ours).WithContext(Context(file));
  const auto schema = DeclaredSchema(*values);
  if (!schema.ok()) return schema.status().WithContext(Context(file));
  return LoadParsed(*std::move(values), *schema, file, options);
}

}  // namespace

Result<Loaded> LoadText(std::string_view text, const LoadOptions& options) {
  return LoadNamedText(text, options.file, options);
}

Result<Loaded> Load(const LoadOptions& options) {
  if (options.file.empty()) return LoadParsed({}, Schema::kV2, "", options);
  MBK_TRY_ASSIGN(const std::string path, LocateFile(options.file, options.env, options.role));
  MBK_TRY_ASSIGN(const std::string text, ReadConfigFile(path));
  return LoadNamedText(text, path, options);
}

}  // namespace mbk::config
