#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/azure/azure_xml.h"

/// Whatever a Blob service answers, reading it ends in a value or in kDataLoss, and no listing holds an
/// object without a name or of a negative size.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  mbk::Result<mbk::ListPage> page = mbk::azure::ParseListPage(xml);
  if (!page.ok() && page.status().code() != mbk::Code::kDataLoss) std::abort();
  if (page.ok()) {
    for (const mbk::ObjectInfo& object : page->objects) {
      if (object.key.empty() || object.size < 0) std::abort();
    }
  }
  mbk::Result<mbk::UserDelegationKey> key = mbk::azure::ParseDelegationKey(xml);
  if (!key.ok() && key.status().code() != mbk::Code::kDataLoss) std::abort();
  (void)mbk::azure::ParseError(xml);
  (void)mbk::azure::DigestOfMd5(xml);
  return 0;
}
