#include "milvus/management.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/one_line.h"

namespace mbk {
namespace {

// collection_id 0 means all collections; servers before 2.6.8 ignore it.
constexpr std::string_view kPausePath =
    "/management/datacoord/garbage_collection/pause?pause_seconds={}&collection_id=0";
constexpr std::string_view kResumePath = "/management/datacoord/garbage_collection/resume";

constexpr Milliseconds kTimeout{30'000};

std::string WithoutTrailingSlash(std::string endpoint) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

Code CodeOf(int http_status) {
  if (http_status == 404 || http_status == 405 || http_status == 501) return Code::kUnimplemented;
  if (http_status == 401 || http_status == 403) return Code::kPermissionDenied;
  if (http_status == 429) return Code::kThrottled;
  return http_status >= 500 ? Code::kUnavailable : Code::kInternal;
}

}  // namespace

ManagementPort::ManagementPort(const std::string& endpoint)
    : endpoint_(WithoutTrailingSlash(endpoint)), http_(std::make_unique<HttpClient>()) {}

Status ManagementPort::PauseGc(std::chrono::seconds lease, const CallContext& context) const {
  return Get(fmt::format(kPausePath, lease.count()), context)
      .WithContext(fmt::format("pause garbage collection at {}", endpoint_));
}

Status ManagementPort::ResumeGc(const CallContext& context) const {
  return Get(std::string(kResumePath), context)
      .WithContext(fmt::format("resume garbage collection at {}", endpoint_));
}

Status ManagementPort::Get(const std::string& path_and_query, const CallContext& context) const {
  if (endpoint_.empty()) return {Code::kUnimplemented, "no address for it is configured"};
  CallContext bounded = context;
  bounded.deadline = Deadline::After(std::min(kTimeout, context.deadline.Remaining()));
  MBK_TRY_ASSIGN(HttpResponse response, http_->Send({.url = endpoint_ + path_and_query}, bounded));
  if (response.status >= 200 && response.status < 300) return {};
  return {CodeOf(response.status), fmt::format("HTTP {} {}", response.status, OneLine(response.body))};
}

}  // namespace mbk
