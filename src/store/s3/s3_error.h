#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http_client.h"
#include "store/http_store.h"
#include "store/s3/s3_xml.h"

/// What a refusal of the service means. Internal to store/s3/.
namespace mbk::s3 {

/// Who was asked for what, for the message.
struct ErrorContext {
  std::string_view operation;          ///< "PutObject"
  std::string_view url;                ///< "s3://bucket/key"
  std::string_view configured_region;  ///< what the request was signed for
  /// What 412 means: kAlreadyExists to a put that must not overwrite.
  Code precondition_failed = Code::kFailedPrecondition;
};

/// The refusal in an answer: its XML, or what status and headers tell when there is none (HEAD, proxies).
ErrorBody RefusalOf(const HttpResponse& response);

/// `PutObject s3://bucket/key: 403 AccessDenied (request 17F…): Access Denied.; check accessKeyID …`
/// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
Status ToStatus(int http_status, const ErrorBody& refusal, const ErrorContext& context);

}  // namespace mbk::s3
