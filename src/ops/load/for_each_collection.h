#pragma once

#include <functional>
#include <vector>

#include "ops/load/load.h"

namespace mbk::load {

/// Run `work` on every collection of the plan that has not failed yet, some at a time. A failure becomes
/// that collection's outcome and the others go on; only a stop ends the step.
Status ForEachCollection(
    Step step, const Plan& plan, std::vector<Outcome>& outcomes, const RunServices& run,
    const CallContext& context,
    const std::function<Status(const CollectionPlan&, Outcome&, const CallContext&)>& work);

}  // namespace mbk::load
