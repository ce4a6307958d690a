#include "transfer/copier.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/log.h"
#include "base/parallel.h"
#include "store/content_hash.h"
#include "transfer/ramp.h"

namespace mbk {
namespace {

// A multipart copy inside the service moves no bytes through here, so its parts are as large as keeps
// them few, and small enough that one that fails costs little.
constexpr std::int64_t kServerSidePartBytes = 128LL << 20;

// From here the time that parts save is more than what their two further requests cost.
constexpr std::int64_t kWorthPartsBytes = 64LL << 20;

// An abort must go out even when the run was stopped; it gets this long.
constexpr std::chrono::seconds kAbortTimeout{30};

std::string Describe(const CopyTask& task, const ObjectReader& source, const ObjectReader& target) {
  return fmt::format("copy {} to {}", source.identity().Url(task.source), target.identity().Url(task.target));
}

std::string ServiceName(const StoreIdentity& store) {
  return store.endpoint.empty() ? store.service : fmt::format("{} at {}", store.service, store.endpoint);
}

// Empty when copies can be left to the service.
std::string WhyStreamed(const CopyOptions& options, const ObjectReader& source, const ObjectReader& target) {
  const StoreIdentity &from = source.identity(), &to = target.identity();
  if (options.mode == CopyMode::kStreaming) return "the configuration asks for it";
  if (!target.capabilities().server_side_copy)
    return fmt::format("{} does not copy by itself", ServiceName(to));
  if (options.mode == CopyMode::kDirect || from.SameService(to)) return "";
  return fmt::format("{} and {} are two services", ServiceName(from), ServiceName(to));
}

// An upload that is not completed is aborted, whatever ended it: the store charges for forgotten parts.
class PendingUpload {
 public:
  PendingUpload(ObjectStore& store, UploadId id) : store_(store), id_(std::move(id)) {}
  PendingUpload(const PendingUpload&) = delete;
  PendingUpload& operator=(const PendingUpload&) = delete;
  ~PendingUpload() {
    if (completed_) return;
    Status aborted = store_.AbortUpload(id_, CallContext{.deadline = Deadline::After(kAbortTimeout)});
    if (!aborted.ok()) log::Warn("an unfinished upload stays behind: {}", aborted.message());
  }

  const UploadId& id() const { return id_; }
  void AddPart(UploadedPart part) { parts_.push_back(std::move(part)); }
  Result<WriteResult> Complete(const CallContext& context) {
    Result<WriteResult> written = store_.CompleteUpload(id_, parts_, context);
    completed_ = written.ok();
    return written;
  }

 private:
  ObjectStore& store_;
  UploadId id_;
  std::vector<UploadedPart> parts_;
  bool completed_ = false;
};

// Read `expected` bytes of the source into `body`, which is empty, and check that just those came, of an
// object of `total_size` bytes, which `object` describes afterwards. `seen`, if any, is told of each piece
// while the processor still has it at hand.
Status Fetch(ObjectReader& source, GetRequest request, std::int64_t expected, std::int64_t total_size,
             Buffer& body, ObjectInfo& object, const CallContext& context,
             const std::function<void(std::string_view)>& seen = {}) {
  body.Reserve(static_cast<std::size_t>(expected));
  auto append = [&](std::string_view piece) {
    if (!body.Append(piece)) return FailedPrecondition("the source sends more bytes than asked for");
    if (seen) seen(piece);
    return Status();
  };
  request.room = [&] { return body.room(); };
  MBK_TRY_ASSIGN(ObjectInfo info, source.Get(request, append, context));
  if (info.size != total_size) {
    return FailedPrecondition(
        fmt::format("{} has {} bytes, expected {}: it changed, or the metadata are of another object",
                    source.identity().Url(request.key), info.size, total_size));
  }
  if (static_cast<std::int64_t>(body.view().size()) != expected) {
    return Status(Code::kUnavailable, fmt::format("got {} of {} bytes", body.view().size(), expected));
  }
  object = std::move(info);
  return {};
}

Status CheckDigest(const Digest& claimed, const Digest& computed) {
  if (claimed.kind != computed.kind || claimed.hex == computed.hex) return {};
  return DataLoss(fmt::format("the store holds other bytes than were sent: {} {} there, {} here",
                              DigestKindName(claimed.kind), claimed.hex, computed.hex));
}

// The digest of what is streamed in parts. MD5, which a store's own can be held against. But where the store
// refuses what arrives altered there is nothing to hold: then XXH128, which costs next to nothing.
Digest::Kind KindFor(const StoreCapabilities& target) {
  return target.refuses_altered_bodies ? Digest::Kind::kXxh128 : Digest::Kind::kMd5;
}

// Of a whole object. The hash that signs it serves for its record too. A source that tells an MD5 has held
// the bytes against it.
Digest DigestOfBody(std::string_view body, const Digest& told, const StoreCapabilities& target) {
  if (target.signs_bodies) return DigestOf(body, Digest::Kind::kSha256);
  if (told.kind == Digest::Kind::kMd5) return told;
  return DigestOf(body, KindFor(target));
}

// What is found of an object against what is on record of it. Digests of two kinds say nothing.
Status CheckRecorded(const CopyTask& task, const Digest& found) {
  if (found.kind != task.recorded.kind || found.hex == task.recorded.hex) return {};
  return DataLoss(OtherBytes(task.source, found, task.recorded));
}

// The digest of one object as it goes by in parts: one that the target can be held against, and that of the
// record.
class PassingDigest {
 public:
  PassingDigest(const CopyTask& task, Digest::Kind kind) : task_(task), sent_(kind) {
    if (IsComputed(task.recorded.kind) && task.recorded.kind != kind) recorded_.emplace(task.recorded.kind);
  }
  void Update(std::string_view bytes) {
    sent_.Update(bytes);
    if (recorded_) recorded_->Update(bytes);
  }
  /// The digest of the record, or what was sent where there is none.
  Result<Digest> Finish() {
    Digest digest = recorded_ ? recorded_->Finish() : sent_.Finish();
    MBK_TRY(CheckRecorded(task_, digest));
    return digest;
  }

 private:
  const CopyTask& task_;
  ContentHash sent_;
  std::optional<ContentHash> recorded_;
};

// Of a file that the kernel copies: what it has just read or shared is read again, for what it is.
Result<CopyResult> WithDigest(CopyResult copied, ObjectReader& source, const CopyTask& task,
                              const CallContext& context) {
  ContentHash hash(IsComputed(task.recorded.kind) ? task.recorded.kind : Digest::Kind::kXxh128);
  auto sink = [&](std::string_view piece) {
    hash.Update(piece);
    return Status();
  };
  MBK_TRY_ASSIGN(const ObjectInfo read, source.Get({.key = task.source}, sink, context));
  if (read.size != task.size)
    return FailedPrecondition(fmt::format("the source has {} bytes, expected {}", read.size, task.size));
  copied.digest = hash.Finish();
  return copied;
}

}  // namespace

std::string_view CopyMethodName(CopyMethod method) {
  switch (method) {
    case CopyMethod::kServerSide:
      return "server-side";
    case CopyMethod::kServerSideMultipart:
      return "server-side multipart";
    case CopyMethod::kStreamed:
      return "streamed";
  }
  return "unknown";
}

std::int64_t PartSize(std::int64_t size_bytes, std::int64_t wanted_bytes, int max_parts) {
  return std::max(wanted_bytes, (size_bytes + max_parts - 1) / max_parts);
}

ObjectCopier::ObjectCopier(ObjectReader& source, ObjectStore& target, const CopyOptions& options)
    : source_(source),
      target_(target),
      options_(options),
      budget_(options.memory_budget_bytes),
      server_side_(WhyStreamed(options, source, target).empty()),
      streaming_reason_(WhyStreamed(options, source, target)) {}

Status ObjectCopier::CopyAll(const CopyTaskSource& next, Progress& progress, const CallContext& context,
                             const CopyDone& done, const CopyFailed& failed) {
  std::mutex source_mutex, callback_mutex;
  auto take = [&] {
    std::scoped_lock lock(source_mutex);
    return next();
  };
  auto copy_and_report = [&](const CopyTask& task, const CallContext& inner) {
    Result<CopyResult> copied = CopyOne(task, inner);
    std::scoped_lock lock(callback_mutex);
    if (!copied.ok()) return failed ? failed(task, copied.status()) : copied.status();
    progress.Add(1, task.size);
    return done(task, *copied);
  };
  Ramp ramp(options_.concurrency, Ramp::Clock::now());
  auto work = [&](const CallContext& inner) -> Status {
    for (;;) {
      MBK_TRY(inner.Check());
      MBK_TRY_ASSIGN(std::optional<CopyTask> task, take());
      if (!task) return {};
      MBK_TRY(copy_and_report(*task, inner));
      ramp.Finished(Ramp::Clock::now());
    }
  };
  const auto workers = static_cast<std::size_t>(std::max(1, options_.concurrency));
  return ParallelFor(workers, options_.concurrency, context,
                     [&](std::size_t index, const CallContext& inner) -> Status {
                       if (!ramp.Enter(static_cast<int>(index), inner.stop)) return {};
                       Status worked = work(inner);
                       ramp.End();
                       return worked;
                     });
}

Result<CopyResult> ObjectCopier::CopyOne(const CopyTask& task, const CallContext& context) {
  if (task.source == task.target && source_.identity().bucket == target_.identity().bucket &&
      source_.identity().SameService(target_.identity())) {
    return InvalidArgument(
        fmt::format("{} would be copied onto itself", source_.identity().Url(task.source)));
  }
  if (server_side_) {
    Result<CopyResult> copied = CopyServerSide(task, context);
    if (copied.ok() && MustRead(task, *copied))
      copied = WithDigest(*std::move(copied), source_, task, context);
    if (copied.ok()) {
      const Status as_recorded = CheckRecorded(task, copied->digest);
      if (!as_recorded.ok()) copied = as_recorded;
    }
    bool refused =
        copied.status().code() == Code::kPermissionDenied || copied.status().code() == Code::kUnimplemented;
    if (!refused || options_.mode == CopyMode::kDirect) {
      return copied.ok() ? copied
                         : Result<CopyResult>(copied.status().WithContext(Describe(task, source_, target_)));
    }
    FallBackToStreaming(copied.status());
  }
  streamed_ = true;
  Result<CopyResult> copied =
      task.size > options_.part_size_bytes ? StreamInParts(task, context) : Stream(task, context);
  return copied.ok() ? copied
                     : Result<CopyResult>(copied.status().WithContext(Describe(task, source_, target_)));
}

// Whether what the store tells of its own copy does not do.
bool ObjectCopier::MustRead(const CopyTask& task, const CopyResult& copied) const {
  if (options_.wants_digests && !target_.capabilities().copies_tell_digests) return true;
  return options_.proves_recorded && IsComputed(task.recorded.kind) &&
         task.recorded.kind != copied.digest.kind;
}

Result<CopyResult> ObjectCopier::CopyServerSide(const CopyTask& task, const CallContext& context) {
  std::int64_t single_limit =
      std::min(options_.multipart_copy_threshold_bytes, target_.capabilities().max_single_copy_bytes);
  if (!options_.wants_digests) single_limit = std::min(single_limit, kWorthPartsBytes);
  if (task.size >= single_limit && target_.capabilities().multipart_copy) return CopyInParts(task, context);
  MBK_TRY_ASSIGN(WriteResult written,
                 target_.Copy({source_.identity().bucket, task.source}, task.target, context));
  return CopyResult{.method = CopyMethod::kServerSide, .etag = written.etag, .digest = written.digest};
}

Result<CopyResult> ObjectCopier::CopyInParts(const CopyTask& task, const CallContext& context) {
  MBK_TRY_ASSIGN(ObjectInfo source, source_.Head(task.source, context));
  if (source.size != task.size) {
    return FailedPrecondition(fmt::format("the source has {} bytes, expected {}", source.size, task.size));
  }
  MBK_TRY_ASSIGN(UploadId id, target_.StartUpload(task.target, context));
  PendingUpload upload(target_, std::move(id));
  const CopySource from{source_.identity().bucket, task.source, source.etag};
  const std::int64_t part = PartSize(task.size, kServerSidePartBytes, target_.capabilities().max_parts);
  for (std::int64_t offset = 0, number = 1; offset < task.size; offset += part, ++number) {
    const ByteRange range{offset, std::min(part, task.size - offset)};
    MBK_TRY_ASSIGN(UploadedPart done,
                   target_.UploadPartCopy(upload.id(), static_cast<int>(number), from, range, context));
    upload.AddPart(std::move(done));
  }
  MBK_TRY_ASSIGN(WriteResult written, upload.Complete(context));
  return CopyResult{
      .method = CopyMethod::kServerSideMultipart, .etag = written.etag, .digest = written.digest};
}

Result<CopyResult> ObjectCopier::Stream(const CopyTask& task, const CallContext& context) {
  MBK_TRY_ASSIGN(ByteBudget::Share share, budget_.Acquire(task.size, context));
  ObjectInfo source;
  MBK_TRY(Fetch(source_, {.key = task.source}, task.size, task.size, share.buffer(), source, context));
  const std::string_view body = share.buffer().view();
  Digest digest = DigestOfBody(body, source.digest, target_.capabilities());
  const bool other_kind = IsComputed(task.recorded.kind) && task.recorded.kind != digest.kind;
  Digest proved = other_kind ? DigestOf(body, task.recorded.kind) : digest;
  MBK_TRY(CheckRecorded(task, proved));
  PutRequest put{.key = task.target, .body = body};
  if (digest.kind == Digest::Kind::kSha256) put.sha256_hex = digest.hex;
  MBK_TRY_ASSIGN(WriteResult written, target_.Put(put, context));
  MBK_TRY(CheckDigest(written.digest, digest));
  return CopyResult{.etag = written.etag, .digest = std::move(proved)};
}

// Parts of one object follow each other, because its digest is computed on the way; many objects are in
// flight at once, so the line stays full.
Result<CopyResult> ObjectCopier::StreamInParts(const CopyTask& task, const CallContext& context) {
  MBK_TRY_ASSIGN(UploadId id, target_.StartUpload(task.target, context));
  PendingUpload upload(target_, std::move(id));
  const std::int64_t part = PartSize(task.size, options_.part_size_bytes, target_.capabilities().max_parts);
  PassingDigest passing(task, KindFor(target_.capabilities()));
  ObjectInfo source;  // its etag is that of the first part, so that all parts are of one version
  for (std::int64_t offset = 0, number = 1; offset < task.size; offset += part, ++number) {
    const ByteRange range{offset, std::min(part, task.size - offset)};
    MBK_TRY_ASSIGN(ByteBudget::Share share, budget_.Acquire(range.length, context));
    MBK_TRY(Fetch(source_, {.key = task.source, .range = range, .if_match = source.etag}, range.length,
                  task.size, share.buffer(), source, context,
                  [&](std::string_view piece) { passing.Update(piece); }));
    MBK_TRY_ASSIGN(UploadedPart done,
                   target_.UploadPart(upload.id(), static_cast<int>(number), share.buffer().view(), context));
    upload.AddPart(std::move(done));
  }
  MBK_TRY_ASSIGN(Digest digest, passing.Finish());
  MBK_TRY_ASSIGN(WriteResult written, upload.Complete(context));
  return CopyResult{.etag = written.etag, .digest = std::move(digest)};
}

void ObjectCopier::FallBackToStreaming(const Status& refusal) {
  std::scoped_lock lock(mutex_);
  if (!server_side_.exchange(false)) return;
  streaming_reason_ =
      fmt::format("{} refused to copy by itself: {}", ServiceName(target_.identity()), refusal.message());
  log::Warn("the bytes go through this process from here on: {}", streaming_reason_);
}

std::string ObjectCopier::streaming_reason() const {
  std::scoped_lock lock(mutex_);
  return streamed_ ? streaming_reason_ : "";
}

}  // namespace mbk
