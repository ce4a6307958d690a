#include "store/object_store.h"

#include <fmt/core.h>

#include <filesystem>
#include <string_view>
#include <system_error>

namespace mbk {
namespace {

// The scheme that the service's own command-line tools use.
std::string_view SchemeOf(std::string_view service) {
  if (service == "local") return "file";
  if (service == "memory") return "memory";
  if (service == "azure") return "azure";
  if (service == "gcpnative") return "gs";
  return "s3";
}

}  // namespace

std::string_view DigestKindName(Digest::Kind kind) {
  switch (kind) {
    case Digest::Kind::kNone:
      return "";
    case Digest::Kind::kMd5:
      return "md5";
    case Digest::Kind::kCrc32c:
      return "crc32c";
    case Digest::Kind::kCrc64Nvme:
      return "crc64nvme";
    case Digest::Kind::kSha256:
      return "sha256";
    case Digest::Kind::kXxh128:
      return "xxh128";
  }
  return "";
}

std::string StoreIdentity::Url(const ObjectKey& key) const {
  // A local store may have no base directory: then the key alone is the path, and no other key is absolute.
  const bool is_path = service == "local" && (bucket.empty() || key.str().starts_with(bucket.str() + "/"));
  if (is_path && !key.empty()) return fmt::format("{}://{}", SchemeOf(service), key.str());
  return fmt::format("{}://{}{}{}", SchemeOf(service), bucket.str(), key.empty() ? "" : "/", key.str());
}

std::string StoreIdentity::RealPrefix(const std::string& prefix) const {
  if (service != "local") return prefix;
  std::error_code unknown;
  const std::filesystem::path real = std::filesystem::weakly_canonical(prefix, unknown);
  if (unknown) return prefix;
  return real.string() + (prefix.ends_with('/') && !real.string().ends_with('/') ? "/" : "");
}

bool StoreIdentity::SameService(const StoreIdentity& other) const {
  return service == other.service && endpoint == other.endpoint;
}

bool StoreIdentity::SameStore(const StoreIdentity& other) const {
  return SameService(other) && (service == "local" || bucket == other.bucket);
}

Result<std::vector<UploadId>> ObjectStore::ListUploads(const std::string&, const CallContext&) {
  return std::vector<UploadId>();
}

Result<std::vector<std::string>> ObjectStore::ListOthers(const std::string&, const CallContext&) {
  return std::vector<std::string>();
}

Status ObjectStore::RemoveEmptyDirectories(const std::string&, const std::function<bool(std::string_view)>&,
                                           const CallContext&) {
  return {};
}

Result<std::string> ObjectStore::WhyKept(const ObjectKey&, const CallContext&) { return std::string(); }

Status TurnPage(ListRequest& request, const ListPage& page, const StoreIdentity& identity) {
  if (page.next_page_token == request.page_token)
    return DataLoss(fmt::format("list {}: the listing goes in a circle: the next page is this one",
                                identity.Url(ObjectKey(request.prefix))));
  request.page_token = page.next_page_token;
  return {};
}

Status ForEachObject(ObjectReader& store, const std::string& prefix, const CallContext& context,
                     const std::function<Status(const ObjectInfo&)>& visit) {
  ListRequest request{.prefix = prefix};
  while (true) {
    MBK_TRY_ASSIGN(const ListPage page, store.List(request, context));
    for (const ObjectInfo& object : page.objects) MBK_TRY(visit(object));
    if (page.next_page_token.empty()) return {};
    MBK_TRY(TurnPage(request, page, store.identity()));
    MBK_TRY(context.Check());
  }
}

Result<std::string> ReadObject(ObjectReader& store, const ObjectKey& key, std::int64_t max_bytes,
                               const CallContext& context) {
  std::string content;
  auto append = [&](std::string_view bytes) -> Status {
    if (static_cast<std::int64_t>(content.size() + bytes.size()) > max_bytes) {
      return DataLoss(fmt::format("read {}: larger than the {} bytes that such an object may have",
                                  store.identity().Url(key), max_bytes));
    }
    content.append(bytes);
    return {};
  };
  MBK_TRY_ASSIGN([[maybe_unused]] ObjectInfo info, store.Get({.key = key}, append, context));
  return content;
}

}  // namespace mbk
