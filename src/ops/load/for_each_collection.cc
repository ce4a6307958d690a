#include "ops/load/for_each_collection.h"

#include "base/log.h"
#include "base/parallel.h"

namespace mbk::load {

Status ForEachCollection(
    Step step, const Plan& plan, std::vector<Outcome>& outcomes, const RunServices& run,
    const CallContext& context,
    const std::function<Status(const CollectionPlan&, Outcome&, const CallContext&)>& work) {
  run.progress.Enter(step, static_cast<std::int64_t>(plan.collections.size()));
  return ParallelFor(plan.collections.size(), run.settings.collection_concurrency, context,
                     [&](std::size_t i, const CallContext& inner) {
                       Outcome& outcome = outcomes[i];
                       if (outcome.status.ok()) {
                         outcome.status = work(plan.collections[i], outcome, inner);
                         if (!outcome.status.ok())
                           log::Info("{} failed: {}", outcome.target.Full(), outcome.status.message());
                       }
                       run.progress.Add(1, 0);
                       return inner.Check();
                     });
}

}  // namespace mbk::load
