#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/azure_sas.h"
#include "store/azure/azure_error.h"
#include "store/object_store.h"

/// The XML of the Blob service, read and written. Parsers return kDataLoss for anything but a whole document
/// with the expected root. Internal to store/azure/.
namespace mbk::azure {

/// The error in `xml`, if it is one; an empty code otherwise. Its request id stands in the headers.
Refusal ParseError(std::string_view xml);

/// EnumerationResults of ListBlobs. Directories of accounts with a hierarchical namespace are left out: they
/// are no objects.
/// https://learn.microsoft.com/rest/api/storageservices/list-blobs
Result<ListPage> ParseListPage(std::string_view xml);

/// UserDelegationKey of GetUserDelegationKey.
Result<UserDelegationKey> ParseDelegationKey(std::string_view xml);
std::string DelegationKeyBody(std::string_view start, std::string_view expiry);

/// The body of PutBlockList: `block_ids`, which are base64, in their order. Blocks that are committed already
/// are found too, so that the same request succeeds again.
std::string BlockListBody(std::span<const std::string> block_ids);

/// The digest in a Content-MD5, whether of a header or of a listing; none when it is empty or no MD5.
Digest DigestOfMd5(std::string_view base64);

}  // namespace mbk::azure
