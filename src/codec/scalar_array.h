#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace mbk {

/// One value of an Array field. Int8, Int16 and Int32 elements are int64_t too.
using ArrayElement = std::variant<bool, std::int64_t, float, double, std::string_view>;

/// The elements of a serialized schema.ScalarField, which is what an Array field holds of each row:
/// bool_data 1, int_data 2, long_data 3, float_data 4, double_data 5, string_data 6, each a message of one
/// repeated field 1. Strings point into `message`. kDataLoss when it is no such message.
Result<std::vector<ArrayElement>> ParseScalarArray(std::string_view message);

}  // namespace mbk
