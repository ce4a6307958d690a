#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/call_context.h"
#include "base/progress.h"
#include "base/status.h"
#include "store/object_store.h"
#include "transfer/byte_budget.h"

/// Copies objects from one store into another, server-side where one service holds both ends, else
/// through this process, in memory that does not grow with the data.
namespace mbk {

/// One object to carry.
struct CopyTask {
  ObjectKey source;
  ObjectKey target;
  std::int64_t size = 0;  ///< bytes, as the plan knows it; another size at the source is an error
  /// What is on record of its bytes; kNone: nothing. Bytes that are read must be those, and so must what a
  /// store tells of a copy of its own, as far as it tells a digest of this kind.
  Digest recorded;
};

enum class CopyMethod { kServerSide, kServerSideMultipart, kStreamed };
std::string_view CopyMethodName(CopyMethod method);

struct CopyResult {
  CopyMethod method = CopyMethod::kStreamed;
  std::string etag;  ///< of the written object, as its store gave it
  /// Asked of the store on a server-side copy, computed when streamed: then of the kind on record, if there
  /// is one.
  Digest digest;
};

/// Which way bytes may take (spec/config.md §7).
enum class CopyMode { kAuto, kDirect, kStreaming };

struct CopyOptions {
  CopyMode mode = CopyMode::kAuto;
  int concurrency = 128;  ///< objects in flight, at most; see Ramp
  /// Server-side copies of at least this size go in parts. S3 refuses single copies above 5 GiB.
  std::int64_t multipart_copy_threshold_bytes = 500LL << 20;
  /// Whether a copy inside a service should bring a digest. One in a piece does where the service tells an
  /// MD5; one in parts never does, but costs MinIO a fifth less time. Without this, parts begin at 64 MiB. A
  /// local store tells none: with this, bytes go through this process there.
  bool wants_digests = true;
  /// Whether an object with a digest on record is read after a copy inside a service that does not tell one
  /// of that kind.
  bool proves_recorded = false;
  /// Streamed objects above this size go in parts of it (more where 10,000 parts would not do). 8 MiB
  /// keeps eight parts in flight within the budget below and is above S3's minimum of 5 MiB.
  std::int64_t part_size_bytes = 8LL << 20;
  /// Bytes held in memory by all streamed copies together.
  std::int64_t memory_budget_bytes = 48LL << 20;
};

/// Gives the next task, or nothing when there are no more: tasks are made as they are needed, so that a
/// million of them need no memory. Called by one worker at a time.
using CopyTaskSource = std::function<Result<std::optional<CopyTask>>()>;
/// Called once for each object that arrived, from any worker thread, one call at a time.
using CopyDone = std::function<Status(const CopyTask& task, const CopyResult& result)>;
/// Asked when a copy failed: return ok to go on without that object, or the error that ends the run.
using CopyFailed = std::function<Status(const CopyTask& task, Status failure)>;

class ObjectCopier {
 public:
  /// `source` and `target` outlive the copier.
  ObjectCopier(ObjectReader& source, ObjectStore& target, const CopyOptions& options);

  /// Copy all tasks, `options.concurrency` at a time, and add every arrived object to `progress`. kDataLoss
  /// for other bytes than are on record: what went through this process was not written then, what a store
  /// copied was.
  Status CopyAll(const CopyTaskSource& next, Progress& progress, const CallContext& context,
                 const CopyDone& done, const CopyFailed& failed = {});
  /// Copy one object.
  Result<CopyResult> CopyOne(const CopyTask& task, const CallContext& context);

  /// Why bytes go through this process: two services hold the two ends, the options ask for it, or the
  /// service refused to copy by itself. Empty as long as none did.
  std::string streaming_reason() const;

 private:
  bool MustRead(const CopyTask& task, const CopyResult& copied) const;
  Result<CopyResult> CopyServerSide(const CopyTask& task, const CallContext& context);
  Result<CopyResult> CopyInParts(const CopyTask& task, const CallContext& context);
  Result<CopyResult> Stream(const CopyTask& task, const CallContext& context);
  Result<CopyResult> StreamInParts(const CopyTask& task, const CallContext& context);
  void FallBackToStreaming(const Status& refusal);

  ObjectReader& source_;
  ObjectStore& target_;
  const CopyOptions options_;
  ByteBudget budget_;
  std::atomic<bool> server_side_;
  std::atomic<bool> streamed_ = false;
  mutable std::mutex mutex_;
  std::string streaming_reason_;
};

/// The part size for an object of `size_bytes`: `wanted`, or as much more as `max_parts` asks for.
std::int64_t PartSize(std::int64_t size_bytes, std::int64_t wanted_bytes, int max_parts);

}  // namespace mbk
