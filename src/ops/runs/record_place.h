#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "store/object_store.h"

namespace mbk::runs {

/// A record as it was read.
struct StoredRecord {
  std::string json;
  std::string version;  ///< tells it from what is written there later; "": the place has no versions
};

/// Where the records of runs on one target lie. Thread-safe.
class RecordPlace {
 public:
  virtual ~RecordPlace() = default;

  /// A record's address, for messages.
  virtual std::string Where(const std::string& run_id) const = 0;
  /// The ids of the runs that have a record here, in order. What is not named as a record is left out.
  virtual Result<std::vector<std::string>> List(const CallContext& context) = 0;
  /// kNotFound when there is none of this run.
  virtual Result<StoredRecord> Read(const std::string& run_id, const CallContext& context) = 0;
  /// Write a whole record, in place of the one before; durable when it returns.
  virtual Status Write(const std::string& run_id, const std::string& json, const CallContext& context) = 0;
  /// The same in place of the version `seen` alone: kFailedPrecondition, or kNotFound, where another one lies
  /// there by now, or none. Where the place has no versions whatever lies there is replaced: compare first.
  virtual Status Replace(const std::string& run_id, const std::string& json, const std::string& seen,
                         const CallContext& context) = 0;
  /// A record that is not there is no error.
  virtual Status Remove(const std::string& run_id, const CallContext& context) = 0;
  /// How long ago a record was written, by the clock of the place itself and of nobody else; nullopt where
  /// the place does not say. May write, and removes, an object of its own.
  virtual Result<std::optional<std::chrono::milliseconds>> Age(const std::string& run_id,
                                                               const CallContext& context) = 0;
};

/// In the bucket of a Milvus, beside its staging trees; `store` outlives the place.
std::unique_ptr<RecordPlace> RecordsInStore(ObjectStore& store, std::string staging_root);

/// Whether two addresses ("host:port") are of one server, as far as they tell: loopback has three names.
bool IsSameServer(std::string_view one, std::string_view other);

/// Files below `state_directory`, one directory for each server ("host:port"). Only this user can read them.
/// Nothing is made before a record is written. kInvalidArgument when `state_directory` is empty or no
/// absolute path.
Result<std::unique_ptr<RecordPlace>> RecordsInDirectory(const std::string& state_directory,
                                                        const std::string& server);

/// A directory of records of runs on another server.
struct OtherServer {
  std::string address;  ///< as its runs called it
  std::string directory;
  friend bool operator==(const OtherServer&, const OtherServer&) = default;
};
/// What lies below a state directory: a place for each name that `server` has there, and the others that have
/// records. kInvalidArgument as above; an error too when the directory cannot be read.
struct RecordDirectories {
  std::vector<std::unique_ptr<RecordPlace>> of_server;
  std::vector<OtherServer> of_others;
};
Result<RecordDirectories> FindRecordDirectories(const std::string& state_directory, const std::string& server,
                                                const CallContext& context);

}  // namespace mbk::runs
