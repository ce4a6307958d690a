#include "zilliz/answers.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.h"
#include "base/one_line.h"
#include "base/timestamp.h"
#include "net/url.h"

namespace mbk::zilliz {
namespace {

using nlohmann::json;

json ParseShallow(std::string_view text) {
  constexpr int kDeepest = 8;
  auto shallow = [](int depth, json::parse_event_t, json&) { return depth <= kDeepest; };
  return json::parse(text, shallow, /*allow_exceptions=*/false);
}

const json* Find(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// Empty for a missing field and for one of another type.
std::string Text(const json& object, const char* name) {
  const json* found = Find(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

// A whole number, written as such or as text.
std::optional<std::int64_t> Number(const json& object, const char* name) {
  const json* found = Find(object, name);
  if (found == nullptr) return std::nullopt;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  if (!found->is_string()) return std::nullopt;
  const std::string& text = found->get_ref<const std::string&>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

Result<json> DataOf(std::string_view text) {
  const json answer = ParseShallow(text);
  const json* data = Find(answer, "data");
  if (data == nullptr || !data->is_object()) return DataLoss("the answer has no data");
  return *data;
}

// What becomes part of a key, a signature or a header line.
bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

Result<std::string> Needed(const json& object, const char* name) {
  constexpr std::size_t kLongest = 16 << 10;  // session tokens are the longest, with some 2 KiB
  std::string text = Text(object, name);
  if (text.empty() || text.size() > kLongest || !IsPrintable(text))
    return DataLoss(fmt::format("the answer has no usable {}", name));
  return text;
}

bool MentionsApiKey(std::string_view words) {
  const std::string lower = AsciiLower(words);
  return lower.find("apikey") != std::string::npos || lower.find("api key") != std::string::npos;
}

// 21119 is "The apikey is illegal." (https://docs.zilliz.com/reference/restful,
// describe-on-demand-cluster-v2); other codes of the kind are not documented, so the words count too.
Code MeaningOf(int http_status, std::int64_t code, std::string_view words) {
  constexpr std::int64_t kIllegalApiKey = 21119;
  const auto is = [&](int number) { return http_status == number || code == number; };
  if (is(401) || is(403) || code == kIllegalApiKey || MentionsApiKey(words)) return Code::kPermissionDenied;
  if (is(429)) return Code::kThrottled;
  if (http_status >= 500 || http_status == 408 || (code >= 500 && code < 600)) return Code::kUnavailable;
  return Code::kFailedPrecondition;
}

struct Place {
  std::string host;
  int port = 0;
};

// "s3.us-west-2.amazonaws.com", with a port or without, as a URL or as a host.
Result<Place> PlaceOf(std::string_view endpoint) {
  constexpr std::string_view kScheme = "https://";
  if (endpoint.starts_with(kScheme)) endpoint.remove_prefix(kScheme.size());
  const Result<ParsedUrl> url = ParseUrl(fmt::format("{}{}", kScheme, endpoint));
  if (!url.ok() || endpoint.find("://") != std::string_view::npos || url->path.size() > 1)
    return DataLoss("the answer's endpoint is no host that is reached over TLS");
  return Place{url->endpoint.host, url->endpoint.port};
}

Result<Keys> KeysOf(const json& data, StagingCloud cloud, std::chrono::system_clock::time_point now) {
  const json* given = Find(data, "credentials");
  if (given == nullptr) return DataLoss("the answer has no credentials");
  Keys keys;
  MBK_TRY_ASSIGN(keys.value.session_token, Needed(*given, "sessionToken"));
  if (cloud == StagingCloud::kAws) {
    MBK_TRY_ASSIGN(keys.value.access_key_id, Needed(*given, "tmpAK"));
    MBK_TRY_ASSIGN(keys.value.secret_access_key, Needed(*given, "tmpSK"));
  }
  const std::string expires = Text(*given, "expireTime");
  Result<std::chrono::system_clock::time_point> time = ParseTimestamp(expires);
  if (!time.ok()) return DataLoss("the answer has no usable expireTime");
  keys.expires = *time;
  // Keys that are asked for anew before each request would be applied for once an object.
  if (keys.expires <= now) {
    return FailedPrecondition(
        fmt::format("the keys for the volume expired at {} (is this machine's clock right?)", expires));
  }
  return keys;
}

Result<StagingCloud> CloudOf(const std::string& name) {
  if (name == "aws") return StagingCloud::kAws;
  if (name == "gcp") return StagingCloud::kGcp;
  return FailedPrecondition(fmt::format(
      "the cluster's volume lies in the cloud \"{}\"; migrations go to clusters in aws and gcp only",
      OneLine(name)));
}

JobState StateOf(const std::string& status) {
  constexpr auto kStates = std::to_array<std::pair<std::string_view, JobState>>({
      {"pending", JobState::kPending},
      {"in_progress", JobState::kRunning},
      {"running", JobState::kRunning},
      {"canceling", JobState::kRunning},
      {"successful", JobState::kSuccessful},
      {"failed", JobState::kFailed},
      {"canceled", JobState::kCanceled},
  });
  const std::string lower = AsciiLower(status);
  const auto* found =
      std::ranges::find(kStates, std::string_view(lower), [](const auto& state) { return state.first; });
  if (found != kStates.end()) return found->second;
  log::Debug("a job has the status {}, which is not known here", OneLine(status));
  return JobState::kRunning;
}

}  // namespace

std::string_view JobStateName(JobState state) {
  switch (state) {
    case JobState::kPending:
      return "pending";
    case JobState::kRunning:
      return "running";
    case JobState::kSuccessful:
      return "successful";
    case JobState::kFailed:
      return "failed";
    case JobState::kCanceled:
      return "canceled";
  }
  return "unknown";
}

bool IsOver(JobState state) { return state != JobState::kPending && state != JobState::kRunning; }

Status CheckAnswer(const HttpResponse& response) {
  const bool success = response.status >= 200 && response.status < 300;
  const json answer = ParseShallow(response.body);
  const std::optional<std::int64_t> code = Number(answer, "code");
  if (success && code == 0) return {};
  if (success && !code) return DataLoss("the answer is no JSON object with a code");
  const std::string words = OneLine(Text(answer, "message"));
  std::string said = fmt::format("{}", response.status);
  if (code) said += fmt::format(", code {}", *code);
  if (!words.empty()) said += fmt::format(": {}", words);
  return {MeaningOf(response.status, code.value_or(0), words), std::move(said)};
}

Result<Volume> ParseVolume(std::string_view text, std::chrono::system_clock::time_point now) {
  MBK_TRY_ASSIGN(const json data, DataOf(text));
  Volume volume;
  MBK_TRY_ASSIGN(volume.cloud, CloudOf(Text(data, "cloud")));
  MBK_TRY_ASSIGN(volume.name, Needed(data, "volumeName"));
  MBK_TRY_ASSIGN(volume.bucket, Needed(data, "bucketName"));
  MBK_TRY_ASSIGN(volume.upload_path, Needed(data, "uploadPath"));
  if (!volume.upload_path.ends_with('/')) volume.upload_path += '/';
  MBK_TRY_ASSIGN(const std::string endpoint, Needed(data, "endpoint"));
  MBK_TRY_ASSIGN(Place place, PlaceOf(endpoint));
  volume.host = std::move(place.host);
  volume.port = place.port;
  if (const json* condition = Find(data, "condition"))
    volume.max_content_bytes = std::max<std::int64_t>(0, Number(*condition, "maxContentLength").value_or(0));
  MBK_TRY_ASSIGN(volume.keys, KeysOf(data, volume.cloud, now));
  return volume;
}

Result<std::string> ParseJobId(std::string_view text) {
  MBK_TRY_ASSIGN(const json data, DataOf(text));
  return Needed(data, "jobId");
}

Result<Job> ParseJob(std::string_view text) {
  MBK_TRY_ASSIGN(const json data, DataOf(text));
  MBK_TRY_ASSIGN(const std::string status, Needed(data, "status"));
  const std::int64_t percent = Number(data, "progress").value_or(0);
  return Job{.state = StateOf(status),
             .percent = static_cast<int>(std::clamp<std::int64_t>(percent, 0, 100)),
             .reason = OneLine(Text(data, "reason"))};
}

}  // namespace mbk::zilliz
