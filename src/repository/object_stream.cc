#include "repository/object_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"

namespace mbk {
namespace {

// Large enough that requests do not count, small enough to hold a few.
constexpr std::int64_t kReadChunkBytes = 4LL << 20;
// Above S3's minimum part of 5 MiB; 10,000 of them hold any manifest.
constexpr std::size_t kWritePartBytes = 8u << 20;
constexpr std::chrono::seconds kAbortTimeout{30};

}  // namespace

ObjectInputBuf::ObjectInputBuf(ObjectReader& store, ObjectKey key, CallContext context)
    : store_(store), key_(std::move(key)), context_(std::move(context)) {}

ObjectInputBuf::int_type ObjectInputBuf::underflow() {
  if (gptr() < egptr()) return traits_type::to_int_type(*gptr());
  if (!status_.ok() || offset_ == size_) return traits_type::eof();
  status_ = ReadChunk();
  if (!status_.ok() || chunk_.empty()) return traits_type::eof();
  setg(chunk_.data(), chunk_.data(), chunk_.data() + chunk_.size());
  return traits_type::to_int_type(*gptr());
}

Status ObjectInputBuf::Open() {
  MBK_TRY_ASSIGN(ObjectInfo info, store_.Head(key_, context_));
  size_ = info.size;
  etag_ = info.etag;
  return {};
}

Status ObjectInputBuf::ReadChunk() {
  chunk_.clear();
  if (size_ < 0) MBK_TRY(Open());
  if (size_ == 0) return {};
  const GetRequest request{
      .key = key_, .range = {offset_, std::min(kReadChunkBytes, size_ - offset_)}, .if_match = etag_};
  auto append = [&](std::string_view piece) {
    if (static_cast<std::int64_t>(chunk_.size() + piece.size()) > request.range.length) {
      return DataLoss("the store sends more bytes than asked for");
    }
    chunk_.append(piece);
    return Status();
  };
  MBK_TRY(store_.Get(request, append, context_).status());
  offset_ += static_cast<std::int64_t>(chunk_.size());
  return {};
}

ObjectOutput::ObjectOutput(ObjectStore& store, ObjectKey key, CallContext context, PutCondition condition)
    : store_(store), key_(std::move(key)), context_(std::move(context)), condition_(condition) {}

ObjectOutput::~ObjectOutput() {
  if (upload_.id.empty()) return;
  Status aborted = store_.AbortUpload(upload_, CallContext{.deadline = Deadline::After(kAbortTimeout)});
  if (!aborted.ok()) log::Warn("an unfinished upload stays behind: {}", aborted.message());
}

Status ObjectOutput::Write(std::string_view text) {
  md5_.Update(text);
  // A piece may be larger than a part; the buffer never is.
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kWritePartBytes - buffer_.size());
    buffer_.append(piece);
    text.remove_prefix(piece.size());
    if (buffer_.size() == kWritePartBytes) MBK_TRY(SendPart());
  }
  return {};
}

Status ObjectOutput::SendPart() {
  if (upload_.id.empty()) {
    MBK_TRY(Claim());
    MBK_TRY_ASSIGN(upload_, store_.StartUpload(key_, context_));
  }
  MBK_TRY_ASSIGN(UploadedPart part,
                 store_.UploadPart(upload_, static_cast<int>(parts_.size()) + 1, buffer_, context_));
  parts_.push_back(std::move(part));
  buffer_.clear();
  return {};
}

// An upload in parts replaces what lies under its key when it ends.
Status ObjectOutput::Claim() { return condition_ == PutCondition::kNone ? Status() : Put("").status(); }

Result<WriteResult> ObjectOutput::Put(std::string_view body) {
  PutCondition condition = condition_;
  if (condition == PutCondition::kIfAbsent && !store_.capabilities().conditional_put) {
    const Status taken = store_.Head(key_, context_).status();
    if (taken.ok()) return AlreadyExists(store_.identity().Url(key_) + " is there already");
    if (taken.code() != Code::kNotFound) return taken;
    condition = PutCondition::kNone;
  }
  Result<WriteResult> written = store_.Put({.key = key_, .body = body, .condition = condition}, context_);
  is_written_ |= written.ok();
  return written;
}

Result<WriteResult> ObjectOutput::FinishUpload() {
  if (!buffer_.empty()) MBK_TRY(SendPart());
  Result<WriteResult> written = store_.CompleteUpload(upload_, parts_, context_);
  if (written.ok()) upload_ = {};
  is_written_ |= written.ok();
  return written;
}

Status ObjectOutput::Finish() {
  MBK_TRY_ASSIGN(WriteResult written, upload_.id.empty() ? Put(buffer_) : FinishUpload());
  if (written.digest.kind == Digest::Kind::kMd5 && written.digest.hex != md5_.Hex()) {
    return DataLoss(store_.identity().Url(key_) + ": the store holds other bytes than were sent");
  }
  return {};
}

}  // namespace mbk
