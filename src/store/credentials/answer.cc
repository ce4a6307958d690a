#include "store/credentials/answer.h"

#include <fmt/core.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "base/timestamp.h"
#include "store/s3/s3_error.h"

namespace mbk::credentials {
namespace {

using Time = std::chrono::system_clock::time_point;

// The text of a field; empty for a missing one and for one of another type.
std::string Text(const nlohmann::json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Keys become header lines and parts of signatures.
bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

Result<Keys> Checked(AwsCredentials keys, std::string_view expiration, Time now) {
  if (keys.access_key_id.empty() || keys.secret_access_key.empty())
    return DataLoss("the answer holds no keys");
  if (!IsPrintable(keys.access_key_id) || !IsPrintable(keys.secret_access_key) ||
      !IsPrintable(keys.session_token)) {
    return DataLoss("the answer holds keys with characters that no key has");
  }
  Keys result{.value = std::move(keys)};
  if (expiration.empty()) return result;
  MBK_TRY_ASSIGN(result.expires, ParseTimestamp(expiration));
  if (result.expires <= now) {
    return Status(Code::kUnavailable, fmt::format("the keys expired at {} (is this machine's clock right?)",
                                                  OneLine(expiration)));
  }
  return result;
}

struct Refusal {
  std::string code;
  std::string message;
};

Refusal RefusalInJson(std::string_view body) {
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return {};
  // ECS says "code", instance metadata "Code".
  Refusal refusal{Text(json, "Code"), Text(json, "Message")};
  if (refusal.code.empty()) refusal = {Text(json, "code"), Text(json, "message")};
  return refusal;
}

// <ErrorResponse><Error>…</Error></ErrorResponse> of STS, <Error>…</Error> of S3.
Refusal RefusalInXml(std::string_view body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8)) return {};
  pugi::xml_node error = document.document_element();
  if (std::strcmp(error.name(), "Error") != 0) error = error.child("Error");
  return {error.child_value("Code"), error.child_value("Message")};
}

Refusal RefusalIn(std::string_view body) {
  return body.starts_with('{') ? RefusalInJson(body) : RefusalInXml(body);
}

}  // namespace

Result<Keys> ParseKeys(std::string_view json, const KeyFields& fields, Time now) {
  const nlohmann::json answer = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return DataLoss("the answer is not a JSON object");
  if (const std::string code = Text(answer, "Code"); !code.empty() && code != "Success") {
    return Status(Code::kPermissionDenied, fmt::format("refused: {}", WordsOfRefusal(json)));
  }
  const nlohmann::json* object = &answer;
  if (fields.within != nullptr) {
    const auto found = answer.find(fields.within);
    if (found == answer.end() || !found->is_object())
      return DataLoss(fmt::format("the answer holds no {}", fields.within));
    object = &*found;
  }
  return Checked({.access_key_id = Text(*object, fields.access_key_id),
                  .secret_access_key = Text(*object, fields.secret_access_key),
                  .session_token = Text(*object, fields.session_token)},
                 Text(*object, fields.expiration), now);
}

Result<Keys> ParseStsKeys(std::string_view xml, Time now) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8))
    return DataLoss("the answer is not XML");
  const pugi::xml_node root = document.child("AssumeRoleWithWebIdentityResponse");
  const pugi::xml_node keys = root.child("AssumeRoleWithWebIdentityResult").child("Credentials");
  if (!keys) return DataLoss("the answer is no AssumeRoleWithWebIdentityResponse with Credentials");
  return Checked({.access_key_id = keys.child_value("AccessKeyId"),
                  .secret_access_key = keys.child_value("SecretAccessKey"),
                  .session_token = keys.child_value("SessionToken")},
                 keys.child_value("Expiration"), now);
}

std::string WordsOfRefusal(std::string_view body) {
  const Refusal refusal = RefusalIn(body);
  if (refusal.code.empty()) return OneLine(refusal.message);
  return OneLine(fmt::format("{}: {}", refusal.code, refusal.message));
}

std::string CodeOfRefusal(std::string_view body) { return OneLine(RefusalIn(body).code); }

}  // namespace mbk::credentials
