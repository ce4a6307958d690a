#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/named.h"
#include "base/status.h"

/// An object store as the rest of the program sees it: one bucket of one service, or one directory tree.
/// Every call is blocking, thread-safe, ends early when its CallContext ends, and costs one request
/// unless it says otherwise. Calls do not retry by themselves: RetryingStore does.
namespace mbk {

/// A digest of an object's content, as far as the store vouches for one.
struct Digest {
  enum class Kind { kNone, kMd5, kCrc32c, kCrc64Nvme, kSha256, kXxh128 };
  Kind kind = Kind::kNone;
  std::string hex;  ///< lower case
  friend bool operator==(const Digest&, const Digest&) = default;
};
/// "md5", "crc32c", "crc64nvme", "sha256", "xxh128", as records of objects call them; empty for kNone.
std::string_view DigestKindName(Digest::Kind kind);

struct ObjectInfo {
  ObjectKey key;
  std::int64_t size = 0;  ///< bytes
  std::string etag;       ///< as the store gave it, without quotes; empty where there is none
  /// MD5 when the etag is one (a single-part object of a store whose etags are MD5), else kNone.
  Digest digest;
  /// When it was written, by the store's own clock, as unix milliseconds (most services say whole seconds).
  /// 0: the store did not say. Comparable with other times of the same store, and with no other clock.
  std::int64_t last_modified_ms = 0;
};

struct ListRequest {
  std::string prefix;      ///< a true string prefix, not a directory
  std::string delimiter;   ///< "" lists everything below, "/" one level
  std::string page_token;  ///< from the page before; empty for the first
  int max_keys = 1000;     ///< at most; a page may hold fewer and still not be the last (ListFirst)
};

struct ListPage {
  std::vector<ObjectInfo> objects;           ///< in the store's order: by UTF-8 bytes on S3
  std::vector<std::string> common_prefixes;  ///< each ends in the delimiter
  std::string next_page_token;               ///< empty: the last, and no other page is empty (RetryingStore)
};

/// {0, -1} is the whole object. Any other range must begin inside the object (else kFailedPrecondition:
/// it is shorter than the caller believes) and is cut at its end; negative or empty ranges are
/// kInvalidArgument.
struct ByteRange {
  std::int64_t offset = 0;
  std::int64_t length = -1;  ///< -1: to the end
};

struct GetRequest {
  ObjectKey key;
  ByteRange range;
  std::string if_match;  ///< etag; kFailedPrecondition when the object has another by now
  /// Told once what the answer's headers say of the object, before its first byte; may be empty. Of use
  /// when the transfer breaks later: a resumed one asks for the same etag.
  std::function<void(const ObjectInfo&)> on_start;
  /// Where the caller wants the next bytes, asked before each piece; may be empty. A store that reads by
  /// itself, and so has the choice, puts them there, and the sink sees them in place.
  std::function<std::span<char>()> room;
};

/// Takes the bytes of an object as they arrive. An error ends the transfer and is returned from Get.
using ByteSink = std::function<Status(std::string_view)>;

enum class PutCondition { kNone, kIfAbsent };

struct PutRequest {
  ObjectKey key;
  std::string_view body;
  PutCondition condition = PutCondition::kNone;  ///< kIfAbsent: kAlreadyExists when the key is taken
  /// An etag: replace only the object that has it; kFailedPrecondition when it has another by now, or is
  /// gone. Not together with kIfAbsent. Needs capabilities().conditional_replace.
  std::string_view if_match;
  /// SHA-256 of `body` in lower-case hex where the caller has it, else empty: it spares a store that signs
  /// bodies to compute it.
  std::string_view sha256_hex;
};

/// What the store says of an object it has just written.
struct WriteResult {
  std::string etag;
  Digest digest;
};

/// Another object of the same service, readable with the destination's credentials.
struct CopySource {
  BucketName bucket;
  ObjectKey key;
  std::string if_match;  ///< etag, may be empty
};

struct UploadId {
  ObjectKey key;
  std::string id;
};

struct UploadedPart {
  int number = 0;  ///< from 1
  std::string etag;
};

/// What a store can do; deviations are listed here once, so that callers ask instead of trying.
struct StoreCapabilities {
  bool server_side_copy = true;
  bool multipart_copy = true;
  /// Whether Copy can tell a digest of what it wrote. If not, only bytes that pass through here have one.
  bool copies_tell_digests = true;
  /// Whether the digests of a listing are those of the bytes. S3 lists ETags, and does not say which objects
  /// are encrypted with keys of their own: theirs look like an MD5 and are none. One that is equal to another
  /// MD5 is one.
  bool lists_certain_digests = true;
  bool conditional_put = true;
  /// Whether PutRequest::if_match is obeyed.
  bool conditional_replace = true;
  /// Whether DeleteIfMatch is there.
  bool conditional_delete = true;
  /// Whether parts may come in any order, side by side and again with other content. If not: one after the
  /// other from 1; only the last one sent, or the one that failed, may be sent again.
  bool parts_in_any_order = true;
  /// Whether a body that arrives otherwise than it was sent is refused: what is written is what was hashed.
  bool refuses_altered_bodies = false;
  /// Whether that is done by the SHA-256 of each body, which a caller of Put may hand over (sha256_hex).
  bool signs_bodies = false;
  std::int64_t max_single_copy_bytes = 5LL << 30;
  std::int64_t min_part_bytes = 5LL << 20;  ///< all parts but the last
  int max_parts = 10'000;
};

/// Names a store: who serves it, where, which bucket. Two stores with equal `service` and `endpoint` can
/// copy between each other without the bytes passing through this process.
struct StoreIdentity {
  std::string service;   ///< "minio", "s3", "local", "memory" …
  std::string endpoint;  ///< host:port, region, tls: whatever makes it another service when it differs
  BucketName bucket;
  /// For messages: "s3://bucket", "file://", …
  std::string Url(const ObjectKey& key) const;
  bool SameService(const StoreIdentity& other) const;
  /// Whether one key is one object in both. The keys of local stores are whole paths, whatever root each has.
  bool SameStore(const StoreIdentity& other) const;
  /// `prefix` as it lies there: of a local store with all symbolic links followed, of others as it is.
  std::string RealPrefix(const std::string& prefix) const;
};

/// The reading half. Restore gets no more than this of a backup's store.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  virtual const StoreIdentity& identity() const = 0;
  virtual const StoreCapabilities& capabilities() const = 0;

  virtual Result<ListPage> List(const ListRequest& request, const CallContext& context) = 0;
  /// kNotFound when the key is absent.
  virtual Result<ObjectInfo> Head(const ObjectKey& key, const CallContext& context) = 0;
  /// Stream an object (or a range of it) into `sink`. The result describes the whole object. Fewer bytes
  /// than promised are kUnavailable, so that a retry resumes; kNotFound when the key is absent. A digest in
  /// the result of a whole object is that of the bytes that came: others are kDataLoss, after the sink has
  /// had them.
  virtual Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                                 const CallContext& context) = 0;
};

/// The writing half.
class ObjectStore : public ObjectReader {
 public:
  /// Write a whole object; readers see the old one or the new one, nothing between.
  virtual Result<WriteResult> Put(const PutRequest& request, const CallContext& context) = 0;
  /// Delete every key; an absent key is no error. One request per 1,000 keys where the store can.
  virtual Status Delete(std::span<const ObjectKey> keys, const CallContext& context) = 0;
  /// Delete an object that has this etag; kFailedPrecondition when it has another by now, no error when it is
  /// gone. kUnimplemented where capabilities().conditional_delete is false.
  virtual Status DeleteIfMatch(const ObjectKey& key, const std::string& etag, const CallContext& context) = 0;
  /// Copy inside the service, up to capabilities().max_single_copy_bytes.
  virtual Result<WriteResult> Copy(const CopySource& source, const ObjectKey& target,
                                   const CallContext& context) = 0;

  virtual Result<UploadId> StartUpload(const ObjectKey& key, const CallContext& context) = 0;
  virtual Result<UploadedPart> UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                          const CallContext& context) = 0;
  virtual Result<UploadedPart> UploadPartCopy(const UploadId& upload, int part_number,
                                              const CopySource& source, ByteRange range,
                                              const CallContext& context) = 0;
  /// `parts` in ascending order of number. kFailedPrecondition when one was not uploaded or has another
  /// etag; kNotFound when the upload is unknown, which it is after it was completed.
  virtual Result<WriteResult> CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                             const CallContext& context) = 0;
  /// Forget an upload and its parts; an unknown upload is no error.
  virtual Status AbortUpload(const UploadId& upload, const CallContext& context) = 0;

  /// The uploads below a prefix that were neither completed nor aborted, as far as the service tells; the
  /// first thousand at most. Some tell nothing: Azure and Google forget them by themselves after a week,
  /// MinIO, which lists only those of one whole key, after a day; a local store keeps none.
  virtual Result<std::vector<UploadId>> ListUploads(const std::string& prefix, const CallContext& context);
  /// What lies below a prefix and is no object, so that Delete does not remove it: symbolic links, empty
  /// directories and the like of a local store, with what they are; the first hundred.
  virtual Result<std::vector<std::string>> ListOthers(const std::string& prefix, const CallContext& context);
  /// Remove what killed runs had not finished below a prefix that ends in "/", then the directories at and
  /// below it which hold nothing, of those whose key (it ends in "/") `may_go`. Only a local store has any.
  virtual Status RemoveEmptyDirectories(const std::string& prefix,
                                        const std::function<bool(std::string_view key)>& may_go,
                                        const CallContext& context);
  /// Why the bytes of an object stay when it is deleted, as far as the service says it of this one: the
  /// bucket keeps versions, the object is locked until a date. Empty when nothing says so.
  virtual Result<std::string> WhyKept(const ObjectKey& key, const CallContext& context);

  /// Make the bucket if it is missing, with a warning that it was: one list of one key, then a create. The
  /// error of a create names the bucket, the service's words and the setting.
  virtual Status EnsureBucket(const CallContext& context) = 0;
};

/// Let `request` ask for the page behind `page`. kDataLoss where that would be `page` again.
Status TurnPage(ListRequest& request, const ListPage& page, const StoreIdentity& identity);

/// Call `visit` for every object below `prefix`, page by page.
Status ForEachObject(ObjectReader& store, const std::string& prefix, const CallContext& context,
                     const std::function<Status(const ObjectInfo&)>& visit);
/// Read a whole object of at most `max_bytes`; kDataLoss when it is larger.
Result<std::string> ReadObject(ObjectReader& store, const ObjectKey& key, std::int64_t max_bytes,
                               const CallContext& context);

}  // namespace mbk
