#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/http_client.h"
#include "store/object_store.h"

/// Several calls in one request. https://cloud.google.com/storage/docs/batch
/// Internal to store/gcs/.
namespace mbk::gcs {

/// The API's limit.
inline constexpr std::size_t kCallsPerBatch = 100;

/// The body that deletes `keys` of `bucket`: each call's Content-ID is its index.
std::string DeleteBatchBody(std::string_view bucket, std::span<const ObjectKey> keys,
                            std::string_view boundary);

/// The answers, in the order of the calls. kDataLoss unless there is just one for each of the `calls`.
Result<std::vector<HttpResponse>> ParseBatch(const HttpResponse& response, std::size_t calls);

}  // namespace mbk::gcs
