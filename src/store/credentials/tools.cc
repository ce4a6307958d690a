#include <cstdlib>

#include "store/credentials/metadata_client.h"
#include "store/credentials/small_file.h"
#include "store/credentials/source.h"

namespace mbk::credentials {
namespace {

std::optional<std::string> ReadEnv(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

Tools SystemTools(const std::string& ca_file) {
  return {.env = ReadEnv,
          .read_file = ReadSmallFile,
          .metadata = MetadataClient(),
          .services = std::make_shared<HttpClient>(HttpClientOptions{.tls = {.ca = ca_file}}),
          .now = [] { return std::chrono::system_clock::now(); },
          .sleeper = &RealSleeper()};
}

}  // namespace mbk::credentials
