#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "ops/load/load.h"
#include "ops/load/schema_plan.h"
#include "ops/select/identifier.h"

namespace mbk::load {
namespace {

bool IsVectorIndex(const CollectionSchema& schema, const IndexInfo& index) {
  const FieldSchema* field = FindField(schema, index.field_name);
  return field != nullptr && IsVector(field->data_type);
}

KeyValues IndexParams(const IndexInfo& index, bool is_vector, bool use_auto_index) {
  KeyValues params = index.params;
  if (is_vector && use_auto_index) {
    const std::string* metric = FindValue(index.params, "metric_type");
    params = {{"index_type", "AUTOINDEX"}};
    if (metric != nullptr) params.push_back({"metric_type", *metric});
    return params;
  }
  // Milvus reports the scalar index under a name that it does not take back.
  for (KeyValue& pair : params) {
    if (!is_vector && pair.key == "index_type" && pair.value == "marisa-trie") pair.value = "Trie";
  }
  return params;
}

// Names that Milvus made itself, of JSON paths, it does not accept from others: it makes one again.
std::string IndexName(const IndexInfo& index) {
  const bool valid =
      IsIdentifier(index.index_name) && !std::isdigit(static_cast<unsigned char>(index.index_name.front()));
  return valid ? index.index_name : "";
}

std::vector<CreateIndexRequest> PlanIndexes(const Collection& source, const CollectionName& target,
                                            bool use_auto_index) {
  std::vector<CreateIndexRequest> vectors, scalars;
  for (const IndexInfo& index : source.indexes) {
    const bool is_vector = IsVectorIndex(source.schema, index);
    (is_vector ? vectors : scalars)
        .push_back({.collection = target,
                    .field_name = index.field_name,
                    .index_name = IndexName(index),
                    .params = IndexParams(index, is_vector, use_auto_index)});
  }
  vectors.insert(vectors.end(), std::make_move_iterator(scalars.begin()),
                 std::make_move_iterator(scalars.end()));
  return vectors;
}

// Directories are collected in a map, so that segments which share one make one import of it: importing
// a directory twice would double its rows (backups of Go 0.2-0.4.3).
class DirCollector {
 public:
  DirCollector(const Collection& source) : source_(source) {}

  void Add(const std::string& partition, const Segment& segment) {
    if (segment.is_l0) return AddL0(partition, segment);
    if (segment.insert_logs.empty()) return;
    const BinlogTree tree("");
    ImportDir& dir = data_[tree.InsertDir(source_.collection_id, segment)];
    dir.partition = partition;
    dir.insert_dir = tree.InsertDir(source_.collection_id, segment);
    if (!segment.delta_logs.empty()) dir.delta_dir = tree.DeltaDir(source_.collection_id, segment);
    dir.rows += segment.num_rows;
    dir.segments.push_back(&segment);
    dir.storage_version = std::max(dir.storage_version, segment.storage_version);
  }

  std::vector<std::vector<ImportDir>> TakeWaves() {
    std::vector<std::vector<ImportDir>> waves;
    std::vector<ImportDir> data;
    for (auto& [key, dir] : data_) data.push_back(std::move(dir));
    for (std::vector<ImportDir>* wave : {&data, &partition_l0_, &collection_l0_}) {
      if (!wave->empty()) waves.push_back(std::move(*wave));
    }
    return waves;
  }

 private:
  void AddL0(const std::string& partition, const Segment& segment) {
    if (segment.delta_logs.empty()) return;
    const BinlogTree tree("");
    ImportDir dir{.partition = partition,
                  .delta_dir = tree.L0Dir(source_.collection_id, segment),
                  .is_l0 = true,
                  .storage_version = segment.storage_version};
    (segment.partition_id == kAllPartitions ? collection_l0_ : partition_l0_).push_back(std::move(dir));
  }

  const Collection& source_;
  std::map<std::string, ImportDir> data_;
  std::vector<ImportDir> partition_l0_, collection_l0_;
};

std::vector<std::vector<ImportDir>> PlanImports(const Collection& source) {
  DirCollector dirs(source);
  for (const Partition& partition : source.partitions) {
    for (const Segment& segment : partition.segments) dirs.Add(partition.name, segment);
  }
  for (const Segment& segment : source.l0_segments) dirs.Add("", segment);
  return dirs.TakeWaves();
}

// What the metadata promise, whether or not they name files that hold it.
std::int64_t PromisedRows(const Collection& source) {
  std::int64_t rows = 0;
  for (const Partition& partition : source.partitions) {
    for (const Segment& segment : partition.segments)
      if (!segment.is_l0) rows += segment.num_rows;
  }
  return rows;
}

// "Loading" is a collection of which a part is loaded, or which was being loaded when it was described: then
// its partitions are Loading too. What was under way is carried out.
void PlanLoadState(const Collection& source, CollectionPlan& plan) {
  plan.load_state = source.load_state;
  if (source.load_state != LoadState::kLoading) return;
  for (const Partition& partition : source.partitions) {
    if (partition.load_state != LoadState::kNotLoad) plan.load_partitions.push_back(partition.name);
  }
  plan.load_state = plan.load_partitions.empty() ? LoadState::kNotLoad : LoadState::kLoaded;
  if (plan.load_partitions.empty())
    plan.warnings.emplace_back("it is not loaded: the metadata say that a part of it was, and not which");
  if (plan.load_partitions.size() == source.partitions.size()) plan.load_partitions.clear();
}

CollectionPlan PlanCollection(const Collection& source, const CollectionName& target,
                              const Options& options) {
  SchemaPlan schema = PlanSchema(source.schema, target.name);
  const bool partition_key = HasPartitionKey(source.schema);
  CollectionPlan plan{
      .source = &source,
      .target = target,
      .create = !options.skip_create_collection,
      .drop_existing = options.drop_exist_collection,
      .drop_first = options.drop_first,
      .drop_indexes = options.drop_exist_index,
      .append = options.append,
      .release = options.release,
      .verify = options.verify,
      .rows = options.meta_only ? 0 : PromisedRows(source),
      .place = {.built_as = target},
      .create_request = {.target = target,
                         .schema = std::move(schema.schema),
                         .shards_num = source.shards_num,
                         .consistency_level = source.consistency_level,
                         .num_partitions =
                             partition_key ? static_cast<std::int64_t>(source.partitions.size()) : 0,
                         .properties = MergeProperties(source.properties, source.schema.properties)},
      .late_fields = std::move(schema.late_fields),
  };
  for (const Partition& partition : source.partitions) plan.partitions.push_back(partition.name);
  if (!options.meta_only) plan.imports = PlanImports(source);
  if (options.rebuild_index) plan.indexes = PlanIndexes(source, target, options.use_auto_index);
  if (options.rebuild_index && source.has_index && source.indexes.empty())
    plan.warnings.emplace_back("no index is made: the metadata say that it had some, and not which");
  if (options.restore_alias) plan.aliases = source.aliases;
  if (options.restore_load_state) PlanLoadState(source, plan);
  return plan;
}

// Every name that a filter spells out must be there: a typo that selects fewer collections than were
// meant is found before anything is restored.
Status CheckNamesExist(const Filter& filter, const std::set<CollectionName>& there, std::string_view what) {
  for (const auto& [db, wanted] : filter.databases()) {
    for (const std::string& name : wanted.collections) {
      if (there.contains({db, name})) continue;
      std::vector<std::string> names;
      for (const CollectionName& n : there) names.push_back(n.Full());
      return NotFound(fmt::format("{}.{} is not among the {}: {}", db, name, what, Enumerate(names)));
    }
  }
  return {};
}

Status CheckSelection(const Options& options, const std::set<CollectionName>& sources,
                      const std::set<CollectionName>& targets, bool selected_any) {
  MBK_TRY(CheckNamesExist(options.source_filter, sources, "collections of the backup"));
  MBK_TRY(
      CheckNamesExist(options.target_filter, targets, "collections as they would be named in the target"));
  if (selected_any || (options.source_filter.empty() && options.target_filter.empty())) return {};
  const bool nothing_in_backup = targets.empty();
  std::vector<std::string> names, wanted;
  for (const CollectionName& name : nothing_in_backup ? sources : targets) names.push_back(name.Full());
  for (const auto& [db, unused] :
       (nothing_in_backup ? options.source_filter : options.target_filter).databases())
    wanted.push_back(db);
  return NotFound(fmt::format("nothing of {} matches the filter; {}: {}", Enumerate(wanted),
                              nothing_in_backup ? "the backup holds" : "in the target there would be",
                              Enumerate(names)));
}

// A filter that names collections of a database does not select the database itself.
bool SelectsDatabase(const Filter& filter, const std::string& name) {
  if (filter.empty()) return true;
  const auto found = filter.databases().find(name);
  return found != filter.databases().end() &&
         (found->second.all_collections || found->second.collections.empty());
}

// Databases as such are not nothing when a filter names them.
Status RefuseNothing(const Backup& backup, const Options& options) {
  if (!options.source_filter.WantsCollections() || !options.target_filter.WantsCollections()) return {};
  return NotFound(
      fmt::format("there is nothing to restore: backup {} has no collection{}. If that is meant, "
                  "say --allow-empty: its databases are made",
                  backup.name, backup.collections.empty() ? "" : " that is selected"));
}

// The databases that the plan needs, with the properties they had: those that collections go to, and those
// that are selected themselves, unless all of their collections go elsewhere.
std::vector<Database> PlanDatabases(const Backup& backup, const Options& options,
                                    const std::vector<CollectionPlan>& collections) {
  std::map<std::string, Database> needed;
  std::set<std::string> left;
  for (const CollectionPlan& collection : collections) {
    needed.try_emplace(collection.target.db, Database{.name = collection.target.db});
    left.insert(collection.source->db_name);
  }
  for (const Database& database : backup.databases) {
    const std::string target = options.renamer.Apply({database.name, ""}).db;
    const bool selected = SelectsDatabase(options.source_filter, database.name) &&
                          SelectsDatabase(options.target_filter, target);
    if (needed.contains(target) || (selected && !left.contains(database.name)))
      needed[target] = Database{.name = target, .properties = database.properties};
  }
  std::vector<Database> databases;
  for (auto& [name, database] : needed) databases.push_back(std::move(database));
  return databases;
}

Status CheckRenames(const Backup& backup, const Options& options, const std::set<CollectionName>& selected) {
  std::set<std::string> databases;
  for (const Database& database : backup.databases) {
    if (SelectsDatabase(options.source_filter, database.name)) databases.insert(database.name);
  }
  return options.renamer.CheckUsed(selected, std::move(databases));
}

}  // namespace

Status CheckPromises(const Plan& plan) {
  for (const CollectionPlan& collection : plan.collections) {
    std::int64_t named = 0;
    for (const auto& wave : collection.imports)
      for (const ImportDir& dir : wave) named += dir.rows;
    if (named == collection.rows) continue;
    return DataLoss(fmt::format(
        "{}.{}: the metadata promise {} rows, but name files for {} of them: it cannot be restored whole",
        collection.source->db_name, collection.source->name, collection.rows, named));
  }
  return {};
}

Result<Plan> MakePlan(const Backup& backup, const Options& options) {
  if (!backup.format.empty()) {
    return InvalidArgument(fmt::format(
        "backup {} has the format \"{}\", which this version does not restore; it restores the binlog format",
        backup.name, backup.format));
  }
  Plan plan;
  std::set<CollectionName> sources, selected, targets, taken;
  for (const Collection& collection : backup.collections) {
    const CollectionName source{collection.db_name, collection.name};
    const CollectionName target = options.renamer.Apply(source);
    sources.insert(source);
    if (!options.source_filter.Matches(source.db, source.name)) continue;
    selected.insert(source);
    targets.insert(target);
    if (!options.target_filter.Matches(target.db, target.name)) continue;
    if (!taken.insert(target).second)
      return InvalidArgument(fmt::format("two collections would be restored as {}", target.Full()));
    plan.collections.push_back(PlanCollection(collection, target, options));
  }
  plan.databases = PlanDatabases(backup, options, plan.collections);
  MBK_TRY(CheckSelection(options, sources, targets, !plan.collections.empty() || !plan.databases.empty()));
  MBK_TRY(CheckRenames(backup, options, selected));
  if (!options.allow_empty) MBK_TRY(RefuseDatabasesAlone(options.target_filter, targets));
  if (plan.collections.empty() && !options.allow_empty) MBK_TRY(RefuseNothing(backup, options));
  return plan;
}

}  // namespace mbk::load
