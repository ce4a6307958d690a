#include <fmt/core.h>

#include <algorithm>

#include "ops/load/load.h"
#include "ops/rows/collection_rows.h"

namespace mbk::load {
namespace {

// Measured on Milvus 2.3.5, two cores: import jobs run one at a time and take about two seconds each, however
// few rows; a flush after inserts takes nine, and inserts bring some 20 MB a second.
constexpr double kImportJobSeconds = 2;
constexpr double kFlushSeconds = 9;
constexpr double kInsertBytesPerSecond = 20e6;

std::int64_t JobsOf(const CollectionPlan& plan) {
  std::int64_t jobs = 0;
  for (const auto& wave : plan.imports) jobs += static_cast<std::int64_t>(wave.size());
  return jobs;
}

bool ServerGivesKeys(const CollectionPlan& plan) {
  const FieldSchema* key = PrimaryKeyOf(plan.source->schema);
  return plan.source->schema.auto_id || (key != nullptr && key->auto_id);
}

constexpr const char* kKeysChange =
    "the server gives its keys (auto id), so that inserted rows would get new ones";
constexpr const char* kNoImport = "the server cannot import";
constexpr const char* kUnreadable = "its rows are of a storage version that is not read here";

Status Choose(CollectionPlan& plan, const Options& options, const ServerWays& server) {
  plan.via = options.via;
  if (plan.imports.empty()) {
    plan.via = Via::kImport;  // no rows: nothing to choose
    return {};
  }
  const bool gives_keys = ServerGivesKeys(plan);
  // A collection that stands keeps its properties, so only one that is made here can be told.
  const bool keys_change = gives_keys && !(server.takes_auto_ids && plan.create);
  plan.keeps_auto_ids = gives_keys && !keys_change;
  const auto closed = [&](const char* way, const char* why) {
    return FailedPrecondition(fmt::format("{} cannot be restored by {}: {}", plan.target.Full(), way, why));
  };
  if (keys_change && !server.imports)
    return FailedPrecondition(
        fmt::format("{} cannot be restored: {}, and {}", plan.target.Full(), kNoImport, kKeysChange));
  if (options.via == Via::kImport)
    return server.imports ? Status() : closed("import", "the server cannot import; use --via insert");
  if (options.via == Via::kInsert) return keys_change ? closed("insert", kKeysChange) : Status();

  const double import_s = static_cast<double>(JobsOf(plan)) * kImportJobSeconds;
  const double insert_s = kFlushSeconds + static_cast<double>(plan.source->size) / kInsertBytesPerSecond;
  const bool unreadable = !rows::CheckStorageVersions(*plan.source).ok();
  if (!server.imports) {
    plan.via = Via::kInsert;
    plan.via_reason = kNoImport;
  } else if (keys_change || unreadable) {
    plan.via = Via::kImport;
    plan.via_reason = keys_change ? kKeysChange : kUnreadable;
  } else {
    plan.via = import_s <= insert_s ? Via::kImport : Via::kInsert;
    plan.via_reason = fmt::format("{} import jobs take about {:.0f} s, inserts and a flush about {:.0f} s",
                                  JobsOf(plan), import_s, insert_s);
  }
  return {};
}

}  // namespace

std::string_view ViaName(Via via) {
  switch (via) {
    case Via::kImport:
      return "import";
    case Via::kInsert:
      return "insert";
    case Via::kAuto:
      return "auto";
  }
  return "";
}

bool IsImported(const CollectionPlan& plan) { return plan.via == Via::kImport && !plan.imports.empty(); }
bool IsInserted(const CollectionPlan& plan) { return plan.via == Via::kInsert && !plan.imports.empty(); }

bool HasL0(const CollectionPlan& plan) {
  return std::any_of(plan.imports.begin(), plan.imports.end(),
                     [](const auto& wave) { return wave.front().is_l0; });
}

bool ImportsAnything(const Plan& plan) {
  return std::any_of(plan.collections.begin(), plan.collections.end(), IsImported);
}

ServerWays WaysOf(const MilvusClient& client) {
  return {.imports = client.has(Capability::kImport),
          .takes_auto_ids = client.has(Capability::kInsertAutoIds)};
}

Status ChooseWays(Plan& plan, const Options& options, const ServerWays& server) {
  for (CollectionPlan& collection : plan.collections) {
    MBK_TRY(Choose(collection, options, server));
    if (collection.via == Via::kInsert)
      MBK_TRY(rows::CheckStorageVersions(*collection.source).WithContext("restore by insert"));
  }
  return {};
}

}  // namespace mbk::load
