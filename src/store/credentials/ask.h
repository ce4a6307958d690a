#pragma once

#include <string>

#include "store/credentials/source.h"

namespace mbk::credentials {

/// One request to a metadata service, made again once when that may help. Its answer below 500, else
/// kUnavailable (nobody there, or 5xx), kThrottled, or kDeadlineExceeded: somebody took the request and did
/// not answer within Tools::metadata_timeout.
Result<HttpResponse> AskMetadata(const Tools& tools, const HttpRequest& request, const CallContext& context);

/// The error that an answer other than 200 is: kPermissionDenied for 401 and 403, kNotFound for 404,
/// kThrottled for 429, kUnavailable for 5xx, else kInvalidArgument, with the service's words.
Status RefusalOf(const HttpResponse& response);

/// Without the blanks and line ends around it: how people and tools leave tokens in files.
std::string Stripped(std::string_view text);

/// Whether `text` can stand in a header line: a token that came from a file or a variable.
bool IsHeaderValue(std::string_view text);

/// `endpoint`, the setting `setting`, as the beginning of URLs: scheme, host, port and path without a '/'
/// at its end. kInvalidArgument when it is none.
Result<std::string> OriginAndPath(std::string_view endpoint, std::string_view setting);

}  // namespace mbk::credentials
