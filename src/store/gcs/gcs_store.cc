#include "store/gcs/gcs_store.h"

#include <fmt/core.h>

#include <algorithm>

#include "store/gcs/gcs_object_store.h"

namespace mbk {
namespace gcs {
namespace {

constexpr std::int64_t kLargestObjectBytes = 5LL << 40;

Status CheckBucketName(const std::string& bucket) {
  if (bucket.empty()) return InvalidArgument("bucketName is empty");
  const bool usable = std::ranges::all_of(bucket, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
  if (usable) return {};
  return InvalidArgument(fmt::format(
      "bucketName \"{}\": a bucket's name is made of lower-case letters, digits, '-', '.' and '_'",
      OneLine(bucket)));
}

}  // namespace

GcsStore::GcsStore(GcsOptions options, std::shared_ptr<HttpClient> http)
    : client_(std::move(options), std::move(http)),
      identity_{.service = client_.options().service,
                .endpoint = client_.address().origin,
                .bucket = BucketName(bucket())},
      capabilities_{.multipart_copy = false,
                    .parts_in_any_order = false,
                    .max_single_copy_bytes = kLargestObjectBytes,
                    .min_part_bytes = 1} {}

}  // namespace gcs

Result<std::unique_ptr<ObjectStore>> MakeGcsStore(GcsOptions options, std::shared_ptr<HttpClient> http) {
  if (options.host.empty()) return InvalidArgument("storage address is empty");
  MBK_TRY(gcs::CheckBucketName(options.bucket));
  if (options.credentials.tokens == nullptr)
    return InvalidArgument("no credentials for Google Cloud Storage");
  if (http == nullptr) {
    http = std::make_shared<HttpClient>(HttpClientOptions{.tls = options.tls,
                                                          .stall_timeout = options.stall_timeout,
                                                          .settings = options.settings,
                                                          .resolve = options.resolve});
  }
  return std::unique_ptr<ObjectStore>(std::make_unique<gcs::GcsStore>(std::move(options), std::move(http)));
}

}  // namespace mbk
