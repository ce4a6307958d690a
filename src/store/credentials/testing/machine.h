#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/testing/http_imposter.h"
#include "store/credentials/source.h"
#include "store/testing/recording_sleeper.h"

namespace mbk::credentials {

/// A machine with the variables, files and services that a test gives it. Its clock stands at
/// 2026-11-27T06:00:00Z.
class Machine {
 public:
  std::map<std::string, std::string> env;
  std::map<std::string, std::string> files;
  /// "host:port" each, whose requests the imposter gets.
  std::vector<std::string> served;

  Tools Make(const nettest::HttpImposter* services = nullptr) {
    HttpClientOptions options{.connect_timeout = Milliseconds{1000}, .obey_proxy_variables = false};
    for (const std::string& address : served)
      options.connect_to.push_back(address + ":127.0.0.1:" + std::to_string(services->port()));
    auto client = std::make_shared<HttpClient>(std::move(options));
    return {.env = [this](const std::string& name) { return Find(env, name); },
            .read_file = [this](const std::string& path) -> Result<std::string> {
              std::optional<std::string> text = Find(files, path);
              return text ? Result<std::string>(*text) : NotFound(path + ": No such file or directory");
            },
            .metadata = client,
            .services = client,
            .now = [this] { return now_; },
            .sleeper = &sleeper_};
  }

  void Pass(std::chrono::seconds time) { now_ += time; }
  std::chrono::system_clock::time_point now() const { return now_; }

 private:
  static std::optional<std::string> Find(const std::map<std::string, std::string>& map,
                                         const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional<std::string>(found->second);
  }

  std::chrono::system_clock::time_point now_{std::chrono::seconds(1795759200)};
  RecordingSleeper sleeper_;
};

inline constexpr char kSecret[] = "the-secret";
inline constexpr char kToken[] = "the-token";

}  // namespace mbk::credentials
