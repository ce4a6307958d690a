#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http_client.h"

/// What a refusal of the service means. Internal to store/azure/.
namespace mbk::azure {

/// <Error><Code>…</Code><Message>…</Message></Error>, or what the headers say of it.
struct Refusal {
  std::string code;
  std::string message;
  std::string request_id;
};

/// The refusal in an answer: of HEAD there are only its headers.
Refusal RefusalOf(const HttpResponse& response);

/// `PutBlob azure://container/key: 403 AuthenticationFailed (request 7F…): Server failed to …; check …`.
/// `precondition_failed` is what 412 means: kAlreadyExists to a put that must not overwrite.
/// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
Status ToStatus(std::string_view operation, std::string_view url, int http_status, const Refusal& refusal,
                Code precondition_failed = Code::kFailedPrecondition);

}  // namespace mbk::azure
