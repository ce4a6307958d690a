#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/gcs/gcs_client.h"
#include "store/gcs/gcs_json.h"
#include "store/http_store.h"

/// Resumable uploads. Internal to store/gcs/.
/// https://cloud.google.com/storage/docs/performing-resumable-uploads
namespace mbk::gcs {

/// The service takes chunks of multiples of this; only the last one may be shorter.
inline constexpr std::int64_t kQuantumBytes = 256 << 10;

/// One session: a stream of bytes that goes out in chunks as parts are handed over. What does not fill a
/// quantum waits for the next part. Calls on one session take turns.
class ResumableUpload {
 public:
  /// `session_url` entitles whoever has it to write the object: secret.
  ResumableUpload(Client& client, ObjectKey key, std::string session_url)
      : client_(client), key_(std::move(key)), session_url_(std::move(session_url)) {}

  /// Send the next part. The part before may be sent again, and is taken for sent when it is the same. After
  /// an error the part may be sent again: the service is asked how much of it arrived.
  Result<UploadedPart> Append(int number, std::string_view body, const CallContext& context);
  /// Make the object of the parts sent, which must be `parts`, and compare its CRC32C.
  Result<ObjectResource> Finish(std::span<const UploadedPart> parts, const CallContext& context);
  Status Cancel(const CallContext& context);
  /// Of all parts sent. Not while another thread appends.
  std::uint32_t crc32c() const { return crc32c_; }

 private:
  class Stream;
  /// What the service says of the session: how many bytes it keeps, or the object when it is done.
  struct Progress {
    std::int64_t kept = 0;
    std::optional<ObjectResource> object;
  };

  Request ChunkRequest(std::string range, std::string_view chunk) const;
  Result<Progress> Ask(const Request& request, const CallContext& context);
  Result<Progress> SendChunk(std::int64_t offset, std::string_view chunk, const CallContext& context);
  Result<Progress> SendLast(std::int64_t offset, std::string_view chunk, const CallContext& context);
  Result<Progress> AskProgress(const CallContext& context);
  /// How far the service is, asked only when that is in doubt; never behind kept_ or beyond `sent_at_most`.
  Result<Progress> Settle(std::int64_t sent_at_most, const CallContext& context);
  /// Send the whole quanta of `stream` behind its byte `at`; how many of its bytes the service keeps then.
  Result<std::int64_t> Push(Stream& stream, std::int64_t at, const CallContext& context);
  /// Send what waits, behind its byte `at`, as the end of the object.
  Result<ObjectResource> PushRest(std::int64_t at, const CallContext& context);
  Status CheckParts(std::span<const UploadedPart> parts) const;
  std::int64_t Total() const { return kept_ + static_cast<std::int64_t>(waiting_.size()); }

  Client& client_;
  const ObjectKey key_;
  const std::string session_url_;
  std::mutex mutex_;
  std::int64_t kept_ = 0;     ///< bytes that the service has said it keeps
  std::string waiting_;       ///< what follows them, less than a quantum
  std::uint32_t crc32c_ = 0;  ///< of both
  std::vector<UploadedPart> parts_;
  bool in_doubt_ = false;  ///< a request failed: the service may keep more than kept_
};

/// The uploads of a store, by an id that is no secret. Thread-safe.
class UploadTable {
 public:
  std::string Add(std::shared_ptr<ResumableUpload> upload);
  std::shared_ptr<ResumableUpload> Find(const std::string& id) const;
  std::shared_ptr<ResumableUpload> Remove(const std::string& id);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<ResumableUpload>> uploads_;
};

}  // namespace mbk::gcs
