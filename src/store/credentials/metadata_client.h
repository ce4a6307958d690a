#pragma once

#include <memory>

#include "net/http_client.h"

namespace mbk::credentials {

/// A client for metadata services, which are on this machine or one hop away: no proxy, and it gives up soon,
/// for elsewhere than in their cloud packets to them vanish, and that is what a user waits for.
std::shared_ptr<HttpClient> MetadataClient();

}  // namespace mbk::credentials
