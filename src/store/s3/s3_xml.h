#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/object_store.h"

/// The XML of the S3 API, read and written. What is read is hostile: sizes are bounded by the HTTP client,
/// depth and shape here. Parsers return kDataLoss for anything but a whole document with the expected root.
/// Internal to store/s3/.
namespace mbk::s3 {

/// <Error><Code>…</Code><Message>…</Message><RequestId>…</RequestId>…</Error>
struct ErrorBody {
  std::string code;
  std::string message;
  std::string request_id;
  std::string region;    ///< where the bucket is, in answers that know better
  std::string endpoint;  ///< likewise
};

/// The error in `xml`, if it is one; an empty code otherwise (many proxies answer in HTML).
ErrorBody ParseError(std::string_view xml);

/// ListBucketResult of ListObjectsV2. Keys are decoded when the answer says they are encoded. Digests are
/// left to the caller.
Result<ListPage> ParseListPage(std::string_view xml);

/// The text of `field` below the root `root`, e.g. UploadId of InitiateMultipartUploadResult.
Result<std::string> ParseField(std::string_view xml, const char* root, const char* field);
/// ETag of CopyObjectResult and its relatives, without quotes.
Result<std::string> ParseEtag(std::string_view xml, const char* root);

/// ListMultipartUploadsResult, as far as one answer goes.
Result<std::vector<UploadId>> ParseUploads(std::string_view xml);

struct DeleteFailure {
  std::string key;
  std::string code;
  std::string message;
};
/// The failures in a DeleteResult.
Result<std::vector<DeleteFailure>> ParseDeleteResult(std::string_view xml);

/// Whether a key can be written in XML 1.0: valid UTF-8 without control characters (other than tab, LF, CR)
/// and without U+FFFE, U+FFFF.
bool IsXmlText(std::string_view text);

std::string DeleteBody(std::span<const ObjectKey> keys);
std::string CompleteUploadBody(std::span<const UploadedPart> parts);
std::string CreateBucketBody(std::string_view region);

}  // namespace mbk::s3
