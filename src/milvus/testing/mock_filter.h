#pragma once

#include <functional>
#include <string>

#include "base/status.h"
#include "milvus/key_expression.h"

namespace mbk::milvustest {

/// What an expression on the primary key says of a key: comparisons joined by &&, with the literals of
/// Milvus 2.3.5, whose parser refuses the smallest Int64. "" is true of all. kInvalidArgument with that
/// server's words for what does not parse.
Result<std::function<bool(const RowKey&)>> ParseKeyFilter(const std::string& expression, const KeyField& key);

}  // namespace mbk::milvustest
