#include "store/azure/azure_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "store/azure/azure_xml.h"
#include "store/http_store.h"

namespace mbk::azure {
namespace {

struct Known {
  std::string_view code;
  Code meaning;
  std::string_view remedy;
};

constexpr std::string_view kCheckKey =
    "check accountName and accountKey, or the shared access signature, and the clock of this machine";
constexpr std::string_view kCheckRole =
    "give the identity the role Storage Blob Data Contributor, or the signature the permissions racwdl";
constexpr std::string_view kCheckNetwork = "the account's firewall refuses this machine's address: allow it";

// Codes whose meaning their HTTP status does not tell, or for which there is advice.
constexpr auto kKnown = std::to_array<Known>({
    {"ContainerNotFound", Code::kNotFound, "check bucketName, on Azure the container"},
    {"BlobNotFound", Code::kNotFound, ""},
    // Of the account, and of a blob in answers to HEAD.
    {"ResourceNotFound", Code::kNotFound, ""},
    {"ContainerBeingDeleted", Code::kUnavailable, ""},
    {"ContainerAlreadyExists", Code::kAlreadyExists, ""},
    {"BlobAlreadyExists", Code::kAlreadyExists, ""},
    {"AuthenticationFailed", Code::kPermissionDenied, kCheckKey},
    {"InvalidAuthenticationInfo", Code::kPermissionDenied, kCheckKey},
    {"NoAuthenticationInformation", Code::kPermissionDenied, kCheckKey},
    {"AuthorizationFailure", Code::kPermissionDenied, kCheckNetwork},
    {"AuthorizationSourceIPMismatch", Code::kPermissionDenied, kCheckNetwork},
    {"AuthorizationPermissionMismatch", Code::kPermissionDenied, kCheckRole},
    {"AuthorizationResourceTypeMismatch", Code::kPermissionDenied, kCheckRole},
    {"AuthorizationServiceMismatch", Code::kPermissionDenied, kCheckRole},
    {"InsufficientAccountPermissions", Code::kPermissionDenied, kCheckRole},
    {"AuthorizationProtocolMismatch", Code::kPermissionDenied,
     "the signature holds for https only: set useSSL"},
    {"KeyBasedAuthenticationNotPermitted", Code::kPermissionDenied,
     "the account refuses shared keys: set auth.type default (in a v1 file useIAM: true)"},
    {"PublicAccessNotPermitted", Code::kPermissionDenied, kCheckKey},
    {"AccountIsDisabled", Code::kPermissionDenied, "enable the storage account"},
    {"BlobImmutableDueToPolicy", Code::kPermissionDenied, "the container keeps blobs from being changed"},
    {"BlobArchived", Code::kFailedPrecondition, "the blob is in the archive tier: rehydrate it first"},
    {"BlobBeingRehydrated", Code::kFailedPrecondition, "wait until the blob has left the archive tier"},
    {"SnapshotsPresent", Code::kFailedPrecondition, "delete the snapshots of the blob first"},
    {"LeaseIdMissing", Code::kFailedPrecondition, "somebody holds a lease: break it"},
    {"InvalidRange", Code::kFailedPrecondition, ""},
    {"InvalidBlockList", Code::kFailedPrecondition, ""},
    // Blocks of one blob must have ids of one length: another program's wait to be committed.
    {"InvalidBlobOrBlock", Code::kFailedPrecondition,
     "an unfinished upload of another program is in the way: delete the blob, or wait a week"},
    // The bytes did not arrive as they were sent: the network's fault, not the request's.
    {"Md5Mismatch", Code::kUnavailable, ""},
    {"InternalError", Code::kUnavailable, ""},
    {"OperationTimedOut", Code::kUnavailable, ""},
    {"PendingCopyOperation", Code::kUnavailable, ""},
    {"ServerBusy", Code::kThrottled, ""},
    {"TooManyRequests", Code::kThrottled, ""},
});

const Known* FindKnown(std::string_view code) {
  auto found =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& known) { return known.code == code; });
  return found == kKnown.end() ? nullptr : &*found;
}

Code MeaningOfStatus(int status) {
  switch (status) {
    case 401:
    case 403:
      return Code::kPermissionDenied;
    case 408:
      return Code::kUnavailable;
    case 409:
    case 412:
    case 416:
      return Code::kFailedPrecondition;
    case 429:
      return Code::kThrottled;
    case 501:
      return Code::kUnimplemented;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kInvalidArgument;
  }
}

Code MeaningOf(const Known* known, int http_status, const Refusal& refusal, Code precondition_failed) {
  if (http_status == 412 && refusal.code != "LeaseIdMissing") return precondition_failed;
  if (known != nullptr) return known->meaning;
  // What the service met when it read the source for us; the status is that of the source's answer.
  if (refusal.code == "CannotVerifyCopySource" && http_status == 404) return Code::kNotFound;
  return MeaningOfStatus(http_status);
}

std::string_view Remedy(const Known* known, int http_status, const Refusal& refusal) {
  if (known != nullptr) return known->remedy;
  if (refusal.code == "CannotVerifyCopySource") return "";
  if (http_status == 401 || http_status == 403) return kCheckKey;
  if (http_status == 404 && refusal.code.empty())
    return "check address, port and pathStyle: this is not what a Blob service says";
  return "";
}

// The service writes request id and time behind its message, in lines of their own.
std::string FirstLine(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

}  // namespace

Refusal RefusalOf(const HttpResponse& response) {
  Refusal refusal = ParseError(response.body);
  if (refusal.code.empty()) {
    refusal.code = response.headers.Get("x-ms-error-code");
    if (refusal.message.empty()) refusal.message = response.body;
  }
  refusal.message = FirstLine(std::move(refusal.message));
  if (refusal.message.empty()) refusal.message = "no reason given";
  refusal.request_id = response.headers.Get("x-ms-request-id");
  return refusal;
}

Status ToStatus(std::string_view operation, std::string_view url, int http_status, const Refusal& refusal,
                Code precondition_failed) {
  const Known* known = FindKnown(refusal.code);
  std::string message = fmt::format("{} {}: {}", operation, url, http_status);
  if (!refusal.code.empty()) message += " " + OneLine(refusal.code);
  if (!refusal.request_id.empty()) message += fmt::format(" (request {})", OneLine(refusal.request_id));
  message += ": " + OneLine(refusal.message);
  if (std::string_view remedy = Remedy(known, http_status, refusal); !remedy.empty())
    message.append("; ").append(remedy);
  return {MeaningOf(known, http_status, refusal, precondition_failed), std::move(message)};
}

}  // namespace mbk::azure
