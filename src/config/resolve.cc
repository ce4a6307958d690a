#include "config/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <ranges>
#include <type_traits>

#include "config/text.h"
#include "config/value.h"

namespace mbk::config {
namespace {

struct Found {
  Origin origin;
  RawValue value;
};

std::optional<Found> FindOverride(const Row& row, const Sources& sources) {
  for (const Override& item : sources.overrides | std::views::reverse) {
    if (!NamesRow(row, item.key)) continue;
    return Found{.origin = {.source = Source::kOverride, .key = item.key}, .value = {.text = item.value}};
  }
  return std::nullopt;
}

std::optional<Found> FindInEnvironment(const Row& row, const Sources& sources,
                                       std::vector<std::string>& warnings) {
  if (row.env.empty()) return std::nullopt;
  auto variable = FindVariable(row.env, sources.role, sources.env);
  if (!variable) return std::nullopt;
  if (IsKubernetesServiceLink(*variable)) {
    warnings.push_back(fmt::format(
        "environment variable {}={} is ignored: Kubernetes injected it for a service; set {} in the file, or "
        "enableServiceLinks: false in the pod",
        variable->name, OneLine(WithoutUserInfo(variable->value)), row.keys.front()));
    return std::nullopt;
  }
  return Found{.origin = {.source = Source::kEnv, .key = std::move(variable->name)},
               .value = {.text = std::move(variable->value)}};
}

std::optional<Found> FindInFile(const Row& row, const Sources& sources) {
  for (const std::string& key : row.keys) {
    const auto place = sources.file.find(Lower(key));
    if (place == sources.file.end()) continue;
    const FileValue& value = place->second;
    return Found{.origin = {.source = Source::kConfig, .key = value.spelling, .line = value.line},
                 .value = value.value};
  }
  return std::nullopt;
}

std::string Shown(const Row& row, const RawValue& value) {
  if (row.secret) return "(secret)";
  if (value.kind == RawValue::Kind::kList) return "a list";
  return Quoted(WithoutUserInfo(value.text));
}

class Resolver {
 public:
  Resolver(const std::vector<Row>& rows, const Sources& sources, Resolution& resolution)
      : rows_(rows), sources_(sources), out_(resolution) {}

  void Run() {
    for (const Row& row : rows_) ResolveRow(row);
  }

 private:
  void ResolveRow(const Row& row) {
    Origin origin{.role = sources_.role, .documented = row.keys.front()};
    SetDefault(row, origin);
    if (auto found = Find(row)) {
      origin.source = found->origin.source;
      origin.key = std::move(found->origin.key);
      origin.line = found->origin.line;
      origin.inherited = false;
      SetFound(row, found->value, origin);
    }
    if (!row.path.empty()) out_.origins[row.path] = std::move(origin);
  }

  std::optional<Found> Find(const Row& row) {
    if (auto found = FindOverride(row, sources_)) return found;
    if (auto found = FindInEnvironment(row, sources_, out_.warnings)) return found;
    return FindInFile(row, sources_);
  }

  void SetDefault(const Row& row, Origin& origin) {
    if (!row.inherits.empty()) {
      Copy(RowOf(row.inherits), row);
      origin.inherited = true;
      return;
    }
    const RawValue value{.text = row.default_text};
    const Status status = std::visit([&](auto field) { return Parse(value, field(out_.draft)); }, row.field);
    if (!status.ok()) std::abort();  // a default of ours that its own type refuses
  }

  void SetFound(const Row& row, const RawValue& value, Origin& origin) {
    const Status status = std::visit([&](auto field) { return Parse(value, field(out_.draft)); }, row.field);
    if (status.ok()) return;
    origin.rejected = true;
    out_.problems.push_back(fmt::format("{}: {}: {}", origin.Name(), Shown(row, value), status.message()));
  }

  void Copy(const Row& from, const Row& to) {
    std::visit(
        [&](auto source, auto target) {
          if constexpr (std::is_same_v<decltype(source), decltype(target)>)
            target(out_.draft) = source(out_.draft);
        },
        from.field, to.field);
  }

  const Row& RowOf(std::string_view path) const {
    return *std::ranges::find_if(rows_, [&](const Row& row) { return row.path == path; });
  }

  const std::vector<Row>& rows_;
  const Sources& sources_;
  Resolution& out_;
};

}  // namespace

bool NamesRow(const Row& row, std::string_view name) {
  return (!row.env.empty() && EqualIgnoringCase(name, row.env)) ||
         std::ranges::any_of(row.keys, [&](const auto& key) { return EqualIgnoringCase(name, key); });
}

std::string Origin::Name() const {
  switch (source) {
    case Source::kDefault:
      return documented;
    case Source::kConfig:
      return fmt::format("{} (line {})", OneLine(key), line);
    case Source::kEnv:
      return "environment variable " + key;
    case Source::kOverride:
      return fmt::format("{} {}", SetFlag(role), OneLine(key));
  }
  return documented;
}

const Origin& Resolution::OriginOf(std::string_view path) const {
  static const Origin kNone;
  const auto place = origins.find(path);
  return place == origins.end() ? kNone : place->second;
}

void Resolution::Reject(std::string_view path, std::string_view why) {
  problems.push_back(fmt::format("{}: {}", OriginOf(path).Name(), why));
}

void ResolveRows(const std::vector<Row>& rows, const Sources& sources, Resolution& resolution) {
  Resolver(rows, sources, resolution).Run();
}

}  // namespace mbk::config
