#include "store/gcs/gcs_json.h"

#include <fmt/core.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "store/http_store.h"

namespace mbk::gcs {
namespace {

using nlohmann::json;

constexpr std::size_t kMd5Bytes = 16;

// A document whose brackets go deeper than any of the API's is cut there: each level costs memory.
json Parse(std::string_view text) {
  constexpr int kDeepest = 8;
  auto shallow = [](int depth, json::parse_event_t, json&) { return depth <= kDeepest; };
  return json::parse(text, shallow, /*allow_exceptions=*/false);
}

const json* Find(const json& object, const char* name) {
  auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// A text; nothing when it is missing. What is there and no text is an error.
Result<std::string> TextOf(const json& object, const char* name) {
  const json* found = Find(object, name);
  if (found == nullptr) return std::string();
  if (!found->is_string()) return DataLoss(fmt::format("the answer's \"{}\" is no text", name));
  return found->get<std::string>();
}

// 64-bit numbers are texts in this API.
Result<std::int64_t> NumberOf(const json& object, const char* name) {
  MBK_TRY_ASSIGN(std::string text, TextOf(object, name));
  std::int64_t number = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0)
    return DataLoss(fmt::format("the answer's \"{}\" is \"{:.32}\"", name, OneLine(text)));
  return number;
}

Result<std::string> BytesOf(std::string_view base64, std::size_t size) {
  MBK_TRY_ASSIGN(std::string bytes, Base64Decode(base64));
  if (bytes.size() != size) return DataLoss("a hash of another length");
  return bytes;
}

std::string Md5HexOf(std::string_view base64) {
  Result<std::string> bytes = BytesOf(base64, kMd5Bytes);
  return bytes.ok() ? HexEncode(*bytes) : std::string();
}

Result<ObjectResource> ReadObject(const json& object) {
  if (!object.is_object()) return DataLoss("the answer holds no object where one belongs");
  ObjectResource resource;
  MBK_TRY_ASSIGN(std::string name, TextOf(object, "name"));
  if (name.empty()) return DataLoss("the answer names an object without a name");
  MBK_TRY_ASSIGN(resource.info.size, NumberOf(object, "size"));
  MBK_TRY_ASSIGN(std::int64_t generation, NumberOf(object, "generation"));
  MBK_TRY_ASSIGN(std::string md5, TextOf(object, "md5Hash"));
  MBK_TRY_ASSIGN(std::string crc, TextOf(object, "crc32c"));
  MBK_TRY_ASSIGN(std::string updated, TextOf(object, "updated"));
  resource.info.key = ObjectKey(std::move(name));
  resource.info.etag = std::to_string(generation);
  resource.info.last_modified_ms = TimeMs(updated);
  resource.crc32c = ParseCrc32c(crc);
  resource.info.digest = DigestOf(Md5HexOf(md5), resource.crc32c);
  return resource;
}

// The elements of an array; an absent one is empty.
template <class Take>
Status ForEach(const json& object, const char* name, const Take& take) {
  const json* array = Find(object, name);
  if (array == nullptr) return {};
  if (!array->is_array()) return DataLoss(fmt::format("the answer's \"{}\" is no array", name));
  for (const json& element : *array) MBK_TRY(take(element));
  return {};
}

}  // namespace

Result<ObjectResource> ParseObject(std::string_view text) { return ReadObject(Parse(text)); }

Result<ObjectResource> ParseObjectOf(const ObjectKey& key, std::string_view text) {
  MBK_TRY_ASSIGN(ObjectResource object, ParseObject(text));
  if (object.info.key == key) return object;
  return DataLoss(fmt::format("the answer describes \"{}\"", OneLine(object.info.key.str())));
}

Result<ListPage> ParseListPage(std::string_view text) {
  const json answer = Parse(text);
  if (!answer.is_object()) return DataLoss("the answer is no JSON object");
  ListPage page;
  MBK_TRY(ForEach(answer, "items", [&](const json& item) -> Status {
    MBK_TRY_ASSIGN(ObjectResource object, ReadObject(item));
    page.objects.push_back(std::move(object.info));
    return {};
  }));
  MBK_TRY(ForEach(answer, "prefixes", [&](const json& prefix) -> Status {
    if (!prefix.is_string()) return DataLoss("the answer holds a prefix that is no text");
    page.common_prefixes.push_back(prefix.get<std::string>());
    return {};
  }));
  MBK_TRY_ASSIGN(page.next_page_token, TextOf(answer, "nextPageToken"));
  return page;
}

Result<RewriteStep> ParseRewriteStep(std::string_view text) {
  const json answer = Parse(text);
  const json* done = answer.is_object() ? Find(answer, "done") : nullptr;
  if (done == nullptr || !done->is_boolean()) return DataLoss("the answer does not say whether it is done");
  RewriteStep step{.done = done->get<bool>()};
  MBK_TRY_ASSIGN(step.token, TextOf(answer, "rewriteToken"));
  MBK_TRY_ASSIGN(step.rewritten, NumberOf(answer, "totalBytesRewritten"));
  MBK_TRY_ASSIGN(step.object_size, NumberOf(answer, "objectSize"));
  if (!step.done) {
    if (step.token.empty()) return DataLoss("the answer gives no rewriteToken to go on with");
    return step;
  }
  const json* resource = Find(answer, "resource");
  if (resource == nullptr) return DataLoss("the answer describes no object");
  MBK_TRY_ASSIGN(step.object, ReadObject(*resource));
  return step;
}

ErrorBody ParseError(std::string_view text) {
  const json answer = Parse(text);
  const json* error = answer.is_object() ? Find(answer, "error") : nullptr;
  if (error == nullptr || !error->is_object()) return {};
  ErrorBody body;
  if (Result<std::string> message = TextOf(*error, "message"); message.ok())
    body.message = *std::move(message);
  Status ignored = ForEach(*error, "errors", [&](const json& detail) -> Status {
    if (!body.reason.empty() || !detail.is_object()) return {};
    MBK_TRY_ASSIGN(body.reason, TextOf(detail, "reason"));
    return {};
  });
  if (!ignored.ok() || body.reason.empty()) body.reason = "unknown";
  return body;
}

std::optional<std::uint32_t> ParseCrc32c(std::string_view base64) {
  Result<std::string> bytes = BytesOf(base64, sizeof(std::uint32_t));
  if (!bytes.ok()) return std::nullopt;
  std::uint32_t crc = 0;
  for (char byte : *bytes) crc = crc << 8 | static_cast<unsigned char>(byte);
  return crc;
}

HeaderHashes ParseHashHeader(std::string_view value) {
  HeaderHashes hashes;
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    std::string_view item = value.substr(0, comma);
    value.remove_prefix(std::min(comma + 1, value.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    if (item.starts_with("crc32c=")) hashes.crc32c = ParseCrc32c(item.substr(7));
    if (item.starts_with("md5=")) hashes.md5_hex = Md5HexOf(item.substr(4));
  }
  return hashes;
}

Digest DigestOf(const std::string& md5_hex, std::optional<std::uint32_t> crc32c) {
  if (!md5_hex.empty()) return {.kind = Digest::Kind::kMd5, .hex = md5_hex};
  if (crc32c) return {.kind = Digest::Kind::kCrc32c, .hex = fmt::format("{:08x}", *crc32c)};
  return {};
}

}  // namespace mbk::gcs
