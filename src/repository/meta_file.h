#pragma once

#include <cstdint>
#include <istream>
#include <utility>

#include "base/call_context.h"
#include "base/status.h"
#include "repository/object_stream.h"
#include "store/object_store.h"

namespace mbk {

/// Parse an object with `parse(std::istream&)`; an error names the object. Its bytes are added to `size`.
template <class Parse>
auto ParseObject(ObjectReader& store, const ObjectKey& key, const CallContext& context, std::int64_t* size,
                 Parse&& parse) -> decltype(parse(std::declval<std::istream&>())) {
  ObjectInputBuf buffer(store, key, context);
  std::istream stream(&buffer);
  auto parsed = parse(stream);
  // The parser sees a failed read as the end of its text: the read's own error says more.
  if (!buffer.status().ok()) return buffer.status();
  if (!parsed.ok()) return parsed.status().WithContext(store.identity().Url(key));
  if (size != nullptr) *size += buffer.object_size();
  return parsed;
}

}  // namespace mbk
