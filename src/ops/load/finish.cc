#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ops/load/load.h"
#include "ops/load/swap.h"
#include "ops/load_wait.h"

namespace mbk::load {
namespace {

// Passes on to `progress` what is new of a percentage.
PercentHeard Advancing(Progress& progress) {
  return [&progress, last = std::int64_t{0}](std::int64_t percent) mutable {
    if (percent <= last) return;
    progress.AddPercent(percent - last);
    last = percent;
  };
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

// What `there` has of `wanted`, with fewer roles or privileges. Passwords cannot be compared: they are
// hashes.
std::vector<std::string> WhatLacks(const RbacMeta& wanted, const RbacMeta& there) {
  std::vector<std::string> lacking;
  const auto compare = [&](std::string_view kind, const auto& items, const auto& others, auto parts_of,
                           std::string_view what) {
    for (const auto& item : items) {
      const auto other =
          std::find_if(others.begin(), others.end(), [&](const auto& o) { return o.name == item.name; });
      if (other == others.end()) continue;
      const std::vector<std::string> parts =
          Missing(parts_of(item), parts_of(*other), [](const std::string& part) { return part; });
      if (!parts.empty())
        lacking.push_back(fmt::format("{} {} ({} {})", kind, item.name, what, fmt::join(parts, ", ")));
    }
  };
  compare("user", wanted.users, there.users, [](const RbacUser& u) { return u.roles; }, "roles");
  compare(
      "privilege group", wanted.privilege_groups, there.privilege_groups,
      [](const PrivilegeGroup& g) { return g.privileges; }, "privileges");
  return lacking;
}

}  // namespace

Status LoadAgain(MilvusClient& client, const CollectionPlan& plan, const CollectionName& loaded_as,
                 Outcome& outcome, const RunServices& run, const CallContext& context) {
  if (plan.load_state != LoadState::kLoaded) return {};
  Status started = plan.load_partitions.empty()
                       ? client.LoadCollection(loaded_as, context)
                       : client.LoadPartitions(loaded_as, plan.load_partitions, context);
  // Milvus Lite loads a whole collection or nothing; which of them is wanted is not ours to say.
  if (started.code() == Code::kUnimplemented) {
    outcome.warnings.push_back(fmt::format("it is not loaded: {}", started.message()));
    return {};
  }
  MBK_TRY(std::move(started));
  outcome.load_begun = true;
  MBK_TRY(WaitUntilLoaded(client, loaded_as, plan.load_partitions, run.sleeper, context,
                          Advancing(run.progress)));
  outcome.loaded = true;
  return {};
}

// An alias that another collection of the server has stays with it: the rows are restored all the same.
void CreateAliasesOf(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
                     const CallContext& context) {
  for (const std::string& alias : plan.aliases) {
    const std::vector<std::string>& moved = outcome.moved_aliases;
    if (std::find(moved.begin(), moved.end(), alias) != moved.end()) continue;
    const Status created = GiveAlias(client, plan.target, alias, context);
    if (!created.ok())
      outcome.warnings.push_back(fmt::format("alias {} is not restored: {}", alias, created.message()));
  }
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
  MBK_TRY(client.RestoreRbac(missing, context));
  const std::vector<std::string> lacking = WhatLacks(rbac, there);
  if (lacking.empty()) return {};
  return FailedPrecondition(
      fmt::format("what the target has already was left as it is, and lacks what the backup has: {}",
                  Enumerate(lacking)));
}

}  // namespace mbk::load
