#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"
#include "zilliz/cloud.h"

namespace mbk {

/// Zilliz Cloud, and how to open the bucket of a volume that it gives out.
struct CloudSide {
  zilliz::Cloud& cloud;
  /// `fetch` gives the volume's keys, and new ones as they expire. No request is made.
  std::function<Result<std::shared_ptr<ObjectStore>>(const zilliz::Volume& volume, zilliz::FetchKeys fetch)>
      open_volume;
};

struct MigrateOptions {
  std::string name;
  std::string cluster_id;
  bool wait = true;  ///< until the job is over
  bool dry_run = false;
};

struct MigrateReport {
  std::string name;
  std::string cluster_id;
  std::int64_t objects = 0;
  std::int64_t bytes = 0;
  std::string job_id;  ///< empty after a dry run
  zilliz::JobState job_state = zilliz::JobState::kPending;
};

/// Bring a backup into a cluster of Zilliz Cloud: upload it to a volume, all of it, and have the cloud
/// migrate it. The backup is not changed. What was uploaded cannot be removed with the keys that the cloud
/// gives out; it removes it itself three days later (https://docs.zilliz.com/docs/via-stage). A dry run asks
/// nothing of the cloud. Once the job is started it runs on, whatever becomes of this call; errors then name
/// it.
Result<MigrateReport> RunMigrate(const MigrateOptions& options, BackupSide& source, const CloudSide& target,
                                 const RunServices& run, const CallContext& context);

}  // namespace mbk
