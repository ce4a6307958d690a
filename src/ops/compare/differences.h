#pragma once

#include "ops/compare/compare.h"

namespace mbk {

/// Find the keys whose rows differ between two sides of one schema, and count them in `comparison`.
Status FindDifferences(rows::RowSource& left, rows::RowSource& right, const CompareOptions& options,
                       Comparison& comparison, const CallContext& context);

}  // namespace mbk
