// Fuzz target: any bytes as what an S3 service answers: pages of listings, refusals, results of deletions and
// copies.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/s3/s3_error.h"
#include "store/s3/s3_redirect.h"
#include "store/s3/s3_xml.h"

namespace {

void Expect(bool holds) {
  if (!holds) std::abort();
}

void ExpectValueOrDataLoss(const mbk::Status& status) {
  Expect(status.ok() || status.code() == mbk::Code::kDataLoss);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);

  const auto page = mbk::s3::ParseListPage(xml);
  ExpectValueOrDataLoss(page.status());
  if (page.ok()) {
    for (const mbk::ObjectInfo& object : page->objects) Expect(!object.key.empty() && object.size >= 0);
  }
  ExpectValueOrDataLoss(mbk::s3::ParseDeleteResult(xml).status());
  ExpectValueOrDataLoss(mbk::s3::ParseEtag(xml, "CopyObjectResult").status());
  ExpectValueOrDataLoss(mbk::s3::ParseField(xml, "InitiateMultipartUploadResult", "UploadId").status());

  for (int http_status : {200, 301, 403, 404, 500}) {
    const mbk::s3::ErrorBody refusal =
        mbk::s3::RefusalOf({.status = http_status, .headers = {}, .body = std::string(xml)});
    const mbk::Status status = mbk::s3::ToStatus(
        http_status, refusal, {.operation = "GetObject", .url = "s3://b/k", .configured_region = "r"});
    Expect(!status.ok() && status.message().find('\n') == std::string::npos);
    const std::string host = mbk::s3::RedirectHost("s3.amazonaws.com", "b", refusal);
    Expect(host.empty() || host.ends_with(".amazonaws.com"));
  }
  return 0;
}
