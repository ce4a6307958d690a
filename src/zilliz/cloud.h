#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/refreshing.h"
#include "base/status.h"
#include "net/sigv4.h"

/// What a migration asks of Zilliz Cloud's control plane. Sources: spec/cli.md ("migrate"), and
/// https://docs.zilliz.com/reference/restful/describe-job-v2 for the state of a job.
namespace mbk::zilliz {

/// Keys of a volume, and how to come by new ones. For Google's cloud the session token is an OAuth 2.0
/// access token, and the other two are not used.
using Keys = Expiring<AwsCredentials>;
using FetchKeys = Refreshing<AwsCredentials>::Fetch;

/// Whose store a volume lies in; the control plane gives out no others.
enum class StagingCloud { kAws, kGcp };

/// Where a backup is uploaded to before it is migrated. Reached over TLS only.
struct Volume {
  std::string name;
  StagingCloud cloud = StagingCloud::kAws;
  std::string host;
  int port = 0;  ///< 0: 443
  std::string bucket;
  std::string upload_path;             ///< what keys begin with; ends in a slash
  std::int64_t max_content_bytes = 0;  ///< of all objects together; 0: no limit was named
  Keys keys;
};

struct VolumeRequest {
  std::string cluster_id;
  std::string path;  ///< a directory of the volume; a new one for each migration
};

struct MigrationRequest {
  std::string cluster_id;
  std::string volume;
  std::string path;  ///< as in VolumeRequest
};

/// The words of the documentation are PENDING, IN_PROGRESS, SUCCESSFUL, FAILED, CANCELING and CANCELED.
enum class JobState { kPending, kRunning, kSuccessful, kFailed, kCanceled };
std::string_view JobStateName(JobState state);
/// Whether the job will not change any more.
bool IsOver(JobState state);

struct Job {
  JobState state = JobState::kPending;
  int percent = 0;     ///< 0 to 100; 0 where the service says nothing
  std::string reason;  ///< why it failed, one line; empty otherwise
};

/// The control plane, for one API key. Thread-safe. Calls repeat themselves while that may help. Errors:
/// kPermissionDenied    the API key is refused
/// kFailedPrecondition  any other refusal, with the service's words: no such cluster, no such volume
/// kUnavailable, kThrottled, kDeadlineExceeded, kCancelled
/// kDataLoss            an answer that makes no sense
/// kInvalidArgument     TLS not trusted
class Cloud {
 public:
  virtual ~Cloud() = default;
  /// A place for uploads and keys for it. Asked again with the same request it is the same place, with new
  /// keys. Takes the service some ten seconds.
  virtual Result<Volume> ApplyVolume(const VolumeRequest& request, const CallContext& context) = 0;
  /// Starts the job that takes what was uploaded into the cluster; its id. Repeated only where it is certain
  /// that nothing was started.
  virtual Result<std::string> StartMigration(const MigrationRequest& request, const CallContext& context) = 0;
  virtual Result<Job> GetJob(const std::string& job_id, const CallContext& context) = 0;
};

}  // namespace mbk::zilliz
