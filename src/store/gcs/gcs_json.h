#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "store/object_store.h"

/// The JSON of the API, read. All of it is hostile: depth and shape are checked here, sizes are bounded by
/// the HTTP client. Parsers return kDataLoss for anything but a whole document of the expected shape.
/// Internal to store/gcs/.
namespace mbk::gcs {

/// What of an object's resource is asked for (`fields=`) and read.
inline constexpr char kObjectFields[] = "name,size,generation,md5Hash,crc32c,updated";

/// https://cloud.google.com/storage/docs/json_api/v1/objects#resource
struct ObjectResource {
  ObjectInfo info;                      ///< etag: the generation
  std::optional<std::uint32_t> crc32c;  ///< of the content
};
Result<ObjectResource> ParseObject(std::string_view json);
/// The same of the object `key`; a description of another one is kDataLoss.
Result<ObjectResource> ParseObjectOf(const ObjectKey& key, std::string_view json);

/// https://cloud.google.com/storage/docs/json_api/v1/objects/list
Result<ListPage> ParseListPage(std::string_view json);

/// https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite
struct RewriteStep {
  bool done = false;
  std::string token;                     ///< of the next step
  std::int64_t rewritten = 0;            ///< bytes so far
  std::int64_t object_size = 0;          ///< bytes
  std::optional<ObjectResource> object;  ///< when done
};
Result<RewriteStep> ParseRewriteStep(std::string_view json);

/// {"error":{"code":404,"message":"…","errors":[{"reason":"notFound"}]}}
struct ErrorBody {
  std::string reason;  ///< empty when this is not the API's error
  std::string message;
};
ErrorBody ParseError(std::string_view json);

/// Base64 of four bytes, the most significant one first.
std::optional<std::uint32_t> ParseCrc32c(std::string_view base64);
/// The value of x-goog-hash: "crc32c=…,md5=…".
struct HeaderHashes {
  std::optional<std::uint32_t> crc32c;
  std::string md5_hex;  ///< empty when there is none
};
HeaderHashes ParseHashHeader(std::string_view value);

/// MD5 where there is one, else CRC32C: composed objects have no MD5.
Digest DigestOf(const std::string& md5_hex, std::optional<std::uint32_t> crc32c);

}  // namespace mbk::gcs
