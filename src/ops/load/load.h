#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/reach.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "manifest/object_index.h"
#include "milvus/client.h"
#include "model/backup.h"
#include "ops/environment.h"
#include "ops/runs/record.h"
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
  bool allow_empty = false;  ///< that there is no collection to restore is meant
  bool drop_exist_collection = false;
  bool drop_exist_index = false;
  bool skip_create_collection = false;
  bool append = false;      ///< with skip_create_collection: into a collection that has rows
  bool drop_first = false;  ///< with drop_exist_collection: before the new one is built
  bool release = false;     ///< a loaded collection of the user may be released, where that is needed
  bool verify = false;      ///< hold the rows against the source before the collection takes its name
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

/// How a collection comes to its name; decided by Place, from what the target holds.
struct Placement {
  enum class Way {
    kNameLast,      ///< built under a temporary name; takes its own when all of it is there
    kOwnName,       ///< built under its own name: the server renames nothing, or not for this user
    kIntoExisting,  ///< rows go into a collection that stands
  };
  Way way = Way::kOwnName;
  CollectionName built_as;  ///< the name that it is filled under
  std::string aside;        ///< the name that the old one has while the new one takes its own
  std::string trial;        ///< of a throw-away collection that shows whether the new one can be made
  /// What stands under the target's name: it is replaced, or filled.
  bool exists = false;
  std::int64_t old_rows = 0;  ///< of one that is replaced by one without rows
  std::int64_t old_id = 0;
  std::vector<std::string> old_aliases;
  bool old_is_loaded = false;
  bool old_is_indexed = false;  ///< of a collection that is filled
  std::string why_own_name;     ///< of kOwnName
};

/// Everything that will be done for one collection.
struct CollectionPlan {
  const Collection* source = nullptr;
  CollectionName target;
  bool create = true;
  bool drop_existing = false;
  bool drop_first = false;
  bool drop_indexes = false;
  bool append = false;
  bool release = false;
  bool verify = false;
  /// Rows that the metadata promise, deletes not applied; 0 where none are to come.
  std::int64_t rows = 0;
  Placement place;
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
  std::vector<std::string> warnings;         ///< what was asked for and the metadata do not tell
};

struct Plan {
  std::vector<Database> databases;  ///< that the target must have; created with these properties
  std::vector<CollectionPlan> collections;
};

/// Decide everything. `backup` outlives the plan. No I/O. kNotFound when the filters select nothing or
/// name what is not there; kInvalidArgument when two collections would get one name.
Result<Plan> MakePlan(const Backup& backup, const Options& options);

/// kDataLoss when the metadata promise rows of a collection and name no files for them, or more files. No
/// I/O.
Status CheckPromises(const Plan& plan);

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

/// What a collection's target is like at the end, or would be after a dry run.
enum class Left {
  kUntouched,  ///< nothing was done to it
  kOldKept,    ///< what was to be replaced stands, whole
  kMade,       ///< the new collection has its name
  kDropped,    ///< what this run made is gone again, and there was nothing before
  kBehind,     ///< something of this run stands that has no business there: see `behind`
  kChanged,    ///< the user's own, with the rows it had; partitions, indexes or aliases of it may be new
  kAppended,   ///< rows of this run may be in a collection of the user's, which cannot be undone
};

/// What became of one collection.
struct Outcome {
  CollectionName source;
  CollectionName target;
  Status status;
  bool filled = false;    ///< all rows are in, and proved as far as was asked
  bool unproven = false;  ///< `status` says that something could not be read; nothing is known to be wrong
  Left left = Left::kUntouched;
  std::string behind;  ///< names what stands where it should not, and what is to be done
  /// Of kBehind: it may be all that there is of its rows. No cleaning touches it, a person decides.
  bool may_be_only_copy = false;
  CollectionName built_as;                 ///< see Placement
  std::int64_t collection_id = 0;          ///< of the collection that was made; 0: none, or not known
  bool replaces = false;                   ///< a collection of that name stood
  bool drops_first = false;                ///< and goes before the new one is filled
  std::vector<std::string> moved_aliases;  ///< of that one
  int indexes = 0;                         ///< made
  bool loaded = false;
  bool load_begun = false;  ///< the server was told to, and goes on with it whatever becomes of the run
  bool is_indexed() const { return indexes > 0 || stood_indexed; }
  bool is_loaded() const { return loaded || stood_loaded; }
  bool stood_indexed = false;  ///< a collection of the user's that is filled: before the run
  bool stood_loaded = false;
  bool source_is_indexed = false;
  bool source_is_loaded = false;   ///< or some of its partitions are
  std::vector<std::string> notes;  ///< worth saying; nothing is missing
  std::int64_t rows_expected = 0;  ///< as the metadata say; deletes make it fewer
  bool has_deletes = false;
  /// How many of them no delete beside their segment hits, where the backup has a record of its rows (create
  /// --fingerprint): so many must arrive, deletes or not.
  std::optional<std::int64_t> rows_not_deleted;
  /// How many no delete hits at all, those of L0 among them, where that was counted in the files of the
  /// source: so many must be stored.
  std::optional<std::int64_t> rows_at_least;
  std::int64_t rows_imported = 0;  ///< as the jobs say: rows that live
  /// Rows that this run has brought so far, as the server answered; nullopt: whether more came, or are still
  /// to come, is not known.
  std::optional<std::int64_t> rows_brought = 0;
  std::int64_t rows_repeated = 0;  ///< of kInsert: not sent, because a newer row of their key was
  std::int64_t bytes = 0;
  int import_jobs = 0;
  int segments_rewritten = 0;  ///< small ones, into `rewritten_into` larger ones
  int rewritten_into = 0;
  Via via = Via::kImport;
  std::string via_reason;
  /// Why staged files went through this process; empty: the store copied them, or none had to be staged.
  std::string streamed_because;
  std::vector<std::string> warnings;
  /// What was built stays under its temporary name: import jobs are, or may be, at work in it.
  bool waits_for_imports = false;
  std::vector<std::string> files_behind;  ///< of the warnings those about what stays for import jobs
};
/// Something other than its rows is about to be changed: a collection of the user's is no longer untouched.
void NoteChange(const CollectionPlan& plan, Outcome& outcome);

/// Where the objects of the collections lie before they are loaded.
struct ObjectSource {
  ObjectReader& store;
  /// The key of an object there.
  std::function<ObjectKey(const DataObject&)> key_of;
  /// The digest that is on record of an object, if any; empty: none is. What is copied while it is staged is
  /// held against it; what is imported from where it lies, rewritten or sent as rows has been before
  /// (ops/recorded_bytes.h).
  std::function<Digest(const ObjectKey&)> recorded;
  /// Set when Milvus can import them from where they are: the tree, in its own bucket.
  const BinlogTree* importable = nullptr;
  /// Whether they are all still what the plan was made from, asked before an old collection goes for what
  /// came of them; empty: they belong to nobody who could remove them meanwhile.
  std::function<Status(const CallContext&)> still_there;
  /// The command that finds out which of its files are damaged, and how many of its rows live; empty when the
  /// objects are of no backup.
  AdvisedCommand proved_by;
  /// The command that does to a collection that stands, without its rows, what `flags` say; may be empty.
  std::function<AdvisedCommand(const CollectionPlan&, std::string_view flags)> in_place;
};

/// Decide how each collection comes to its name, and refuse what would fail half-way: a target that exists
/// (or, with skip_create, does not), an alias, another schema, rows that nobody said may be there, or that
/// imported deletes of L0 segments would hit, whatever was said, a database on a server that has none, a
/// collection that could not be replaced safely. Changes nothing. Fills `place`; GiveTemporaryNames completes
/// it. Behind ChooseWays, where the plan has rows. Two to four requests a collection, and three.
///
/// Where a collection is to be replaced: kPermissionDenied when the user may not rename, kInvalidArgument
/// when the server cannot, both unless drop_first is given.
Status Place(MilvusClient& client, Plan& plan, const CallContext& context);

/// Behind Place: count the rows of collections that are to be replaced by one without rows (`old_rows`).
/// kFailedPrecondition where nothing of the plan has any, as in a backup that was made with --meta_only,
/// unless that is what is asked for. Two requests for each of those.
Status CheckReplacedByNothing(MilvusClient& client, Plan& plan, const Options& options,
                              const CallContext& context);

/// Behind Place: an import leaves rows the time at which they were written. Where all of a collection's are
/// older by `now` than its TTL, Milvus hides or drops them: a warning, and kFailedPrecondition where they
/// would replace others.
Status CheckRowsHaveNotRunOut(Plan& plan, std::chrono::sys_seconds now);

/// Before the first row or delete goes into a collection that is to be empty (no `append`, or deletes of L0
/// segments are imported): flush it, so that rows count which were in memory alone, and say what Place says
/// if it has any.
Status CheckStillEmpty(MilvusClient& client, const CollectionPlan& plan, Sleeper& sleeper,
                       const CallContext& context);

/// Where collections take their names last: the names that they have until then.
void GiveTemporaryNames(Plan& plan, const std::string& run_id);

/// Create what is missing of the plan's databases.
Status CreateDatabases(MilvusClient& client, const Plan& plan, const CallContext& context);

/// A new collection under the name that it is built under, with fields that came late. Nothing of it is
/// undone after an error.
Status CreateCollectionOf(MilvusClient& client, const CollectionPlan& plan, const CallContext& context);
/// Its partitions that are not there.
Status CreatePartitionsOf(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
                          const CallContext& context);
/// What this server will not keep of it, as a warning; "" when it keeps all.
std::string LostDetails(const MilvusClient& client, const CollectionPlan& plan);
/// Its planned indexes. One that the server refuses is a warning. With drop_indexes each takes the place of
/// the one that its field has, which comes back when the new one is refused.
Status CreateIndexesOf(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
                       const CallContext& context);

/// Where a run writes down what it is about to do, so that it can be put right should the run be killed. An
/// error means that nothing more may be changed. All may be empty: nothing is written then.
struct Journal {
  /// What is known of the collection `index` of the plan; durable when it returns.
  std::function<Status(std::size_t index, const runs::RecordedCollection&, const CallContext&)> update;
  /// Before the first object is written below a prefix, and when nothing is left there.
  std::function<Status(const std::string& prefix, const CallContext&)> note_staging, forget_staging;
  /// The ids of import jobs, as soon as the server has told them.
  std::function<Status(std::span<const std::int64_t> jobs, const CallContext&)> note_imports;
  /// ok while the run may change things. No request.
  std::function<Status()> check;
};

/// Called, in the order in which they get there, with the index of each collection that is filled, or has
/// failed: its outcome tells. One call at a time, on the caller's thread.
using OnFilled = std::function<Status(std::size_t index)>;

/// Bring the objects where Milvus can read them (unless they are), rewriting what the plan says, import them,
/// and compare the rows that arrived with `rows_expected` of the outcomes (see Preview). `task_id` names the
/// staging directories, which are removed again unless settings say otherwise.
Status StageAndImport(MilvusSide& server, const ObjectSource& source, const std::string& task_id,
                      const Plan& plan, std::vector<Outcome>& outcomes, const OnFilled& on_filled,
                      const Journal& journal, const RunServices& run, const CallContext& context);

/// Send the living rows of every collection of kInsert, and flush it.
Status InsertRows(MilvusClient& client, const ObjectSource& source, const Plan& plan,
                  std::vector<Outcome>& outcomes, const OnFilled& on_filled, const RunServices& run,
                  const CallContext& context);

/// Whether rows of this collection come by import, or are sent.
bool IsImported(const CollectionPlan& plan);
bool IsInserted(const CollectionPlan& plan);

/// Whether deletes of L0 segments come: they are applied after all data, so that the jobs of the data count
/// more rows.
bool HasL0(const CollectionPlan& plan);

/// What was loaded is loaded again, under the name `loaded_as`. Waits until it is.
Status LoadAgain(MilvusClient& client, const CollectionPlan& plan, const CollectionName& loaded_as,
                 Outcome& outcome, const RunServices& run, const CallContext& context);

/// The planned aliases that the collection does not have. One that another collection has stays there, and is
/// a warning.
void CreateAliasesOf(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
                     const CallContext& context);

/// Users, roles, grants and privilege groups that the server does not have yet. kFailedPrecondition, after
/// that, names what it has and what lacks roles or privileges of the backup, which Milvus does not take in
/// addition.
Status RestoreRbac(MilvusClient& client, const RbacMeta& rbac, const CallContext& context);

}  // namespace mbk::load
