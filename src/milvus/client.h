#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/capability.h"
#include "model/backup.h"
#include "model/rows.h"
#include "model/schema.h"

/// What the program asks of a Milvus server. Calls are blocking, thread-safe, retried inside (see
/// milvus/README.md) and cost one RPC unless they say otherwise. `db` is sent as the `dbname` header;
/// "" means the default database.
namespace mbk {

struct CollectionName {
  std::string db;
  std::string name;
  /// "db.name", for messages and results.
  std::string Full() const { return (db.empty() ? "default" : db) + "." + name; }
  friend auto operator<=>(const CollectionName&, const CollectionName&) = default;
};

/// The answer of DescribeCollection.
struct CollectionDescription {
  CollectionSchema schema;         ///< of Milvus Lite, which tells no field ids, numbered from 100
  std::int64_t collection_id = 0;  ///< 0 of Milvus Lite
  std::vector<std::string> virtual_channel_names;
  std::vector<std::string> physical_channel_names;
  std::uint64_t created_timestamp = 0;  ///< hybrid
  std::int32_t shards_num = 0;
  std::vector<std::string> aliases;
  std::int32_t consistency_level = 0;
  std::string collection_name;
  KeyValues properties;
  std::string db_name;  ///< empty on servers that do not fill it
  std::int64_t db_id = 0;
  std::int64_t num_partitions = 0;
};

struct DatabaseDescription {
  std::string name;
  std::int64_t id = 0;
  KeyValues properties;
};

struct PartitionName {
  std::string name;
  std::int64_t id = 0;  ///< 0 of Milvus Lite
};

/// One entry of GetPersistentSegmentInfo.
struct SegmentInfo {
  std::int64_t segment_id = 0;
  std::int64_t collection_id = 0;
  std::int64_t partition_id = 0;
  std::int64_t num_rows = 0;
  std::int32_t state = 0;  ///< common.SegmentState
  std::int32_t level = 0;  ///< common.SegmentLevel: 1 is L0
  bool is_sorted = false;
  std::int64_t storage_version = 0;
};

struct CreateCollectionRequest {
  CollectionName target;
  CollectionSchema schema;  ///< sent as it is, with its name set to the target's
  std::int32_t shards_num = 0;
  std::int32_t consistency_level = 0;
  std::int64_t num_partitions = 0;  ///< only with a partition key, else 0
  KeyValues properties;
};

struct FlushResult {
  bool must_poll = false;  ///< the answer names the collection: ask IsFlushed until true
  std::vector<std::int64_t> segment_ids;
  std::uint64_t flush_ts = 0;                              ///< hybrid
  std::int64_t seal_time_s = 0;                            ///< unix seconds
  std::map<std::string, std::string> channel_checkpoints;  ///< vchannel → base64(msg.MsgPosition)
  std::uint64_t max_checkpoint_ts = 0;                     ///< hybrid; 0 without checkpoints
};

struct CreateIndexRequest {
  CollectionName collection;
  std::string field_name;
  std::string index_name;
  KeyValues params;
};

/// How far the server is with an index.
struct IndexProgress {
  enum class State { kUnknown, kWaiting, kBuilding, kFinished, kFailed };
  std::string field_name;
  std::string index_name;
  State state = State::kUnknown;
  std::int64_t indexed_rows = 0;
  std::int64_t total_rows = 0;    ///< of sealed segments
  std::int64_t pending_rows = 0;  ///< of them those whose segment has no built index; 2.2 does not tell: 0
  std::string failed_reason;
};

struct ImportRequest {
  CollectionName target;
  std::string partition_name;
  std::vector<std::string> paths;  ///< as sent; 2.2 and 2.3 want exactly two, the second may be ""
  KeyValues options;
  bool is_l0 = false;  ///< of deletes alone: the rows that such a job counts are deletes
};

/// Rows to be written.
struct WriteRowsRequest {
  CollectionName target;
  std::string partition_name;                ///< "": the server chooses, by partition key or `_default`
  const CollectionSchema* schema = nullptr;  ///< names the field ids of `rows`; not owned
  const RowBatch* rows = nullptr;            ///< not owned
  /// Whether keys that the server would give itself are sent. Servers before 2.6 refuse them.
  bool send_auto_ids = false;
};

/// What became of them. When all are refused the call fails.
struct WriteRowsResult {
  std::int64_t accepted = 0;
  std::vector<std::int64_t> rejected;  ///< indexes into the batch
  std::string reason;                  ///< of the rejection
  std::uint64_t timestamp = 0;         ///< hybrid; of the write
};

/// Milvus answers no query with more rows.
inline constexpr std::int64_t kMaxQueryRows = 16'384;

/// One page of rows. To read more than a page use a RowCursor.
struct QueryRowsRequest {
  CollectionName collection;
  const CollectionSchema* schema = nullptr;  ///< its ids the answer's columns bear; not owned
  std::string expression;                    ///< boolean, in Milvus's language; "": all rows
  std::vector<std::string> output_fields;    ///< names, or "*"; the key comes along
  std::vector<std::string> partition_names;  ///< empty: all
  /// 1 … kMaxQueryRows. The rows of the smallest keys are returned in the order of their keys, each key
  /// once, with the values of whichever of its rows the server chooses; fewer than the limit does not say
  /// that there are no more, but none does.
  std::int64_t limit = kMaxQueryRows;
  /// That no more than `limit` rows match, copies of keys included: then a page need not end where the rows
  /// of the first segment end, which with many small segments is after a few rows.
  bool all_fit = false;
  /// Whether what was written last must be in (consistency level Strong), which costs a wait of about 0.2 s;
  /// else what is older than five seconds is, and mostly all that a query of before has seen.
  bool newest = true;
};

struct CountRowsRequest {
  CollectionName collection;
  const CollectionSchema* schema = nullptr;  ///< not owned
  std::string expression;                    ///< "": all rows
  std::vector<std::string> partition_names;  ///< empty: all
  bool newest = true;                        ///< as above
};

enum class ImportState { kPending, kFailed, kStarted, kPersisted, kFlushed, kCompleted, kFailedAndCleaned };
std::string_view ImportStateName(ImportState state);

struct ImportProgress {
  ImportState state = ImportState::kPending;
  std::int64_t row_count = 0;  ///< rows that live after deletes, once persisted
  int percent = 0;             ///< 0 when the server does not say
  std::string failed_reason;
};

class MilvusClient {
 public:
  virtual ~MilvusClient() = default;

  /// "host:port", for messages.
  virtual const std::string& address() const = 0;
  /// As reported: build tags of Connect when they parse as a version, else GetVersion. No RPC.
  virtual const std::string& version() const = 0;
  /// As whom we log in; "" when by no name. No RPC.
  virtual const std::string& user() const = 0;
  virtual bool has(Capability capability) const = 0;

  virtual Result<std::vector<std::string>> ListDatabases(const CallContext& context) = 0;
  virtual Result<DatabaseDescription> DescribeDatabase(const std::string& db, const CallContext& context) = 0;
  virtual Status CreateDatabase(const std::string& db, const KeyValues& properties,
                                const CallContext& context) = 0;

  virtual Result<std::vector<std::string>> ListCollections(const std::string& db,
                                                           const CallContext& context) = 0;
  virtual Result<bool> HasCollection(const CollectionName& collection, const CallContext& context) = 0;
  virtual Result<CollectionDescription> DescribeCollection(const CollectionName& collection,
                                                           const CallContext& context) = 0;
  virtual Status CreateCollection(const CreateCollectionRequest& request, const CallContext& context) = 0;
  /// Not made again when it may have been carried out: the second would drop what somebody has made under the
  /// name meanwhile. See load::DropById.
  virtual Status DropCollection(const CollectionName& collection, const CallContext& context) = 0;
  virtual Status AlterCollection(const CollectionName& collection, const KeyValues& properties,
                                 const CallContext& context) = 0;
  virtual Status AddCollectionField(const CollectionName& collection, const FieldSchema& field,
                                    const CallContext& context) = 0;
  /// Within its database. Not made again when it may have been carried out: whether it was, the ids tell that
  /// the two names have then. kAlreadyExists when a collection or an alias has the new name, kNotFound when
  /// none has the old one; an alias is no name to rename by (kFailedPrecondition).
  virtual Status RenameCollection(const CollectionName& collection, const std::string& new_name,
                                  const CallContext& context) = 0;
  /// Rows of flushed segments, without a load: deletes that no compaction has applied yet still count.
  virtual Result<std::int64_t> CountStoredRows(const CollectionName& collection,
                                               const CallContext& context) = 0;
  virtual Status CreateAlias(const CollectionName& collection, const std::string& alias,
                             const CallContext& context) = 0;
  /// Make an alias that exists, of whichever collection, one of `collection`.
  virtual Status AlterAlias(const CollectionName& collection, const std::string& alias,
                            const CallContext& context) = 0;

  virtual Result<std::vector<PartitionName>> ListPartitions(const CollectionName& collection,
                                                            const CallContext& context) = 0;
  virtual Status CreatePartition(const CollectionName& collection, const std::string& partition,
                                 const CallContext& context) = 0;

  /// Empty when there is no index, however the server says so.
  virtual Result<std::vector<IndexInfo>> ListIndexes(const CollectionName& collection,
                                                     const CallContext& context) = 0;
  /// Of every index; empty when there is none.
  virtual Result<std::vector<IndexProgress>> GetIndexProgress(const CollectionName& collection,
                                                              const CallContext& context) = 0;
  virtual Status CreateIndex(const CreateIndexRequest& request, const CallContext& context) = 0;
  virtual Status DropIndex(const CollectionName& collection, const IndexInfo& index,
                           const CallContext& context) = 0;

  /// Percent loaded, of the collection or, when `partitions` is not empty, of those partitions. 0 also where
  /// nothing is being loaded: see GetLoadState.
  virtual Result<std::int64_t> GetLoadingProgress(const CollectionName& collection,
                                                  const std::vector<std::string>& partitions,
                                                  const CallContext& context) = 0;
  /// Of the collection, or of those partitions together: kLoading from the first moment on, at 0 % too. One
  /// request, as GetLoadingProgress.
  virtual Result<LoadState> GetLoadState(const CollectionName& collection,
                                         const std::vector<std::string>& partitions,
                                         const CallContext& context) = 0;
  virtual Status LoadCollection(const CollectionName& collection, const CallContext& context) = 0;
  virtual Status LoadPartitions(const CollectionName& collection, const std::vector<std::string>& partitions,
                                const CallContext& context) = 0;
  virtual Status ReleaseCollection(const CollectionName& collection, const CallContext& context) = 0;

  /// Retried often and quickly: it fails while a compaction replaces segments.
  virtual Result<std::vector<SegmentInfo>> ListPersistentSegments(const CollectionName& collection,
                                                                  const CallContext& context) = 0;
  virtual Result<FlushResult> Flush(const CollectionName& collection, const CallContext& context) = 0;
  virtual Result<bool> IsFlushed(const CollectionName& collection, const FlushResult& flush,
                                 const CallContext& context) = 0;

  /// Adds rows; a key that is there is added once more. Not made again when it may have been carried out.
  /// One message carries a batch: see milvus/row_size.h for how large it may be.
  virtual Result<WriteRowsResult> InsertRows(const WriteRowsRequest& request, const CallContext& context) = 0;
  /// Adds rows in place of those of the same keys.
  virtual Result<WriteRowsResult> UpsertRows(const WriteRowsRequest& request, const CallContext& context) = 0;
  /// kFailedPrecondition when the collection is not loaded, or the answer is too large to be sent.
  virtual Result<RowBatch> QueryRows(const QueryRowsRequest& request, const CallContext& context) = 0;
  /// Rows that are not deleted. A key that was inserted twice counts twice, though a query returns it once.
  virtual Result<std::int64_t> CountRows(const CountRowsRequest& request, const CallContext& context) = 0;

  /// The id of the started job.
  virtual Result<std::int64_t> Import(const ImportRequest& request, const CallContext& context) = 0;
  virtual Result<ImportProgress> GetImportState(std::int64_t job_id, const CallContext& context) = 0;

  virtual Result<RbacMeta> BackupRbac(const CallContext& context) = 0;
  virtual Status RestoreRbac(const RbacMeta& rbac, const CallContext& context) = 0;

  /// The management port's garbage-collection switch, for the whole server. A server without it answers
  /// 404, which is kUnimplemented here.
  virtual Status PauseGc(std::chrono::seconds lease, const CallContext& context) = 0;
  virtual Status ResumeGc(const CallContext& context) = 0;
};

}  // namespace mbk
