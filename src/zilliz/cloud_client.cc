#include "zilliz/cloud_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "net/http_client.h"
#include "net/url.h"
#include "zilliz/answers.h"

namespace mbk::zilliz {
namespace {

// A volume takes the service ten seconds; it gives up after a minute itself.
// https://docs.zilliz.com/reference/restful (Request Timeout)
constexpr std::chrono::seconds kPatience{90};
constexpr std::size_t kMostAnswerBytes = 1 << 20;

struct Call {
  std::string method;
  std::string path;
  std::string body;
  Idempotency idempotency = Idempotency::kIdempotent;
};

// The settings behind an error, under the names of both schemas.
std::string_view HintFor(Code code, std::string_view message) {
  if (code == Code::kPermissionDenied) return "; check zillizCloud.apiKey (in a v1 file cloud.apikey)";
  if (code == Code::kUnavailable || code == Code::kDeadlineExceeded)
    return "; check zillizCloud.endpoint (in a v1 file cloud.address)";
  // net/ names the setting of a certificate that is not trusted, without knowing whose it is.
  if (code == Code::kInvalidArgument && message.find("caCertPath") != std::string_view::npos)
    return "; check zillizCloud.caCertPath (in a v1 file cloud.caCertPath)";
  return "";
}

class CloudClient : public Cloud {
 public:
  CloudClient(CloudOptions options, std::string base_url)
      : options_(std::move(options)),
        base_url_(std::move(base_url)),
        http_({.tls = {.ca = options_.ca_file}}) {}

  Result<Volume> ApplyVolume(const VolumeRequest& request, const CallContext& context) override {
    const nlohmann::json body{{"clusterId", request.cluster_id}, {"path", request.path}};
    return Ask({.method = "POST", .path = "/v2/volumes/apply", .body = body.dump()}, context,
               [this](std::string_view json) { return ParseVolume(json, options_.now()); });
  }

  Result<std::string> StartMigration(const MigrationRequest& request, const CallContext& context) override {
    const nlohmann::json body{{"source", {{"stageName", request.volume}, {"dataPath", request.path}}},
                              {"destination", {{"clusterId", request.cluster_id}}}};
    return Ask({.method = "POST",
                .path = "/v2/migrations/startByRemote",
                .body = body.dump(),
                .idempotency = Idempotency::kNotIdempotent},
               context, ParseJobId);
  }

  Result<Job> GetJob(const std::string& job_id, const CallContext& context) override {
    return Ask({.method = "GET", .path = "/v2/jobs/" + PercentEncode(job_id)}, context, ParseJob);
  }

 private:
  template <class Parse>
  auto Ask(const Call& call, const CallContext& context, Parse&& parse)
      -> decltype(parse(std::string_view())) {
    auto outcome = Retry(options_.retry, call.idempotency, *options_.sleeper, context,
                         [&]() -> decltype(parse(std::string_view())) {
                           MBK_TRY_ASSIGN(const HttpResponse response, Send(call, context));
                           return parse(response.body);
                         });
    if (outcome.ok()) return outcome;
    const Status& failure = outcome.status();
    return Status(failure.code(), fmt::format("Zilliz Cloud: {} {}: {}{}", call.method, call.path,
                                              failure.message(), HintFor(failure.code(), failure.message())));
  }

  Result<HttpResponse> Send(const Call& call, const CallContext& context) {
    HttpRequest request{
        .method = call.method,
        .url = base_url_ + call.path,
        .headers = {{"Authorization", "Bearer " + options_.api_key}, {"Accept", "application/json"}},
        .body = call.body,
        .max_body_bytes = kMostAnswerBytes,
        .stall_timeout = kPatience};
    if (!call.body.empty()) request.headers.Add("Content-Type", "application/json");
    MBK_TRY_ASSIGN(HttpResponse response, http_.Send(request, context));
    MBK_TRY(CheckAnswer(response));
    return response;
  }

  const CloudOptions options_;
  const std::string base_url_;
  HttpClient http_;
};

}  // namespace

Status CheckOptions(const CloudOptions& options) {
  if (options.api_key.empty()) {
    return InvalidArgument(
        "there is no API key of Zilliz Cloud: set zillizCloud.apiKey or ZILLIZ_CLOUD_API_KEY (in a v1 file "
        "cloud.apikey)");
  }
  const bool sendable =
      std::ranges::all_of(options.api_key, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (!sendable) {
    return InvalidArgument(
        "zillizCloud.apiKey (in a v1 file cloud.apikey) holds blanks or characters that no API key has");
  }
  if (!ParseUrl(options.endpoint).ok() || options.endpoint.find("://") == std::string::npos) {
    return InvalidArgument(
        "zillizCloud.endpoint (in a v1 file cloud.address) is no URL such as https://api.cloud.zilliz.com");
  }
  return {};
}

Result<std::unique_ptr<Cloud>> MakeCloud(CloudOptions options) {
  MBK_TRY(CheckOptions(options));
  MBK_TRY_ASSIGN(const ParsedUrl url, ParseUrl(options.endpoint));
  if (!url.endpoint.use_ssl && !IsLoopback(url.endpoint.host)) {
    log::Warn("the API key goes to {} without encryption (zillizCloud.endpoint, in a v1 file cloud.address)",
              url.endpoint.Origin());
  }
  std::string base_url = url.endpoint.Origin() + url.path;
  while (base_url.ends_with('/')) base_url.pop_back();
  return std::unique_ptr<Cloud>(std::make_unique<CloudClient>(std::move(options), std::move(base_url)));
}

}  // namespace mbk::zilliz
