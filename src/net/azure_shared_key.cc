#include "net/azure_shared_key.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace mbk {
namespace {

// The headers that are signed by their place, with the length between the second and the third.
constexpr auto kBeforeLength = std::to_array<std::string_view>({"Content-Encoding", "Content-Language"});
constexpr auto kBehindLength =
    std::to_array<std::string_view>({"Content-MD5", "Content-Type", "Date", "If-Modified-Since", "If-Match",
                                     "If-None-Match", "If-Unmodified-Since", "Range"});

void AppendLine(std::string& text, std::string_view line) { text.append(line).append("\n"); }

// The x-ms- headers, sorted, "name:value\n" each.
void AppendServiceHeaders(std::string& text, const HttpHeaders& headers) {
  std::vector<std::pair<std::string, std::string_view>> lines;
  for (const auto& [name, value] : headers) {
    std::string lower = AsciiLower(name);
    if (lower.starts_with("x-ms-")) lines.emplace_back(std::move(lower), value);
  }
  std::sort(lines.begin(), lines.end());
  for (const auto& [name, value] : lines) text.append(name).append(":").append(value).append("\n");
}

// "/account/path", then "\nname:value" for each part of the query, sorted and decoded.
void AppendResource(std::string& text, const SharedKeyInput& input) {
  text.append("/").append(input.account).append(input.path);
  std::vector<std::pair<std::string_view, std::string_view>> sorted(input.query.begin(), input.query.end());
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [name, value] : sorted) text.append("\n").append(name).append(":").append(value);
}

}  // namespace

std::string SharedKeyStringToSign(const SharedKeyInput& input) {
  std::string text;
  text.reserve(512);
  AppendLine(text, input.method);
  for (std::string_view name : kBeforeLength) AppendLine(text, input.headers.Get(name));
  AppendLine(text, input.body_bytes == 0 ? "" : std::to_string(input.body_bytes));
  for (std::string_view name : kBehindLength) AppendLine(text, input.headers.Get(name));
  AppendServiceHeaders(text, input.headers);
  AppendResource(text, input);
  return text;
}

std::string SharedKeyAuthorization(const SharedKeyInput& input, std::string_view key) {
  const Sha256Bytes signature = HmacSha256(key, SharedKeyStringToSign(input));
  const std::string_view bytes(reinterpret_cast<const char*>(signature.data()), signature.size());
  return fmt::format("SharedKey {}:{}", input.account, Base64Encode(bytes));
}

}  // namespace mbk
