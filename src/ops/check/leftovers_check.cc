#include "ops/check/leftovers_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "manifest/keys.h"

namespace mbk {
namespace {

using runs::RunState;

constexpr std::chrono::seconds kWatchEvery{30};

// Where all rows are inserted, as in Milvus Lite, there may be no store, and no run keeps anything there.
Result<MilvusSide*> OpenStore(MilvusTarget& target, const CallContext& context) {
  if (!target.client.has(Capability::kImport)) return nullptr;
  return target.open_store(context);
}

// A store that tells no times: whoever lives renews his record within a lease, as we see it.
Result<RunState> WatchForALease(const runs::FoundRun& run, Sleeper& sleeper, const CallContext& context) {
  log::Warn("{} is watched for {} s: its process is not seen from here, and its store tells no times",
            run.record.Describe(), runs::kLease.count());
  for (std::chrono::seconds watched{0}; watched < runs::kLease; watched += kWatchEvery) {
    MBK_TRY(sleeper.Sleep(kWatchEvery, context));
    MBK_TRY_ASSIGN(const runs::StoredRecord stored, run.place->Read(run.record.run_id, context));
    MBK_TRY_ASSIGN(const runs::Record now, runs::RecordFromJson(stored.json));
    if (now != run.record) return RunState::kAlive;
  }
  return RunState::kDead;
}

Status AddFindings(LeftoverRun& leftover, const runs::RecordedTarget& target, const CallContext& context) {
  std::vector<runs::Decision> decisions;
  for (const runs::RecordedCollection& collection : leftover.record.collections) {
    MBK_TRY_ASSIGN(const runs::Decision decision,
                   runs::Decide(target.client, leftover.record.run_id, collection, context));
    decisions.push_back(decision);
    if (decision.remedy == runs::Remedy::kNothing) continue;
    leftover.findings.push_back(decision.by_hand.empty() ? decision.finding
                                                         : decision.finding + "; " + decision.by_hand);
  }
  for (const std::string& prefix : leftover.record.staging) {
    leftover.findings.push_back(
        "staged files at " +
        (target.side != nullptr ? target.side->store.identity().Url(ObjectKey(prefix)) : prefix));
  }
  leftover.cleaning = runs::WhatCleaningDoes(leftover.record, decisions);
  return {};
}

Status CleanRun(runs::FoundRun& found, LeftoverRun& leftover, const runs::RecordedTarget& target,
                const RunServices& run, const CallContext& context) {
  if (found.judgement.state == RunState::kMayLive && !found.judgement.age) {
    MBK_TRY_ASSIGN(leftover.state, WatchForALease(found, run.sleeper, context));
  }
  if (leftover.state == RunState::kMayLive) {
    leftover.mended.left.push_back(fmt::format(
        "it may live; {} s after it was last heard of this puts right what it left", runs::kLease.count()));
  }
  if (leftover.state != RunState::kDead) return {};
  Result<runs::Mended> mended = runs::PutRight(found, target, nullptr, run.sleeper, context);
  if (mended.ok()) leftover.mended = *std::move(mended);
  if (!mended.ok()) leftover.mended.left.push_back(mended.status().message());
  return context.Check();
}

Result<LeftoverRun> LookAtRun(runs::FoundRun& found, bool clean, const runs::RecordedTarget& target,
                              const RunServices& run, const CallContext& context) {
  LeftoverRun leftover{.record = found.record,
                       .where = found.place->Where(found.record.run_id),
                       .state = found.judgement.state,
                       .why = found.judgement.why};
  if (clean) {
    MBK_TRY(CleanRun(found, leftover, target, run, context));
  } else if (leftover.state == RunState::kDead) {
    MBK_TRY(AddFindings(leftover, target, context));
  }
  return leftover;
}

}  // namespace

bool LeftoversReport::IsEmpty() const {
  const bool all_live = std::all_of(runs.begin(), runs.end(),
                                    [](const LeftoverRun& run) { return run.state == RunState::kAlive; });
  return all_live && unreadable.empty() && strays.collections.empty() && strays.staging.empty();
}

bool LeftoversReport::IsWhole() const {
  if (!unseen.empty()) return false;
  if (!cleaned) return true;
  const bool all_mended =
      std::all_of(runs.begin(), runs.end(), [](const LeftoverRun& run) { return run.mended.left.empty(); });
  return all_mended && unreadable.empty() && strays.collections.empty() && strays.staging.empty();
}

Result<LeftoversReport> CheckLeftovers(MilvusTarget& target, bool clean, const RunServices& run,
                                       const CallContext& context) {
  LeftoversReport report{.server = target.client.address(), .cleaned = clean};
  const Result<MilvusSide*> side = OpenStore(target, context);
  MBK_TRY(context.Check());
  if (!side.ok()) report.unseen.push_back(side.status().message());
  const runs::RecordedTarget recorded = runs::RecordsOf(target, side.ok() ? *side : nullptr);
  report.cleaning_command = runs::CleaningCommand(recorded);
  MBK_TRY_ASSIGN(runs::FoundRuns found, runs::FindRuns(recorded, context));
  // Before anything is removed: what is being put right has a record.
  MBK_TRY_ASSIGN(report.strays, runs::FindStrays(recorded, found, context));
  for (runs::FoundRun& one : found.runs) {
    MBK_TRY_ASSIGN(LeftoverRun leftover, LookAtRun(one, clean, recorded, run, context));
    report.runs.push_back(std::move(leftover));
  }
  report.unreadable = std::move(found.unreadable);
  report.others = std::move(found.others);
  for (std::vector<std::string>* unseen : {&found.unseen, &report.strays.unseen})
    std::move(unseen->begin(), unseen->end(), std::back_inserter(report.unseen));
  report.strays.unseen.clear();
  return report;
}

}  // namespace mbk
