#include "store/azure/azure_xml.h"

#include <fmt/core.h>

#include <cstring>

#include "base/hash.h"
#include "net/url.h"
#include "store/http_store.h"
#include "store/xml_document.h"

namespace mbk::azure {
namespace {

// Names with characters that XML cannot hold are percent-encoded, and marked.
Result<std::string> ParseName(pugi::xml_node node) {
  pugi::xml_node name = node.child("Name");
  std::string text = name.child_value();
  if (std::strcmp(name.attribute("Encoded").value(), "true") == 0) {
    Result<std::string> decoded = PercentDecode(text);
    if (!decoded.ok()) return DataLoss("the answer holds a name that is encoded by halves");
    text = *std::move(decoded);
  }
  if (text.empty()) return DataLoss("the answer lists a blob without a name");
  return text;
}

Result<ObjectInfo> ParseBlob(pugi::xml_node node) {
  MBK_TRY_ASSIGN(std::string name, ParseName(node));
  pugi::xml_node properties = node.child("Properties");
  MBK_TRY_ASSIGN(std::int64_t size, ParseXmlSize(properties, "Content-Length"));
  return ObjectInfo{.key = ObjectKey(std::move(name)),
                    .size = size,
                    .etag = Unquoted(properties.child_value("Etag")),
                    .digest = DigestOfMd5(properties.child_value("Content-MD5")),
                    .last_modified_ms = TimeMs(properties.child_value("Last-Modified"))};
}

bool IsDirectory(pugi::xml_node blob) {
  return std::strcmp(blob.child("Properties").child_value("ResourceType"), "directory") == 0;
}

}  // namespace

Refusal ParseError(std::string_view xml) {
  pugi::xml_document document;
  if (!ParseXml(xml, "Error", document).ok()) return {};
  pugi::xml_node root = document.document_element();
  return {.code = root.child_value("Code"), .message = root.child_value("Message")};
}

Result<ListPage> ParseListPage(std::string_view xml) {
  pugi::xml_document document;
  MBK_TRY(ParseXml(xml, "EnumerationResults", document));
  pugi::xml_node root = document.document_element();
  ListPage page;
  for (pugi::xml_node node : root.child("Blobs").children("Blob")) {
    if (IsDirectory(node)) continue;
    MBK_TRY_ASSIGN(ObjectInfo object, ParseBlob(node));
    page.objects.push_back(std::move(object));
  }
  for (pugi::xml_node node : root.child("Blobs").children("BlobPrefix")) {
    MBK_TRY_ASSIGN(std::string prefix, ParseName(node));
    page.common_prefixes.push_back(std::move(prefix));
  }
  page.next_page_token = root.child_value("NextMarker");
  return page;
}

Result<UserDelegationKey> ParseDelegationKey(std::string_view xml) {
  pugi::xml_document document;
  MBK_TRY(ParseXml(xml, "UserDelegationKey", document));
  pugi::xml_node root = document.document_element();
  UserDelegationKey key{.object_id = root.child_value("SignedOid"),
                        .tenant_id = root.child_value("SignedTid"),
                        .start = root.child_value("SignedStart"),
                        .expiry = root.child_value("SignedExpiry"),
                        .service = root.child_value("SignedService"),
                        .version = root.child_value("SignedVersion")};
  Result<std::string> bytes = Base64Decode(root.child_value("Value"));
  if (!bytes.ok() || bytes->empty() || key.object_id.empty())
    return DataLoss("the answer holds no user delegation key");
  key.key = *std::move(bytes);
  return key;
}

std::string DelegationKeyBody(std::string_view start, std::string_view expiry) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>{}</Start><Expiry>{}</Expiry></KeyInfo>",
      start, expiry);
}

std::string BlockListBody(std::span<const std::string> block_ids) {
  std::string body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (const std::string& id : block_ids) body.append("<Latest>").append(id).append("</Latest>");
  return body + "</BlockList>";
}

Digest DigestOfMd5(std::string_view base64) {
  constexpr std::size_t kMd5Bytes = 16;
  Result<std::string> bytes = Base64Decode(base64);
  if (!bytes.ok() || bytes->size() != kMd5Bytes) return {};
  return {.kind = Digest::Kind::kMd5, .hex = HexEncode(*bytes)};
}

}  // namespace mbk::azure
