#include "store/retrying_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/hash.h"

namespace mbk {
namespace {

// A Get in pieces: what the sink has had so far and what the next attempt has to ask for.
class ResumableGet {
 public:
  ResumableGet(const GetRequest& request, const ByteSink& sink) : request_(request), sink_(sink) {}

  Result<ObjectInfo> Attempt(ObjectStore& store, const CallContext& context) {
    const bool resumed = received_ > 0;
    auto outcome =
        store.Get(NextRequest(), [this](std::string_view bytes) { return Deliver(bytes); }, context);
    if (outcome.ok() && resumed) outcome->digest = {};
    if (outcome.ok() || !sink_error_.ok()) return outcome;
    if (Complete() && IsRetryable(outcome.status().code())) {  // the connection broke behind the last byte
      info_.digest = {};
      return info_;
    }
    if (received_ > 0 && info_.etag.empty()) return Unresumable(outcome.status());
    return outcome;
  }

  const Status& sink_error() const { return sink_error_; }

 private:
  GetRequest NextRequest() {
    GetRequest next = request_;
    next.on_start = [this](const ObjectInfo& info) { Start(info); };
    if (!info_.etag.empty()) next.if_match = info_.etag;
    next.range.offset += received_;
    if (next.range.length != -1) next.range.length -= received_;
    return next;
  }

  void Start(const ObjectInfo& info) {
    if (std::exchange(started_, true)) return;
    info_ = info;
    if (request_.on_start) request_.on_start(info);
  }

  Status Deliver(std::string_view bytes) {
    sink_error_ = sink_(bytes);
    if (sink_error_.ok()) received_ += static_cast<std::int64_t>(bytes.size());
    return sink_error_;
  }

  bool Complete() const {
    if (!started_ || received_ == 0) return false;
    const std::int64_t left = info_.size - request_.range.offset;
    return received_ == (request_.range.length == -1 ? left : std::min(left, request_.range.length));
  }

  static Status Unresumable(const Status& failure) {
    return FailedPrecondition(
        failure.message() + " (not resumed: the service names no etag to tell versions of the object apart)");
  }

  const GetRequest& request_;
  const ByteSink& sink_;
  Status sink_error_;
  ObjectInfo info_;  ///< of the first answer
  bool started_ = false;
  std::int64_t received_ = 0;
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The 16 bytes of an etag that is an MD5; empty for any other.
std::string Md5OfEtag(std::string_view etag) {
  if (etag.size() != 32) return {};
  std::string raw;
  for (std::size_t i = 0; i < etag.size(); i += 2) {
    const int high = HexDigit(etag[i]), low = HexDigit(etag[i + 1]);
    if (high < 0 || low < 0) return {};
    raw.push_back(static_cast<char>(high * 16 + low));
  }
  return raw;
}

// Whether this is the etag that S3 gives an object uploaded in `parts`: the MD5 of the parts' MD5s, and
// their number. Never true when the parts' etags are no MD5s.
bool IsEtagOf(std::string_view etag, std::span<const UploadedPart> parts) {
  std::string digests;
  for (const UploadedPart& part : parts) {
    const std::string raw = Md5OfEtag(part.etag);
    if (raw.empty()) return false;
    digests += raw;
  }
  return etag == fmt::format("{}-{}", Md5Hex(digests), parts.size());
}

bool MayHaveBeenCarriedOut(const Status& failure) {
  return failure.code() == Code::kUnavailable || failure.code() == Code::kDeadlineExceeded;
}

}  // namespace

RetryingStore::RetryingStore(std::shared_ptr<ObjectStore> inner, const RetryPolicy& policy, Sleeper& sleeper,
                             std::string settings)
    : ForwardingStore(std::move(inner)),
      policy_(policy),
      sleeper_(sleeper),
      notice_(fmt::format("the store {} at {}", identity().Url(ObjectKey("")), identity().endpoint),
              std::move(settings)) {}

RetryPolicy RetryingStore::PolicyNow() const {
  constexpr Milliseconds kFirstContact{10'000};
  RetryPolicy policy = policy_;
  if (!answered_) policy.total = std::min(policy.total, kFirstContact);
  return policy;
}

void RetryingStore::Hear(Code code) {
  if (code != Code::kUnavailable && code != Code::kDeadlineExceeded && code != Code::kCancelled)
    answered_ = true;
}

template <class Call>
auto RetryingStore::AgainNoting(bool& in_doubt, const CallContext& context, Call&& call) -> decltype(call()) {
  return Again(context, [&] {
    auto outcome = call();
    if (MayHaveBeenCarriedOut(retry_internal::StatusOf(outcome))) in_doubt = true;
    return outcome;
  });
}

Result<ListPage> RetryingStore::List(const ListRequest& request, const CallContext& context) {
  constexpr int kMostEmptyPages = 10'000;
  ListRequest next = request;
  for (int empty = 0; empty < kMostEmptyPages; ++empty) {
    MBK_TRY_ASSIGN(ListPage page, Again(context, [&] { return inner().List(next, context); }));
    const bool is_empty = page.objects.empty() && page.common_prefixes.empty();
    if (!is_empty || page.next_page_token.empty()) return page;
    MBK_TRY(TurnPage(next, page, identity()));
    MBK_TRY(context.Check());
  }
  return DataLoss(fmt::format("list {}: {} empty pages, and no end of them",
                              identity().Url(ObjectKey(request.prefix)), kMostEmptyPages));
}

Result<ObjectInfo> RetryingStore::Head(const ObjectKey& key, const CallContext& context) {
  return Again(context, [&] { return inner().Head(key, context); });
}

Result<ObjectInfo> RetryingStore::Get(const GetRequest& request, const ByteSink& sink,
                                      const CallContext& context) {
  ResumableGet get(request, sink);
  auto outcome = Again(context, [&]() -> Result<ObjectInfo> {
    auto attempt = get.Attempt(inner(), context);
    // Whatever code the sink's error has, it is not the store's failure: leave the loop.
    return get.sink_error().ok() ? std::move(attempt) : Result<ObjectInfo>(ObjectInfo{});
  });
  MBK_TRY(get.sink_error());
  return outcome;
}

Result<WriteResult> RetryingStore::Put(const PutRequest& request, const CallContext& context) {
  if (request.condition == PutCondition::kIfAbsent || !request.if_match.empty())
    return PutConditionally(request, context);
  return Again(context, [&] { return inner().Put(request, context); });
}

Result<WriteResult> RetryingStore::PutConditionally(const PutRequest& request, const CallContext& context) {
  bool in_doubt = false;
  auto outcome = AgainNoting(in_doubt, context, [&] { return inner().Put(request, context); });
  const Code lost = request.if_match.empty() ? Code::kAlreadyExists : Code::kFailedPrecondition;
  if (outcome.status().code() != lost || !in_doubt) return outcome;
  auto ours = HoldsExactly(request.key, request.body, context);
  if (!ours.ok()) return outcome;
  return WriteResult{.etag = ours->etag, .digest = ours->digest};
}

Result<ObjectInfo> RetryingStore::HoldsExactly(const ObjectKey& key, std::string_view body,
                                               const CallContext& context) {
  std::string_view expected = body;
  auto compare = [&](std::string_view bytes) -> Status {
    if (!expected.starts_with(bytes)) return FailedPrecondition("another content");
    expected.remove_prefix(bytes.size());
    return {};
  };
  auto info = Get({.key = key}, compare, context);
  if (info.ok() && !expected.empty()) return FailedPrecondition("another content");
  return info;
}

Status RetryingStore::Delete(std::span<const ObjectKey> keys, const CallContext& context) {
  return Again(context, [&] { return inner().Delete(keys, context); });
}

Status RetryingStore::DeleteIfMatch(const ObjectKey& key, const std::string& etag,
                                    const CallContext& context) {
  return Again(context, [&] { return inner().DeleteIfMatch(key, etag, context); });
}

Result<WriteResult> RetryingStore::Copy(const CopySource& source, const ObjectKey& target,
                                        const CallContext& context) {
  return Again(context, [&] { return inner().Copy(source, target, context); });
}

Result<UploadId> RetryingStore::StartUpload(const ObjectKey& key, const CallContext& context) {
  return Again(context, [&] { return inner().StartUpload(key, context); });
}

Result<UploadedPart> RetryingStore::UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                               const CallContext& context) {
  return Again(context, [&] { return inner().UploadPart(upload, part_number, body, context); });
}

Result<UploadedPart> RetryingStore::UploadPartCopy(const UploadId& upload, int part_number,
                                                   const CopySource& source, ByteRange range,
                                                   const CallContext& context) {
  return Again(context, [&] { return inner().UploadPartCopy(upload, part_number, source, range, context); });
}

Result<WriteResult> RetryingStore::CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                                  const CallContext& context) {
  bool in_doubt = false;
  auto outcome =
      AgainNoting(in_doubt, context, [&] { return inner().CompleteUpload(upload, parts, context); });
  if (outcome.ok() || !in_doubt) return outcome;
  auto info = Head(upload.key, context);
  if (!info.ok() || !IsEtagOf(info->etag, parts)) {
    return outcome.status().WithContext("after an attempt that went unanswered");
  }
  return WriteResult{.etag = info->etag, .digest = info->digest};
}

Status RetryingStore::AbortUpload(const UploadId& upload, const CallContext& context) {
  return Again(context, [&] { return inner().AbortUpload(upload, context); });
}

Result<std::vector<UploadId>> RetryingStore::ListUploads(const std::string& prefix,
                                                         const CallContext& context) {
  return Again(context, [&] { return inner().ListUploads(prefix, context); });
}

Result<std::vector<std::string>> RetryingStore::ListOthers(const std::string& prefix,
                                                           const CallContext& context) {
  return Again(context, [&] { return inner().ListOthers(prefix, context); });
}

Status RetryingStore::RemoveEmptyDirectories(const std::string& prefix,
                                             const std::function<bool(std::string_view)>& may_go,
                                             const CallContext& context) {
  return Again(context, [&] { return inner().RemoveEmptyDirectories(prefix, may_go, context); });
}

Result<std::string> RetryingStore::WhyKept(const ObjectKey& key, const CallContext& context) {
  return Again(context, [&] { return inner().WhyKept(key, context); });
}

Status RetryingStore::EnsureBucket(const CallContext& context) {
  return Again(context, [&] { return inner().EnsureBucket(context); });
}

}  // namespace mbk
