#pragma once

#include <array>

#include "model/schema.h"

namespace mbk::modeltest {

/// All that a field can be of. The last is found in struct arrays only.
inline constexpr std::array kEveryType = {DataType::kBool,
                                          DataType::kInt8,
                                          DataType::kInt16,
                                          DataType::kInt32,
                                          DataType::kInt64,
                                          DataType::kFloat,
                                          DataType::kDouble,
                                          DataType::kString,
                                          DataType::kVarChar,
                                          DataType::kArray,
                                          DataType::kJson,
                                          DataType::kGeometry,
                                          DataType::kText,
                                          DataType::kTimestamptz,
                                          DataType::kBinaryVector,
                                          DataType::kFloatVector,
                                          DataType::kFloat16Vector,
                                          DataType::kBFloat16Vector,
                                          DataType::kSparseFloatVector,
                                          DataType::kInt8Vector,
                                          DataType::kArrayOfVector};

}  // namespace mbk::modeltest
