#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "ops/load/for_each_collection.h"
#include "ops/load/load.h"

namespace mbk::load {
namespace {

constexpr Milliseconds kFirstLoadPoll{100};
constexpr Milliseconds kLongestLoadPoll{2000};
constexpr std::chrono::minutes kLoadTimeout{30};

Status WaitUntilLoaded(MilvusClient& client, const CollectionPlan& plan, Sleeper& sleeper,
                       const CallContext& context) {
  const Deadline deadline = Deadline::After(kLoadTimeout);
  for (Milliseconds wait = kFirstLoadPoll;; wait = std::min(wait * 3 / 2, kLongestLoadPoll)) {
    MBK_TRY_ASSIGN(std::int64_t percent,
                   client.GetLoadingProgress(plan.target, plan.load_partitions, context));
    if (percent >= 100) return {};
    if (deadline.Passed())
      return {Code::kDeadlineExceeded, fmt::format("{}: only {} % loaded after {} minutes",
                                                   plan.target.Full(), percent, kLoadTimeout.count())};
    MBK_TRY(sleeper.Sleep(wait, context));
  }
}

Status LoadAgain(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome, Sleeper& sleeper,
                 const CallContext& context) {
  if (plan.load_state != LoadState::kLoaded) return {};
  Status started = plan.load_partitions.empty()
                       ? client.LoadCollection(plan.target, context)
                       : client.LoadPartitions(plan.target, plan.load_partitions, context);
  // Milvus Lite loads a whole collection or nothing; which of them is wanted is not ours to say.
  if (started.code() == Code::kUnimplemented) {
    outcome.warnings.push_back(fmt::format("it is not loaded: {}", started.message()));
    return {};
  }
  MBK_TRY(std::move(started));
  return WaitUntilLoaded(client, plan, sleeper, context);
}

// An alias that another collection of the server has stays with it: the rows are restored all the same.
void CreateAliases(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
                   const CallContext& context) {
  for (const std::string& alias : plan.aliases) {
    Status created = client.CreateAlias(plan.target, alias, context);
    if (!created.ok())
      outcome.warnings.push_back(fmt::format("alias {} is not restored: {}", alias, created.message()));
  }
}

// Everything of `wanted` whose key `there` does not have.
template <class T, class KeyOf>
std::vector<T> Missing(const std::vector<T>& wanted, const std::vector<T>& there, KeyOf key_of) {
  std::vector<T> missing;
  for (const T& item : wanted) {
    const bool exists = std::any_of(there.begin(), there.end(),
                                    [&](const T& other) { return key_of(other) == key_of(item); });
    if (!exists) missing.push_back(item);
  }
  return missing;
}

}  // namespace

Status RestoreAliasesAndLoad(MilvusClient& client, const Plan& plan, std::vector<Outcome>& outcomes,
                             const RunServices& run, const CallContext& context) {
  return ForEachCollection(Step::kLoad, plan, outcomes, run, context,
                           [&](const CollectionPlan& collection, Outcome& outcome, const CallContext& inner) {
                             CreateAliases(client, collection, outcome, inner);
                             return LoadAgain(client, collection, outcome, run.sleeper, inner);
                           });
}

// Milvus refuses the whole of a RestoreRBAC when one of its entries is there already.
Status RestoreRbac(MilvusClient& client, const RbacMeta& rbac, const CallContext& context) {
  MBK_TRY_ASSIGN(RbacMeta there, client.BackupRbac(context));
  const RbacMeta missing{
      .users = Missing(rbac.users, there.users, [](const RbacUser& u) { return u.name; }),
      .roles = Missing(rbac.roles, there.roles, [](const RbacRole& r) { return r.name; }),
      .grants = Missing(rbac.grants, there.grants, [](const RbacGrant& g) { return g; }),
      .privilege_groups = Missing(rbac.privilege_groups, there.privilege_groups,
                                  [](const PrivilegeGroup& g) { return g.name; }),
  };
  return client.RestoreRbac(missing, context);
}

}  // namespace mbk::load
