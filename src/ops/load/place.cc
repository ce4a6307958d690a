#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>

#include "ops/capture/capture.h"
#include "ops/load/load.h"
#include "ops/load/schema_plan.h"
#include "ops/load/swap.h"
#include "ops/load/temporary_name.h"

// Place: how each collection comes to its name.
namespace mbk::load {
namespace {

std::string Where(const CollectionName& name) {
  return fmt::format("database {} collection {}", name.db.empty() ? "default" : name.db, name.name);
}

Result<std::set<std::string>> DatabasesOf(MilvusClient& client, const CallContext& context) {
  if (!client.has(Capability::kMultiDatabase)) return std::set<std::string>{std::string(kDefaultDatabase)};
  MBK_TRY_ASSIGN(std::vector<std::string> names, client.ListDatabases(context));
  return std::set<std::string>(names.begin(), names.end());
}

// Whether this user may give collections other names here; if not, why. Asked with names that nothing has.
struct Renaming {
  bool possible = false;
  Status why_not;
};

Result<Renaming> AskForRenaming(MilvusClient& client, const std::string& db, const CallContext& context) {
  if (!client.has(Capability::kRenameCollection))
    return Renaming{.why_not = {Code::kUnimplemented,
                                fmt::format("this Milvus ({}) cannot rename collections", client.version())}};
  const std::string id = NewRunId();
  const CollectionName nothing{db, TemporaryName(id, 1)};
  for (Status answer : {client.RenameCollection(nothing, AsideName(id, 1), context),
                        client.CountStoredRows(nothing, context).status()}) {
    if (answer.code() == Code::kNotFound) continue;
    const bool refused = answer.code() == Code::kPermissionDenied || answer.code() == Code::kUnimplemented;
    if (refused) return Renaming{.why_not = std::move(answer)};
    if (answer.ok())
      return Internal(fmt::format("a collection {} that nobody made is there", nothing.Full()));
    return answer;
  }
  return Renaming{.possible = true};
}

bool IsLoaded(MilvusClient& client, const CollectionName& name, const CallContext& context, Status& failure) {
  const Result<std::int64_t> percent = client.GetLoadingProgress(name, {}, context);
  if (!percent.ok()) failure = percent.status();
  return percent.ok() && *percent > 0;
}

std::string DimOf(const FieldSchema& field) {
  const std::string* dim = FindValue(field.type_params, "dim");
  return dim == nullptr ? "" : *dim;
}

// The first thing about `field` that an import would not survive; "" when there is none.
std::string DifferenceOf(const FieldSchema& field, const FieldSchema& there) {
  if (field.field_id != there.field_id)
    return fmt::format("it has the id {} there and {} in the backup, and files are found by ids",
                       there.field_id, field.field_id);
  if (field.data_type != there.data_type || field.element_type != there.element_type)
    return fmt::format("it has the type {} there and {} in the backup", static_cast<int>(there.data_type),
                       static_cast<int>(field.data_type));
  if (DimOf(field) != DimOf(there))
    return fmt::format("it has the dimension {} there and {} in the backup", DimOf(there), DimOf(field));
  if (field.is_primary_key != there.is_primary_key) return "it is the primary key on one side only";
  if (field.is_partition_key != there.is_partition_key) return "it is the partition key on one side only";
  return "";
}

Status CompareSchemas(const CollectionPlan& plan, const CollectionDescription& there) {
  const auto refuse = [&](const std::string& why) {
    return FailedPrecondition(fmt::format("restore: {} cannot take these rows: {}", Where(plan.target), why));
  };
  for (const FieldSchema& field : plan.source->schema.fields) {
    if (field.is_dynamic) continue;
    const FieldSchema* other = FindField(there.schema, field.name);
    if (other == nullptr) return refuse(fmt::format("it has no field {}", field.name));
    const std::string difference = DifferenceOf(field, *other);
    if (!difference.empty()) return refuse(fmt::format("field {}: {}", field.name, difference));
  }
  for (const FieldSchema& field : there.schema.fields) {
    const bool may_lack = field.is_dynamic || field.nullable || !field.default_value.empty();
    if (!may_lack && FindField(plan.source->schema, field.name) == nullptr)
      return refuse(fmt::format("its field {} is not in the backup", field.name));
  }
  if (plan.source->schema.enable_dynamic_field && !there.schema.enable_dynamic_field)
    return refuse("it has no dynamic field, the backup has");
  const std::int64_t wanted = plan.create_request.num_partitions;
  if (wanted > 0 && there.num_partitions > 0 && wanted != there.num_partitions)
    return refuse(fmt::format("it has {} partitions behind its partition key, the backup {}",
                              there.num_partitions, wanted));
  return {};
}

// Rows that were written a moment ago are counted by a query alone. One of both must tell.
Result<std::int64_t> RowsIn(MilvusClient& client, const CollectionPlan& plan,
                            const CollectionDescription& there, const CallContext& context) {
  const Result<std::int64_t> stored = client.CountStoredRows(plan.target, context);
  if (!stored.ok() && stored.status().code() != Code::kUnimplemented) return stored.status();
  if (stored.ok() && *stored > 0) return *stored;
  const Result<std::int64_t> counted =
      client.CountRows({.collection = plan.target, .schema = &there.schema}, context);
  if (counted.ok() || !stored.ok())
    return counted.ok()
               ? counted
               : counted.status().WithContext(fmt::format("how many rows {} has", Where(plan.target)));
  return stored;
}

// Imported deletes of L0 segments hit every row of their keys that is older, whoever brought it.
bool BringsDeletesForAll(const CollectionPlan& plan) { return IsImported(plan) && HasL0(plan); }

// Where they would hit no row but those of the backup.
constexpr const char* kDeletesAppliedHere =
    "with --via insert they are applied here, to the rows of the backup alone, and so they are in the copy "
    "that l0compact makes of it";

// Whether rows that are there stand in the way.
bool MustBeEmpty(const CollectionPlan& plan) {
  return BringsDeletesForAll(plan) || (plan.rows > 0 && !plan.append);
}

Status HasRowsAlready(const CollectionPlan& plan, std::int64_t rows) {
  if (BringsDeletesForAll(plan))
    return FailedPrecondition(fmt::format(
        "restore: {} has rows already ({}), and the backup has deletes in L0 segments: once they are "
        "imported, Milvus applies them to every older row of their keys, those that are there already "
        "among them; {}",
        Where(plan.target), rows, kDeletesAppliedHere));
  return AlreadyExists(fmt::format(
      "restore: {} has rows already ({}), and the rows of the backup would be added to them: --append says "
      "that this is meant. After a restore into it that was cut off, nothing tells which rows are in: they "
      "would be in it twice",
      Where(plan.target), rows));
}

Status CheckExisting(MilvusClient& client, CollectionPlan& plan, const CallContext& context) {
  const Result<std::vector<IndexInfo>> indexes = client.ListIndexes(plan.target, context);
  plan.place.old_is_indexed = !indexes.ok() || !indexes->empty();  // nothing is said of what cannot be told
  MBK_TRY_ASSIGN(const CollectionDescription there, client.DescribeCollection(plan.target, context));
  if (plan.rows > 0 || BringsDeletesForAll(plan)) MBK_TRY(CompareSchemas(plan, there));
  if (MustBeEmpty(plan)) {
    MBK_TRY_ASSIGN(const std::int64_t rows, RowsIn(client, plan, there, context));
    if (rows > 0) return HasRowsAlready(plan, rows);
  }
  // Deletes come last: when Milvus refuses them, the rows are in that they would have hit.
  if (BringsDeletesForAll(plan) && plan.place.old_is_loaded)
    return FailedPrecondition(
        fmt::format("restore: {} is loaded, and Milvus imports no deletes of L0 segments, as the backup has, "
                    "into a loaded collection: release it first; or {}",
                    Where(plan.target), kDeletesAppliedHere));
  if (plan.drop_indexes && plan.place.old_is_loaded && !plan.release)
    return FailedPrecondition(fmt::format(
        "restore: {} is loaded, and an index of a loaded collection cannot be dropped: --release says "
        "that it may be released and loaded again",
        Where(plan.target)));
  return {};
}

Status CheckTarget(MilvusClient& client, CollectionPlan& plan, const std::set<std::string>& databases,
                   const CallContext& context) {
  if (IsTemporaryName(plan.target.name))
    return InvalidArgument(
        fmt::format("restore: {} is a name that runs give to what they are building; choose another",
                    plan.target.Full()));
  std::optional<Standing> standing;
  if (databases.contains(plan.target.db)) {
    MBK_TRY_ASSIGN(standing, StandingUnder(client, plan.target, context));
  }
  if (standing && standing->IsAlias(plan.target))
    return AlreadyExists(
        fmt::format("restore: {} is an alias of the collection {}; choose another name with --suffix or "
                    "--rename, or restore as {}",
                    plan.target.Full(), standing->name, standing->name));
  if (standing && plan.create && !plan.drop_existing)
    return AlreadyExists(fmt::format(
        "restore: collection already exist, {}; choose another name with --suffix or --rename, or "
        "replace it with --drop_exist_collection",
        Where(plan.target)));
  if (!standing && !plan.create)
    return FailedPrecondition(
        fmt::format("restore: collection not exist, {}, but --skip_create_collection says that it is there",
                    Where(plan.target)));
  if (!standing) return {};
  plan.place.exists = true;
  plan.place.old_id = standing->collection_id;
  plan.place.old_aliases = standing->aliases;
  Status failure;
  plan.place.old_is_loaded = IsLoaded(client, plan.target, context, failure);
  MBK_TRY(std::move(failure));
  return plan.create ? Status() : CheckExisting(client, plan, context);
}

Status RefuseWithoutRenaming(const CollectionPlan& plan, const Renaming& renaming) {
  const std::string message = fmt::format(
      "restore: {} would have to be dropped before its replacement stands: {}. Nothing was changed; "
      "--drop_first "
      "says that this is meant, and goes collection by collection",
      Where(plan.target), renaming.why_not.message());
  const bool denied = renaming.why_not.code() == Code::kPermissionDenied;
  return denied ? Status(Code::kPermissionDenied, message) : InvalidArgument(message);
}

void BuildUnder(CollectionPlan& plan, const CollectionName& name) {
  plan.place.built_as = name;
  plan.create_request.target = name;
  plan.create_request.schema.name = name.name;
  for (CreateIndexRequest& index : plan.indexes) index.collection = name;
}

Status ChooseWay(CollectionPlan& plan, const Renaming& renaming) {
  Placement& place = plan.place;
  if (!plan.create) {
    place.way = Placement::Way::kIntoExisting;
    BuildUnder(plan, plan.target);
    return {};
  }
  if (renaming.possible) {
    place.way = Placement::Way::kNameLast;
    return {};
  }
  if (place.exists && !plan.drop_first) return RefuseWithoutRenaming(plan, renaming);
  place.way = Placement::Way::kOwnName;
  place.why_own_name = renaming.why_not.message();
  BuildUnder(plan, plan.target);
  return {};
}

}  // namespace

Status CheckReplacedByNothing(MilvusClient& client, Plan& plan, const Options& options,
                              const CallContext& context) {
  const bool nothing = std::all_of(plan.collections.begin(), plan.collections.end(),
                                   [](const CollectionPlan& collection) { return collection.rows == 0; });
  for (CollectionPlan& collection : plan.collections) {
    if (!collection.create || !collection.place.exists || collection.rows > 0) continue;
    MBK_TRY_ASSIGN(const CollectionDescription there, client.DescribeCollection(collection.target, context));
    const bool must_be_told = nothing && !options.meta_only;
    const Result<std::int64_t> rows = RowsIn(client, collection, there, context);
    if (must_be_told) MBK_TRY(rows.status());
    if (rows.ok()) collection.place.old_rows = *rows;
    if (must_be_told && collection.place.old_rows > 0)
      return FailedPrecondition(fmt::format(
          "restore: {} has {} rows, and none come to replace them: there are no rows in what was selected, "
          "as in a "
          "backup that was made with --meta_only. --meta_only says that the schema alone is meant",
          Where(collection.target), collection.place.old_rows));
  }
  return {};
}

Status CheckRowsHaveNotRunOut(Plan& plan, std::chrono::sys_seconds now) {
  for (CollectionPlan& collection : plan.collections) {
    const std::int64_t ttl = TtlSeconds(collection.create_request.properties);
    const auto saved = static_cast<std::int64_t>(collection.source->backup_physical_timestamp);
    if (ttl == 0 || saved == 0 || collection.rows == 0 || collection.via != Via::kImport ||
        !collection.create)
      continue;
    const std::int64_t age = now.time_since_epoch().count() - saved;
    if (age <= ttl) continue;
    const std::string what = fmt::format(
        "its rows are {} s old or older, and run out after {} s (collection.ttl.seconds): Milvus hides them, "
        "or "
        "drops them when it compacts; with --via insert they begin anew",
        age, ttl);
    if (collection.place.exists)
      return FailedPrecondition(fmt::format("restore: {} would be replaced by rows that do not last: {}",
                                            Where(collection.target), what));
    collection.warnings.push_back(what);
  }
  return {};
}

Status CheckStillEmpty(MilvusClient& client, const CollectionPlan& plan, Sleeper& sleeper,
                       const CallContext& context) {
  if (!MustBeEmpty(plan)) return {};
  MBK_TRY(capture::FlushAndWait(client, plan.target, sleeper, context)
              .status()
              .WithContext(
                  BringsDeletesForAll(plan)
                      ? "whether it has rows in memory, which deletes of L0 segments would hit, a flush tells"
                      : "whether it has rows in memory only a flush tells (--append says that they may be "
                        "there)"));
  const Result<std::int64_t> rows = client.CountStoredRows(plan.target, context);
  if (rows.status().code() == Code::kUnimplemented) return {};  // it was counted by a query
  MBK_TRY(rows.status());
  return *rows > 0 ? HasRowsAlready(plan, *rows) : Status();
}

Status Place(MilvusClient& client, Plan& plan, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::set<std::string> databases, DatabasesOf(client, context));
  for (const Database& database : plan.databases) {
    if (!databases.contains(database.name) && !client.has(Capability::kMultiDatabase)) {
      return FailedPrecondition(fmt::format("this Milvus ({}) has no databases, but the plan needs {}",
                                            client.version(), database.name));
    }
  }
  for (CollectionPlan& collection : plan.collections)
    MBK_TRY(CheckTarget(client, collection, databases, context));

  Renaming renaming;
  const auto made = std::find_if(plan.collections.begin(), plan.collections.end(),
                                 [](const CollectionPlan& collection) { return collection.create; });
  if (made != plan.collections.end()) {
    const bool has_database = databases.contains(made->target.db);
    const std::string db = has_database ? made->target.db : std::string(kDefaultDatabase);
    MBK_TRY_ASSIGN(renaming, AskForRenaming(client, db, context));
  }
  for (CollectionPlan& collection : plan.collections) MBK_TRY(ChooseWay(collection, renaming));
  return {};
}

void GiveTemporaryNames(Plan& plan, const std::string& run_id) {
  int number = 0;
  for (CollectionPlan& collection : plan.collections) {
    ++number;
    if (collection.place.way == Placement::Way::kOwnName && collection.place.exists)
      collection.place.trial = TemporaryName(run_id, number);
    if (collection.place.way != Placement::Way::kNameLast) continue;
    BuildUnder(collection, {collection.target.db, TemporaryName(run_id, number)});
    if (collection.place.exists && !collection.drop_first) collection.place.aside = AsideName(run_id, number);
  }
}

}  // namespace mbk::load
