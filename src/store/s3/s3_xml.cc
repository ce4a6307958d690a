#include "store/s3/s3_xml.h"

#include <fmt/core.h>

#include <functional>

#include "net/url.h"
#include "store/http_store.h"
#include "store/xml_document.h"

namespace mbk::s3 {
namespace {

// How keys stand in the answer: as they are, or encoded as in an HTML form.
using DecodeKey = std::function<Result<std::string>(std::string_view)>;

DecodeKey DecoderOf(pugi::xml_node root) {
  if (std::string_view(root.child_value("EncodingType")) == "url") return FormDecode;
  return [](std::string_view text) -> Result<std::string> { return std::string(text); };
}

Result<ObjectInfo> ParseObject(pugi::xml_node node, const DecodeKey& decode) {
  MBK_TRY_ASSIGN(std::string key, decode(node.child_value("Key")));
  if (key.empty()) return DataLoss("the answer lists an object without a key");
  MBK_TRY_ASSIGN(std::int64_t size, ParseXmlSize(node, "Size"));
  return ObjectInfo{.key = ObjectKey(std::move(key)),
                    .size = size,
                    .etag = Unquoted(node.child_value("ETag")),
                    .last_modified_ms = TimeMs(node.child_value("LastModified"))};
}

// The code point at the front of `text`, which is shortened by it; -1 when it is not UTF-8.
long TakeCodePoint(std::string_view& text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  std::size_t length = first < 0x80                    ? 1
                       : first >= 0xC2 && first < 0xE0 ? 2
                       : first >= 0xE0 && first < 0xF0 ? 3
                       : first >= 0xF0 && first < 0xF5 ? 4
                                                       : 0;
  if (length == 0 || text.size() < length) return -1;
  long code = length == 1 ? first : first & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return -1;
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr long kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length]) return -1;  // overlong
  text.remove_prefix(length);
  return code;
}

bool IsXmlCharacter(long code) {
  return code == 0x9 || code == 0xA || code == 0xD || (code >= 0x20 && code <= 0xD7FF) ||
         (code >= 0xE000 && code <= 0xFFFD) || (code >= 0x10000 && code <= 0x10FFFF);
}

}  // namespace

ErrorBody ParseError(std::string_view xml) {
  pugi::xml_document document;
  if (!ParseXml(xml, "Error", document).ok()) return {};
  pugi::xml_node root = document.document_element();
  auto text = [&](const char* name) { return std::string(root.child_value(name)); };
  return {.code = text("Code"),
          .message = text("Message"),
          .request_id = text("RequestId"),
          .region = text("Region"),
          .endpoint = text("Endpoint")};
}

Result<ListPage> ParseListPage(std::string_view xml) {
  pugi::xml_document document;
  MBK_TRY(ParseXml(xml, "ListBucketResult", document));
  pugi::xml_node root = document.document_element();
  DecodeKey decode = DecoderOf(root);
  ListPage page;
  for (pugi::xml_node node : root.children("Contents")) {
    MBK_TRY_ASSIGN(ObjectInfo object, ParseObject(node, decode));
    page.objects.push_back(std::move(object));
  }
  for (pugi::xml_node node : root.children("CommonPrefixes")) {
    MBK_TRY_ASSIGN(std::string prefix, decode(node.child_value("Prefix")));
    page.common_prefixes.push_back(std::move(prefix));
  }
  if (std::string_view(root.child_value("IsTruncated")) != "true") return page;
  page.next_page_token = root.child_value("NextContinuationToken");
  if (page.next_page_token.empty()) {
    return DataLoss("the listing is cut (IsTruncated) but gives no NextContinuationToken to go on with");
  }
  return page;
}

Result<std::vector<UploadId>> ParseUploads(std::string_view xml) {
  pugi::xml_document document;
  MBK_TRY(ParseXml(xml, "ListMultipartUploadsResult", document));
  const pugi::xml_node root = document.document_element();
  const DecodeKey decode = DecoderOf(root);
  std::vector<UploadId> uploads;
  for (pugi::xml_node node : root.children("Upload")) {
    MBK_TRY_ASSIGN(std::string key, decode(node.child_value("Key")));
    uploads.push_back({.key = ObjectKey(std::move(key)), .id = node.child_value("UploadId")});
    if (uploads.back().id.empty()) return DataLoss("an upload in the listing has no <UploadId>");
  }
  return uploads;
}

Result<std::string> ParseField(std::string_view xml, const char* root, const char* field) {
  pugi::xml_document document;
  MBK_TRY(ParseXml(xml, root, document));
  std::string text = document.document_element().child_value(field);
  if (text.empty()) return DataLoss(fmt::format("the answer has no <{}>", field));
  return text;
}

Result<std::string> ParseEtag(std::string_view xml, const char* root) {
  MBK_TRY_ASSIGN(std::string etag, ParseField(xml, root, "ETag"));
  return Unquoted(etag);
}

Result<std::vector<DeleteFailure>> ParseDeleteResult(std::string_view xml) {
  pugi::xml_document document;
  MBK_TRY(ParseXml(xml, "DeleteResult", document));
  std::vector<DeleteFailure> failures;
  for (pugi::xml_node node : document.document_element().children("Error")) {
    failures.push_back({.key = node.child_value("Key"),
                        .code = node.child_value("Code"),
                        .message = node.child_value("Message")});
  }
  return failures;
}

bool IsXmlText(std::string_view text) {
  while (!text.empty()) {
    if (!IsXmlCharacter(TakeCodePoint(text))) return false;
  }
  return true;
}

std::string DeleteBody(std::span<const ObjectKey> keys) {
  std::string body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>";
  for (const ObjectKey& key : keys) {
    body += "<Object><Key>";
    AppendXmlEscaped(body, key.str());
    body += "</Key></Object>";
  }
  return body + "</Delete>";
}

std::string CompleteUploadBody(std::span<const UploadedPart> parts) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const UploadedPart& part : parts) {
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>\"", part.number);
    AppendXmlEscaped(body, part.etag);
    body += "\"</ETag></Part>";
  }
  return body + "</CompleteMultipartUpload>";
}

std::string CreateBucketBody(std::string_view region) {
  std::string body =
      "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>";
  AppendXmlEscaped(body, region);
  return body + "</LocationConstraint></CreateBucketConfiguration>";
}

}  // namespace mbk::s3
