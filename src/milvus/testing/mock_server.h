#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "milvus/client.h"
#include "milvus/grpc_client.h"
#include "milvus/key_expression.h"
#include "model/backup.h"

/// A Milvus inside the test process: a real gRPC server on loopback that answers as Milvus 2.3.5 was
/// recorded to, keeps collections and their rows in memory, remembers what it was asked, and fails as the
/// test says. Link mbk_milvus_testing to use it above milvus/.
namespace mbk::milvustest {

/// One request as it arrived.
struct SeenCall {
  std::string rpc;                                   ///< "DescribeCollection"
  std::multimap<std::string, std::string> metadata;  ///< all headers the client set
  std::string request;  ///< JSON with the field names of the protocol; absent fields are left out, as in
                        ///< the recordings of real sessions

  /// The one value of a header; "" when it is absent, "<twice>" when it was sent more than once.
  std::string Header(const std::string& name) const;
};

/// What happens to the next `times` calls of `rpc` instead of an answer.
struct Failure {
  std::string rpc;
  int times = 1;
  int grpc_code = 0;  ///< e.g. 14 UNAVAILABLE, 8 RESOURCE_EXHAUSTED; 0: answer with the status below
  int code = 0;       ///< common.Status.code
  int error_code = 0;
  std::string reason;
  bool hang = false;  ///< answer only when the server is destroyed
};

/// A row as the mock keeps it.
struct MockRow {
  std::string partition = "_default";
  RowKey key;
  /// By field name: the bytes that a Column has for it (of Bool one byte, 0 or 1); nullopt: no value.
  std::map<std::string, std::optional<std::string>> values;
};

struct MockCollection {
  CollectionDescription description;      ///< ids and channels that are left 0 or empty are invented
  std::vector<PartitionName> partitions;  ///< empty: `_default`
  std::vector<IndexInfo> indexes;
  std::vector<SegmentInfo> segments;
  std::vector<MockRow> rows;        ///< oldest first; keys may occur again
  std::int64_t imported_rows = 0;   ///< as its jobs said; counted, not kept
  std::int64_t rows_in_memory = 0;  ///< counted when a flush has written them
  bool builds_indexes = true;       ///< false: Finished, with 0 of all rows
  int looks_until_built = 0;        ///< so many times DescribeIndex says that indexes are being built
  std::optional<std::int64_t> loaded_percent;  ///< nullopt: not loaded
  /// Those that differ from the collection.
  std::map<std::string, std::optional<std::int64_t>> partition_loaded_percent;
  FlushResult flush{.must_poll = true, .flush_ts = 470'636'788'940'537'859, .seal_time_s = 1'795'336'871};
  int polls_until_flushed = 0;  ///< so many times GetFlushState says no

  /// What GetCollectionStatistics counts.
  std::int64_t StoredRows() const { return imported_rows + static_cast<std::int64_t>(rows.size()); }
};

struct MockOptions {
  std::string build_tags = "v2.3.5-lite";
  std::string version = "v2.3.5-lite";  ///< GetVersion's answer
  bool has_connect = true;              ///< false: as Milvus before 2.2.9
  bool has_databases = true;
  bool has_rename = true;  ///< false: as Milvus before 2.2.9
  std::string user;        ///< not empty: credentials are demanded
  std::string password;
};

class MockServer {
 public:
  explicit MockServer(MockOptions options = {});
  ~MockServer();
  MockServer(const MockServer&) = delete;
  MockServer& operator=(const MockServer&) = delete;

  int port() const;
  /// What a client of this server connects with; retries wait next to nothing.
  ConnectOptions ClientOptions() const;
  /// Stops listening and hangs up, as a server that is gone.
  void Shutdown();

  void AddDatabase(const std::string& db, std::int64_t id = 0, const KeyValues& properties = {});
  /// Adds or replaces; `collection.description` needs a name and a schema.
  void AddCollection(const std::string& db, MockCollection collection);
  /// As if somebody else had dropped it.
  void RemoveCollection(const CollectionName& name);
  /// As it is now; nullopt when there is none of that name.
  std::optional<MockCollection> FindCollection(const CollectionName& name) const;
  /// Changes a collection under a client that works with it, e.g. its segments.
  void EditCollection(const CollectionName& name, const std::function<void(MockCollection&)>& edit);

  /// Every import job started from now on goes through these, one step a poll; the last one stays.
  void ScriptImports(std::vector<ImportProgress> steps);
  /// The jobs started so far, by id, in order.
  std::vector<std::pair<std::int64_t, ImportRequest>> imports() const;

  /// Until this is called BackupRBAC and RestoreRBAC are unimplemented, as in 2.3.5.
  void SetRbac(RbacMeta rbac);
  std::optional<RbacMeta> rbac() const;

  void Fail(Failure failure);
  /// Runs on the server's thread before each answer, without any lock: the place to change the world in
  /// the middle of an operation.
  void OnCall(std::function<void(const SeenCall&)> hook);

  std::vector<SeenCall> seen() const;
  std::vector<SeenCall> seen(const std::string& rpc) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mbk::milvustest
