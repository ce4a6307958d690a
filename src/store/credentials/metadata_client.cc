#include "store/credentials/metadata_client.h"

namespace mbk::credentials {
namespace {

// They answer within milliseconds.
constexpr Milliseconds kConnectsWithin{1'000};
constexpr std::chrono::seconds kStallsFor{10};

}  // namespace

std::shared_ptr<HttpClient> MetadataClient() {
  return std::make_shared<HttpClient>(HttpClientOptions{
      .connect_timeout = kConnectsWithin, .stall_timeout = kStallsFor, .obey_proxy_variables = false});
}

}  // namespace mbk::credentials
