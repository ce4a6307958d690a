#pragma once

#include <string>
#include <string_view>

namespace mbk::codec {

/// `text` as its value demands and no writer's habits: no white space, the keys of an object in the order of
/// their bytes, strings with no escapes but those that JSON demands, numbers with fraction or exponent in the
/// shortest form that gives the same double, others digit by digit as they stand. Two documents of one value
/// become one text: Milvus Lite writes a JSON field anew, and sorts the keys of `$meta`.
/// What is no JSON, nests deeper than 64 levels or has a key twice in one object is returned as
/// it is, so that no difference goes unseen.
std::string CanonicalJson(std::string_view text);

}  // namespace mbk::codec
