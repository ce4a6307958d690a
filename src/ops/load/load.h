#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "manifest/object_index.h"
#include "milvus/client.h"
#include "model/backup.h"
#include "ops/environment.h"
#include "ops/select/filter.h"
#include "ops/select/rename.h"

/// From the model and any source of its objects into a live server: the second half of restore and of
/// clone. Planning is pure; each other function is one step, called by the drivers in this order. A
/// collection that fails drops out with its error, the others go on.
namespace mbk::load {

/// How rows come into a server.
enum class Via {
  kImport,  ///< the server reads the files, one job a directory
  kInsert,  ///< rows are decoded here, and those that live are sent
  kAuto,    ///< what is likely to be quicker, or the one way there is; chosen for each collection
};
std::string_view ViaName(Via via);

/// While it is "true", a collection with auto id takes rows with the keys they have (Milvus 2.6.3).
inline constexpr std::string_view kInsertAutoIdProperty = "allow_insert_auto_id";

struct Options {
  Via via = Via::kImport;
  Filter source_filter;  ///< matched on names in the backup (the old -c, -d, -a)
  Filter target_filter;  ///< matched on names in the target (--filter)
  Renamer renamer;
  bool rebuild_index = false;
  bool use_auto_index = false;
  bool meta_only = false;
  bool drop_exist_collection = false;
  bool drop_exist_index = false;
  bool skip_create_collection = false;
  bool restore_alias = false;
  bool restore_load_state = false;
};

/// One import job: a directory of data segments, or an L0 segment.
struct ImportDir {
  std::string partition;   ///< name; "" for the L0 of the whole collection
  std::string insert_dir;  ///< below the tree's prefix, with a trailing slash; "" for L0
  std::string delta_dir;   ///< the same; "" when there are no deletes
  bool is_l0 = false;
  std::int64_t rows = 0;  ///< as its segments say, deletes not applied
  std::int64_t storage_version = 0;
  /// The data segments whose rows it brings, of the backup that the plan was made for.
  std::vector<const Segment*> segments;
  /// These are of several directories, and are written anew as one segment into the staging tree.
  bool rewritten = false;
};

/// Everything that will be done for one collection.
struct CollectionPlan {
  const Collection* source = nullptr;
  CollectionName target;
  bool create = true;
  bool drop_existing = false;
  bool drop_indexes = false;
  CreateCollectionRequest create_request;
  /// Fields that were added behind `$meta` (Milvus 2.6) and must be added again, so that ids stay.
  std::vector<FieldSchema> late_fields;
  std::vector<std::string> partitions;
  Via via = Via::kImport;  ///< never kAuto
  std::string via_reason;  ///< why, where it was chosen
  /// Of kInsert: the server gives this collection its keys, and is told to take those of the backup.
  bool keeps_auto_ids = false;
  /// Waves of imports, of kImport; a wave starts when the one before is done: data, L0 of partitions, L0 of
  /// all.
  std::vector<std::vector<ImportDir>> imports;
  std::vector<CreateIndexRequest> indexes;
  std::vector<std::string> aliases;
  LoadState load_state = LoadState::kNotLoad;
  std::vector<std::string> load_partitions;  ///< empty with kLoaded: all
};

struct Plan {
  std::vector<Database> databases;  ///< that the target must have; created with these properties
  std::vector<CollectionPlan> collections;
};

/// Decide everything. `backup` outlives the plan. No I/O. kNotFound when the filters select nothing or
/// name what is not there; kInvalidArgument when two collections would get one name.
Result<Plan> MakePlan(const Backup& backup, const Options& options);

/// Let the small segments of a partition be rewritten as fewer, larger ones where this saves many import
/// jobs. No I/O, but the codec is opened when there is something to rewrite; without it nothing is.
void MergeSmallSegments(Plan& plan);

/// What the choice of a way asks of a server.
struct ServerWays {
  bool imports = false;
  bool takes_auto_ids = false;  ///< rows with their keys, though the collection has auto id
};
ServerWays WaysOf(const MilvusClient& client);

/// Choose a way for each collection of kAuto. kFailedPrecondition, with the reason, when the way that was
/// asked for is closed: a server without Import, or keys that only the server gives. kUnimplemented when rows
/// of a storage version that is not read would have to be sent.
Status ChooseWays(Plan& plan, const Options& options, const ServerWays& server);

/// Whether rows of any collection come by import.
bool ImportsAnything(const Plan& plan);

/// What became of one collection.
struct Outcome {
  CollectionName source;
  CollectionName target;
  Status status;
  std::int64_t rows_expected = 0;  ///< as the segments say; deletes make it fewer
  bool has_deletes = false;
  std::int64_t rows_imported = 0;  ///< as the jobs say: rows that live
  std::int64_t bytes = 0;
  int import_jobs = 0;
  int segments_rewritten = 0;  ///< small ones, into `rewritten_into` larger ones
  int rewritten_into = 0;
  Via via = Via::kImport;
  std::string via_reason;
  /// Why staged files went through this process; empty: the store copied them, or none had to be staged.
  std::string streamed_because;
  std::vector<std::string> warnings;
};

/// Where the objects of the collections lie before they are loaded.
struct ObjectSource {
  ObjectReader& store;
  /// The key of an object there.
  std::function<ObjectKey(const DataObject&)> key_of;
  /// Set when Milvus can import them from where they are: the tree, in its own bucket.
  const BinlogTree* importable = nullptr;
};

/// Refuse what would fail half-way: a target that exists (or, with skip_create, does not), a database on
/// a server that has none. Changes nothing. One request a collection.
Status CheckTargets(MilvusClient& client, const Plan& plan, const CallContext& context);

/// Create what is missing of the plan's databases.
Status CreateDatabases(MilvusClient& client, const Plan& plan, const CallContext& context);

/// Drop, create, add fields, partitions. Fills `outcomes`, one per collection of the plan.
Status CreateCollections(MilvusClient& client, const Plan& plan, std::vector<Outcome>& outcomes,
                         const RunServices& run, const CallContext& context);

/// Bring the objects where Milvus can read them (unless they are), rewriting what the plan says, import them,
/// and compare the rows
/// that arrived with `rows_expected` of the outcomes (see Preview). `task_id` names the staging directories,
/// which are removed again unless settings say otherwise.
Status StageAndImport(MilvusSide& server, const ObjectSource& source, const std::string& task_id,
                      const Plan& plan, std::vector<Outcome>& outcomes, const RunServices& run,
                      const CallContext& context);

/// Send the living rows of every collection of kInsert, and flush it.
Status InsertRows(MilvusClient& client, const ObjectSource& source, const Plan& plan,
                  std::vector<Outcome>& outcomes, const RunServices& run, const CallContext& context);

/// Create the planned indexes.
Status CreateIndexes(MilvusClient& client, const Plan& plan, std::vector<Outcome>& outcomes,
                     const RunServices& run, const CallContext& context);

/// Aliases, and what was loaded is loaded again.
Status RestoreAliasesAndLoad(MilvusClient& client, const Plan& plan, std::vector<Outcome>& outcomes,
                             const RunServices& run, const CallContext& context);

/// Users, roles, grants and privilege groups that the server does not have yet.
Status RestoreRbac(MilvusClient& client, const RbacMeta& rbac, const CallContext& context);

}  // namespace mbk::load
