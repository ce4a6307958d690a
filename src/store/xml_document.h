#pragma once

#include <cstdint>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/status.h"

/// Reading the XML that services answer with. It is hostile: its size is bounded by the HTTP client, its
/// depth and shape here. Internal to store/.
namespace mbk {

/// Parses `xml`, which must be one whole document with the root `root`; kDataLoss otherwise.
Status ParseXml(std::string_view xml, const char* root, pugi::xml_document& document);

/// The number of bytes in the child `field` of `node`; kDataLoss when there is none.
Result<std::int64_t> ParseXmlSize(pugi::xml_node node, const char* field);

/// Append `text` as the text of an element.
void AppendXmlEscaped(std::string& out, std::string_view text);

}  // namespace mbk
