#pragma once

#include <cstdint>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/hash.h"
#include "base/status.h"
#include "store/object_store.h"

namespace mbk {

/// Reads an object front to back in ranges, for parsers that pull: one request per chunk, all of one
/// version of the object. A failed read ends the stream (eof for the parser); `status()` tells the two
/// apart and must be asked afterwards. Not thread-safe.
class ObjectInputBuf : public std::streambuf {
 public:
  /// `store` outlives the buffer. Nothing is read yet.
  ObjectInputBuf(ObjectReader& store, ObjectKey key, CallContext context);

  const Status& status() const { return status_; }
  /// Size of the whole object, bytes; known after the first read.
  std::int64_t object_size() const { return size_; }

 protected:
  int_type underflow() override;

 private:
  Status Open();
  Status ReadChunk();

  ObjectReader& store_;
  const ObjectKey key_;
  const CallContext context_;
  std::string chunk_;
  std::string etag_;
  std::int64_t offset_ = 0;
  std::int64_t size_ = -1;
  Status status_;
};

/// Writes an object of unknown length from pieces: one Put when it stays small, else a multipart upload,
/// so that a manifest of any size passes through one part's worth of memory. Not thread-safe.
class ObjectOutput {
 public:
  /// With kIfAbsent Write and Finish end with kAlreadyExists when the key is taken: a small object is put
  /// under that condition; for a large one, which goes in parts, an empty one is put first. (A store without
  /// conditional puts is asked for the key instead.)
  ObjectOutput(ObjectStore& store, ObjectKey key, CallContext context,
               PutCondition condition = PutCondition::kNone);
  ObjectOutput(const ObjectOutput&) = delete;
  ObjectOutput& operator=(const ObjectOutput&) = delete;
  /// An output that was not finished leaves nothing behind.
  ~ObjectOutput();

  Status Write(std::string_view text);

  /// The object exists when this returns. kDataLoss when the store says it holds other bytes.
  Status Finish();

  /// Whether something of ours lies under the key: by then, and before it where the key had to be claimed.
  bool is_written() const { return is_written_; }

 private:
  Status SendPart();
  Status Claim();
  Result<WriteResult> Put(std::string_view body);
  Result<WriteResult> FinishUpload();

  ObjectStore& store_;
  const ObjectKey key_;
  const CallContext context_;
  const PutCondition condition_;
  bool is_written_ = false;
  std::string buffer_;
  Md5 md5_;
  UploadId upload_;
  std::vector<UploadedPart> parts_;
};

}  // namespace mbk
