#include <fmt/core.h>

#include "base/log.h"
#include "store/s3/s3_object_store.h"
#include "store/s3/s3_xml.h"

namespace mbk::s3 {

Status S3Store::CreateBucket(const CallContext& context) {
  std::string region = client_.region();
  // us-east-1 is the one region that must not be named.
  std::string body = region == "us-east-1" ? std::string() : CreateBucketBody(region);
  Request request{.operation = "CreateBucket", .method = "PUT", .body = body};
  // The welcome one: another run of ours was faster.
  return client_.Send(request, context, {.welcome_refusal = "BucketAlreadyOwnedByYou"}).status();
}

Status S3Store::EnsureBucket(const CallContext& context) {
  // Not HeadBucket: it takes a right of its own, and its 404 has no body that says what is missing.
  Status listed = List({.max_keys = 1}, context).status();
  const std::string& bucket = client_.options().bucket;
  if (listed.code() != Code::kNotFound) {
    return std::move(listed).WithContext(fmt::format("look for the bucket (bucketName \"{}\")", bucket));
  }
  MBK_TRY(
      CreateBucket(context).WithContext(fmt::format("make the missing bucket (bucketName \"{}\")", bucket)));
  log::Warn("made the bucket {}, which was not there", bucket);
  return {};
}

}  // namespace mbk::s3
