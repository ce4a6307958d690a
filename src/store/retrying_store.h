#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/retry.h"
#include "store/forwarding_store.h"

namespace mbk {

/// Repeats the calls of another store by the one retry policy. Where making a call twice is not the same
/// as making it once, it finds out what became of the first:
///
/// * Get resumes behind the last byte that the sink has seen, under the etag of the first answer: the
///   sink sees each byte once and never those of two versions. An error of the sink is final. Nobody has held
///   an object that came in pieces against its digest, so its result has none.
/// * Put with kIfAbsent or if_match that finds another object there after an attempt of its own went
///   unanswered compares the content: equal content is its own.
/// * CompleteUpload that ends in an error after an unanswered attempt looks for the object; it is the
///   upload's when it has the etag that S3 derives from the parts.
/// * StartUpload may leave an upload without parts behind when its answer is lost.
///
/// Of listings it passes over the empty pages that services give in between, each with retries of its own: a
/// service ends a page where a partition of its ends, or its time is up, and may have found nothing by then.
///
/// A store that has never answered is more likely spelled wrong than restarting: it is given up after ten
/// seconds. What goes on for seconds is said once (RetryNotice).
///
/// Thread-safe.
class RetryingStore : public ForwardingStore {
 public:
  /// How patient the program is with stores: with one that takes requests and says nothing, two minutes.
  static constexpr RetryPolicy kPatient{.silence = Milliseconds(115'000)};

  /// `settings` name the server, in the words of the user's file; may be empty.
  RetryingStore(std::shared_ptr<ObjectStore> inner, const RetryPolicy& policy,
                Sleeper& sleeper = RealSleeper(), std::string settings = "");

  Result<ListPage> List(const ListRequest& request, const CallContext& context) override;
  Result<ObjectInfo> Head(const ObjectKey& key, const CallContext& context) override;
  Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                         const CallContext& context) override;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override;
  Status Delete(std::span<const ObjectKey> keys, const CallContext& context) override;
  Status DeleteIfMatch(const ObjectKey& key, const std::string& etag, const CallContext& context) override;
  Result<WriteResult> Copy(const CopySource& source, const ObjectKey& target,
                           const CallContext& context) override;
  Result<UploadId> StartUpload(const ObjectKey& key, const CallContext& context) override;
  Result<UploadedPart> UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                  const CallContext& context) override;
  Result<UploadedPart> UploadPartCopy(const UploadId& upload, int part_number, const CopySource& source,
                                      ByteRange range, const CallContext& context) override;
  Result<WriteResult> CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                     const CallContext& context) override;
  Status AbortUpload(const UploadId& upload, const CallContext& context) override;
  Result<std::vector<UploadId>> ListUploads(const std::string& prefix, const CallContext& context) override;
  Result<std::vector<std::string>> ListOthers(const std::string& prefix, const CallContext& context) override;
  Status RemoveEmptyDirectories(const std::string& prefix,
                                const std::function<bool(std::string_view key)>& may_go,
                                const CallContext& context) override;
  Result<std::string> WhyKept(const ObjectKey& key, const CallContext& context) override;
  Status EnsureBucket(const CallContext& context) override;

 private:
  template <class Call>
  auto Again(const CallContext& context, Call&& call) -> decltype(call()) {
    return Retry(
        PolicyNow(), Idempotency::kIdempotent, sleeper_, context,
        [&] {
          auto outcome = call();
          Hear(retry_internal::StatusOf(outcome).code());
          return outcome;
        },
        &notice_);
  }
  RetryPolicy PolicyNow() const;
  void Hear(Code code);
  /// Again, and tells whether an attempt failed in a way that may have been carried out.
  template <class Call>
  auto AgainNoting(bool& in_doubt, const CallContext& context, Call&& call) -> decltype(call());

  Result<WriteResult> PutConditionally(const PutRequest& request, const CallContext& context);
  Result<ObjectInfo> HoldsExactly(const ObjectKey& key, std::string_view body, const CallContext& context);

  const RetryPolicy policy_;
  Sleeper& sleeper_;
  RetryNotice notice_;
  std::atomic<bool> answered_ = false;  ///< ever
};

}  // namespace mbk
