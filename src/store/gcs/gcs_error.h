#pragma once

#include <string_view>

#include "base/status.h"
#include "net/http_client.h"

/// What a refusal of the service means. Internal to store/gcs/.
namespace mbk::gcs {

/// Who was asked for what, for the message.
struct ErrorContext {
  std::string_view operation;  ///< the API's name: "objects.insert"
  std::string_view url;        ///< "gs://bucket/key"
  std::string_view account;    ///< who asked
  /// What 412 means: kAlreadyExists to a put that must not overwrite.
  Code precondition_failed = Code::kFailedPrecondition;
};

/// `objects.insert gs://b/k: 403 forbidden: sa@… does not have storage.objects.create access …; grant …`
/// https://cloud.google.com/storage/docs/json_api/v1/status-codes
/// kNotFound only where the API itself says so: a 404 in other words may be a proxy's.
Status ToStatus(const HttpResponse& response, const ErrorContext& context);

}  // namespace mbk::gcs
