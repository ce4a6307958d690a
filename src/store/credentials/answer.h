#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "store/credentials/source.h"

/// What services that give out keys answer. All of it is hostile; none of it is repeated in a message but
/// codes and messages of errors.
namespace mbk::credentials {

/// The names under which a service gives its keys, in a JSON object.
struct KeyFields {
  const char* access_key_id = "AccessKeyId";
  const char* secret_access_key = "SecretAccessKey";
  const char* session_token = "Token";
  const char* expiration = "Expiration";
  /// The object within the answer that holds them; null: the answer is that object.
  const char* within = nullptr;
};

/// The keys in `json`. kDataLoss when it has another shape, kUnavailable when the keys have expired,
/// kPermissionDenied when it has a Code that is not "Success", which is how metadata services refuse.
Result<Keys> ParseKeys(std::string_view json, const KeyFields& fields,
                       std::chrono::system_clock::time_point now);

/// The keys in an AssumeRoleWithWebIdentityResponse.
/// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
Result<Keys> ParseStsKeys(std::string_view xml, std::chrono::system_clock::time_point now);

/// "AccessDenied: Not authorized …": the code and the message in a refusal, whether JSON, STS's XML or
/// S3's; empty when there are none. One line of at most some hundred bytes.
std::string WordsOfRefusal(std::string_view body);
/// The code alone, e.g. "ExpiredTokenException".
std::string CodeOfRefusal(std::string_view body);

}  // namespace mbk::credentials
