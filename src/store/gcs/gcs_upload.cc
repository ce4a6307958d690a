#include "store/gcs/gcs_upload.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/crc32c.h"
#include "base/uuid.h"

namespace mbk::gcs {
namespace {

constexpr int kResumeIncomplete = 308;
constexpr int kCancelled = 499;

// "bytes=0-N": N + 1 bytes are kept. No header: none.
Result<std::int64_t> KeptBytes(const HttpHeaders& headers) {
  const std::string_view range = headers.Get("range");
  if (range.empty()) return std::int64_t{0};
  constexpr std::string_view kBeginning = "bytes=0-";
  std::int64_t last = -1;
  if (range.starts_with(kBeginning)) {
    const std::string_view digits = range.substr(kBeginning.size());
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), last);
    if (error != std::errc() || end != digits.data() + digits.size()) last = -1;
  }
  if (last >= 0 && last < std::int64_t{1} << 60) return last + 1;
  return DataLoss(fmt::format("the answer says that it keeps \"{}\"", OneLine(range)));
}

// An etag of our own: the service gives parts none.
std::string PartEtag(std::string_view body) { return fmt::format("{:08x}-{}", Crc32c(body), body.size()); }

Status NoProgress() { return {Code::kUnavailable, "the service kept nothing of a chunk of the upload"}; }

}  // namespace

// What waits from the part before, and the part: one run of bytes, not joined in memory.
class ResumableUpload::Stream {
 public:
  Stream(std::string_view waiting, std::string_view body) : waiting_(waiting), body_(body) {}

  std::int64_t size() const { return static_cast<std::int64_t>(waiting_.size() + body_.size()); }

  /// As many whole quanta from `at` on as lie together; empty when less than one is left.
  std::string_view Chunk(std::int64_t at) {
    const std::int64_t whole = (size() - at) / kQuantumBytes * kQuantumBytes;
    const auto from = static_cast<std::size_t>(at);
    if (whole == 0) return {};
    if (from >= waiting_.size()) return body_.substr(from - waiting_.size(), static_cast<std::size_t>(whole));
    joined_ = waiting_.substr(from);
    joined_ += body_.substr(0, static_cast<std::size_t>(kQuantumBytes) - joined_.size());
    return joined_;
  }

  std::string Rest(std::int64_t at) const {
    const auto from = static_cast<std::size_t>(at);
    if (from >= waiting_.size()) return std::string(body_.substr(from - waiting_.size()));
    return std::string(waiting_.substr(from)) + std::string(body_);
  }

 private:
  std::string_view waiting_;
  std::string_view body_;
  std::string joined_;
};

Request ResumableUpload::ChunkRequest(std::string range, std::string_view chunk) const {
  return {.operation = "objects.insert (resumable)",
          .method = "PUT",
          .url = session_url_,
          .headers = {{"Content-Type", "application/octet-stream"}, {"Content-Range", std::move(range)}},
          .body = chunk,
          .key = key_.str()};
}

Result<ResumableUpload::Progress> ResumableUpload::Ask(const Request& request, const CallContext& context) {
  Result<HttpResponse> response =
      client_.Send(request, context, {.stall_timeout = kPatience, .welcome = {kResumeIncomplete}});
  if (!response.ok()) return std::move(response).status();
  auto where = [&] { return fmt::format("{} {}", request.operation, client_.Url(key_.str())); };
  if (response->status == kResumeIncomplete) {
    Result<std::int64_t> kept = KeptBytes(response->headers);
    if (!kept.ok()) return std::move(kept).status().WithContext(where());
    return Progress{.kept = *kept};
  }
  Result<ObjectResource> object = ParseObjectOf(key_, response->body);
  if (!object.ok()) return std::move(object).status().WithContext(where());
  return Progress{.object = *std::move(object)};
}

Result<ResumableUpload::Progress> ResumableUpload::SendChunk(std::int64_t offset, std::string_view chunk,
                                                             const CallContext& context) {
  const std::int64_t end = offset + static_cast<std::int64_t>(chunk.size());
  return Ask(ChunkRequest(fmt::format("bytes {}-{}/*", offset, end - 1), chunk), context);
}

Result<ResumableUpload::Progress> ResumableUpload::SendLast(std::int64_t offset, std::string_view chunk,
                                                            const CallContext& context) {
  const std::int64_t end = offset + static_cast<std::int64_t>(chunk.size());
  Request request = ChunkRequest(
      chunk.empty() ? fmt::format("bytes */{}", end) : fmt::format("bytes {}-{}/{}", offset, end - 1, end),
      chunk);
  request.headers.Add("X-Goog-Hash", "crc32c=" + Crc32cBase64(crc32c_));
  return Ask(request, context);
}

Result<ResumableUpload::Progress> ResumableUpload::AskProgress(const CallContext& context) {
  return Ask(ChunkRequest("bytes */*", ""), context);
}

Result<ResumableUpload::Progress> ResumableUpload::Settle(std::int64_t sent_at_most,
                                                          const CallContext& context) {
  if (!in_doubt_) return Progress{.kept = kept_};
  MBK_TRY_ASSIGN(Progress progress, AskProgress(context));
  if (progress.object || (progress.kept >= kept_ && progress.kept <= sent_at_most)) return progress;
  return FailedPrecondition(
      fmt::format("{}: the service keeps {} bytes of an upload of which {} were confirmed and {} sent",
                  client_.Url(key_.str()), progress.kept, kept_, sent_at_most));
}

Result<std::int64_t> ResumableUpload::Push(Stream& stream, std::int64_t at, const CallContext& context) {
  for (std::string_view chunk; !(chunk = stream.Chunk(at)).empty();) {
    MBK_TRY_ASSIGN(Progress progress, SendChunk(kept_ + at, chunk, context));
    if (progress.object)
      return DataLoss(client_.Url(key_.str()) + ": the service ended the upload before its end");
    const std::int64_t next = progress.kept - kept_;
    if (next > at + static_cast<std::int64_t>(chunk.size()))
      return DataLoss(client_.Url(key_.str()) + ": the service keeps more bytes than were sent");
    if (next <= at) return NoProgress().WithContext(client_.Url(key_.str()));
    at = next;
  }
  return at;
}

Result<UploadedPart> ResumableUpload::Append(int number, std::string_view body, const CallContext& context) {
  std::lock_guard lock(mutex_);
  const auto sent = static_cast<int>(parts_.size());
  const UploadedPart part{.number = number, .etag = PartEtag(body)};
  if (number == sent && sent > 0 && parts_.back().etag == part.etag) return part;
  if (number != sent + 1) {
    return FailedPrecondition(
        fmt::format("{}: part {} cannot follow {} parts: Google Cloud Storage takes them in order and once",
                    client_.Url(key_.str()), number, sent));
  }
  Stream stream(waiting_, body);
  MBK_TRY_ASSIGN(Progress progress, Settle(kept_ + stream.size(), context));
  if (progress.object)
    return FailedPrecondition(client_.Url(key_.str()) + ": the upload is complete already");
  in_doubt_ = true;  // until all went well
  MBK_TRY_ASSIGN(std::int64_t at, Push(stream, progress.kept - kept_, context));
  waiting_ = stream.Rest(at);
  kept_ += at;
  crc32c_ = Crc32c(body, crc32c_);
  parts_.push_back(part);
  in_doubt_ = false;
  return part;
}

Status ResumableUpload::CheckParts(std::span<const UploadedPart> parts) const {
  const bool same = std::ranges::equal(parts, parts_, [](const UploadedPart& a, const UploadedPart& b) {
    return a.number == b.number && a.etag == b.etag;
  });
  if (same) return {};
  return FailedPrecondition(fmt::format("{}: the {} parts to complete are not the {} that were sent",
                                        client_.Url(key_.str()), parts.size(), parts_.size()));
}

Result<ObjectResource> ResumableUpload::PushRest(std::int64_t at, const CallContext& context) {
  const std::string_view rest = waiting_;
  for (;;) {
    MBK_TRY_ASSIGN(Progress progress,
                   SendLast(kept_ + at, rest.substr(static_cast<std::size_t>(at)), context));
    if (progress.object) return *std::move(progress.object);
    const std::int64_t next = progress.kept - kept_;
    if (next <= at || next > static_cast<std::int64_t>(rest.size()))
      return NoProgress().WithContext(client_.Url(key_.str()));
    at = next;
  }
}

Result<ObjectResource> ResumableUpload::Finish(std::span<const UploadedPart> parts,
                                               const CallContext& context) {
  std::lock_guard lock(mutex_);
  MBK_TRY(CheckParts(parts));
  MBK_TRY_ASSIGN(Progress progress, Settle(Total(), context));
  in_doubt_ = true;
  if (!progress.object) {
    MBK_TRY_ASSIGN(progress.object, PushRest(progress.kept - kept_, context));
  }
  if (progress.object->info.size == Total()) return *std::move(progress.object);
  return DataLoss(fmt::format("{}: {} bytes were sent, the service stored {}", client_.Url(key_.str()),
                              Total(), progress.object->info.size));
}

Status ResumableUpload::Cancel(const CallContext& context) {
  Request request{
      .operation = "objects.insert (cancel)", .method = "DELETE", .url = session_url_, .key = key_.str()};
  return client_.Send(request, context, {.welcome = {kCancelled, 404, 410}}).status();
}

std::string UploadTable::Add(std::shared_ptr<ResumableUpload> upload) {
  std::string id = NewUuid();
  std::lock_guard lock(mutex_);
  uploads_.emplace(id, std::move(upload));
  return id;
}

std::shared_ptr<ResumableUpload> UploadTable::Find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  auto found = uploads_.find(id);
  return found == uploads_.end() ? nullptr : found->second;
}

std::shared_ptr<ResumableUpload> UploadTable::Remove(const std::string& id) {
  std::lock_guard lock(mutex_);
  auto node = uploads_.extract(id);
  return node.empty() ? nullptr : std::move(node.mapped());
}

}  // namespace mbk::gcs
