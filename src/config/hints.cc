#include "config/hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/text.h"

namespace mbk::config {
namespace {

constexpr int kMinioPort = 9000;
constexpr int kHttpsPort = 443;

const std::string* TextOf(const Row& row, Draft& draft) {
  const auto* field = std::get_if<std::string& (*)(Draft&)>(&row.field);
  return field == nullptr ? nullptr : &(*field)(draft);
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string WhatItEndsWith(const std::string& text) {
  if (text.back() == '\n') return "ends with a line break, as a file does that it was read from";
  return IsBlank(text.back()) ? "ends with a blank" : "begins with a blank";
}

void PointOutBlanks(const Row& row, Resolution& out) {
  const std::string* text = TextOf(row, out.draft);
  const Origin& origin = out.OriginOf(row.path);
  if (text == nullptr || text->empty() || !origin.is_explicit()) return;
  if (!IsBlank(text->front()) && !IsBlank(text->back())) return;
  out.warnings.push_back(
      fmt::format("{}: the value {}; it is taken as it is", origin.Name(), WhatItEndsWith(*text)));
}

void PointOutTilde(const Row& row, Resolution& out) {
  const bool is_file = row.path.ends_with("CertPath") || row.path.ends_with("KeyPath") ||
                       row.path.ends_with("CredentialsFile") || row.path == "Log.File.Path";
  const Origin& origin = out.OriginOf(row.path);
  if (!is_file || !origin.is_explicit() || !TextOf(row, out.draft)->starts_with("~/")) return;
  out.warnings.push_back(fmt::format("{}: {} begins with \"~\", which is not expanded", origin.Name(),
                                     Quoted(*TextOf(row, out.draft))));
}

bool IsCloudHost(std::string_view host) {
  constexpr std::array kClouds = {
      ".amazonaws.com",          ".amazonaws.com.cn",         ".googleapis.com", ".aliyuncs.com",
      ".myqcloud.com",           ".myhuaweicloud.com",        ".wasabisys.com",  ".backblazeb2.com",
      ".digitaloceanspaces.com", ".r2.cloudflarestorage.com", ".windows.net",    ".chinacloudapi.cn",
      ".usgovcloudapi.net"};
  const std::string lower = Lower(host);
  return std::ranges::any_of(kClouds, [&](const char* cloud) { return lower.ends_with(cloud); });
}

// Clouds do not answer at MinIO's port: the connection times out, which says nothing of the reason. Azure is
// asked with TLS whatever is configured, Google's own API at a port of its own.
void PointOutPortOfMinio(std::string_view section, const Storage& storage, Resolution& out) {
  const auto origin = [&](std::string_view name) -> const Origin& {
    return out.OriginOf(fmt::format("{}.{}", section, name));
  };
  constexpr std::array kAskedElsewhere = {Provider::kLocal, Provider::kGcpNative};
  if (std::ranges::find(kAskedElsewhere, storage.provider) != kAskedElsewhere.end()) return;
  if (origin("Address").inherited && origin("Port").inherited && origin("UseSSL").inherited) return;
  const bool is_azure = storage.provider == Provider::kAzure;
  const bool plain_https = storage.port == kHttpsPort && !storage.use_ssl && !is_azure;
  if (!IsCloudHost(storage.address) || (storage.port != kMinioPort && !plain_https)) return;
  out.warnings.push_back(
      fmt::format("{} is asked at port {} {} TLS, where it does not answer: set {} to 443{}", storage.address,
                  storage.port, storage.use_ssl || is_azure ? "with" : "without", origin("Port").documented,
                  is_azure ? "" : fmt::format(" and {} to true", origin("UseSSL").documented)));
}

}  // namespace

void PointOutOddValues(Resolution& resolution) {
  for (const Row& row : V2Rows()) {
    PointOutBlanks(row, resolution);
    PointOutTilde(row, resolution);
  }
  const Config& config = resolution.draft.config;
  PointOutPortOfMinio(kMilvusStorage, config.milvus.storage, resolution);
  PointOutPortOfMinio(kBackupStorage, config.backup_storage, resolution);
}

}  // namespace mbk::config
