#include "store/xml_document.h"

#include <fmt/core.h>

#include <charconv>
#include <cstring>

namespace mbk {
namespace {

// No entity is ever expanded beyond XML's own five and numeric ones (pugixml reads no DTD), so a document
// costs memory in proportion to its bytes. Whitespace counts: a key may be a single blank.
constexpr unsigned kParseFlags =
    pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata | pugi::parse_ws_pcdata_single;

}  // namespace

Status ParseXml(std::string_view xml, const char* root, pugi::xml_document& document) {
  pugi::xml_parse_result parsed =
      document.load_buffer(xml.data(), xml.size(), kParseFlags, pugi::encoding_utf8);
  if (!parsed) {
    return DataLoss(fmt::format("the answer is not XML: {} at byte {} of {}", parsed.description(),
                                parsed.offset, xml.size()));
  }
  pugi::xml_node found = document.document_element();
  if (std::strcmp(found.name(), root) != 0) {
    return DataLoss(fmt::format("the answer holds <{:.64}> where <{}> belongs", found.name(), root));
  }
  return {};
}

Result<std::int64_t> ParseXmlSize(pugi::xml_node node, const char* field) {
  std::string_view text = node.child_value(field);
  std::int64_t size = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size < 0) {
    return DataLoss(fmt::format("the answer holds the size \"{:.32}\"", text));
  }
  return size;
}

void AppendXmlEscaped(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      // As references, or a parser turns them into something else.
      case '\r':
        out += "&#13;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      default:
        out.push_back(c);
    }
  }
}

}  // namespace mbk
