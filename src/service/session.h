#pragma once

#include <memory>
#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "config/config.h"
#include "milvus/client.h"
#include "ops/environment.h"
#include "ops/migrate/migrate.h"
#include "store/object_store.h"

namespace mbk::service {

/// kWrite lets the run make a missing bucket (BackupSide::make).
enum class BackupAccess { kNone, kRead, kWrite };

/// What a verb needs of one configuration; what it does not need is not asked for.
struct Needs {
  bool milvus = false;  ///< the server and the store it keeps its files in
  bool server = false;  ///< the server alone
  BackupAccess backups = BackupAccess::kNone;
  bool cloud = false;  ///< the control plane of Zilliz Cloud, which is not asked anything yet
};

/// kInvalidArgument when the configuration does not say how to reach Zilliz Cloud.
Status CheckCloud(const config::Config& config);

/// The servers and stores of one configuration, connected. Built in wire.cc, the only place that knows
/// concrete stores and clients.
class Session {
 public:
  /// Connect. Each store is asked for one key, so that a wrong address, key or bucket is the first thing
  /// said, with the name of the setting. kInvalidArgument for settings that no request could mend.
  static Result<std::unique_ptr<Session>> Open(const config::Loaded& loaded, const Needs& needs,
                                               const CallContext& context);

  /// Only with Needs::milvus.
  MilvusSide& milvus() { return *milvus_side_; }
  /// Only with Needs::milvus or Needs::server.
  MilvusClient& client() { return *client_; }
  /// Only with Needs::milvus or Needs::server; refers to this session.
  MilvusTarget target();
  /// Only with Needs::backups.
  BackupSide& backup() { return *backup_side_; }
  /// That the local backup root is not there, of which a warning was logged; "" where it is.
  const std::string& missing_root() const { return missing_root_; }

  /// Only with Needs::cloud; refers to this session.
  CloudSide cloud();

  RunServices run(Progress& progress) const;
  /// For restores: as run(), with the concurrency that the configuration has for them.
  RunServices restore_run(Progress& progress) const;

 private:
  Session(const config::Loaded& loaded) : loaded_(loaded) {}
  std::chrono::seconds Silence() const {
    return std::chrono::seconds(loaded_.config.transfer_silence_seconds);
  }
  Status ConnectServer(const CallContext& context);
  Status OpenMilvusStore(const CallContext& context);
  Status OpenBackupStore(BackupAccess access, const CallContext& context);

  const config::Loaded loaded_;
  std::unique_ptr<MilvusClient> client_;
  std::unique_ptr<zilliz::Cloud> cloud_;
  std::shared_ptr<ObjectStore> milvus_store_;
  std::shared_ptr<ObjectStore> backup_store_;
  std::unique_ptr<MilvusSide> milvus_side_;
  std::unique_ptr<BackupSide> backup_side_;
  std::string missing_root_;
};

}  // namespace mbk::service
