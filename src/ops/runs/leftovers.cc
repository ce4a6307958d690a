#include "ops/runs/leftovers.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "manifest/keys.h"
#include "ops/load/temporary_name.h"
#include "ops/select/filter.h"
#include "repository/process_identity.h"

namespace mbk::runs {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

// Two servers may share a bucket, but no root; without a store the address is all there is.
bool IsOfTarget(const Record& record, const RecordedTarget& target) {
  if (!record.root.empty() && target.side != nullptr) return record.root == target.side->root;
  return IsSameServer(record.server, target.client.address());
}

// Adds the run `id` to what was found. One that ended meanwhile is none.
Status Look(const std::string& id, const std::shared_ptr<RecordPlace>& place, const RecordedTarget& target,
            FoundRuns& found, const CallContext& context) {
  const Result<StoredRecord> stored = place->Read(id, context);
  if (stored.status().code() == Code::kNotFound) return {};
  if (!stored.ok() && stored.status().code() != Code::kDataLoss) return stored.status();
  Result<Record> record = stored.ok() ? RecordFromJson(stored->json) : Result<Record>(stored.status());
  if (record.ok() && record->run_id != id)
    record = DataLoss("it is the record of another run, " + record->run_id);
  if (!record.ok()) {
    found.unreadable.push_back({id, place->Where(id), record.status().message()});
    return {};
  }
  if (!IsOfTarget(*record, target)) return {};
  Result<Judgement> judgement = Judge(*record, *place, context);
  if (judgement.status().code() == Code::kNotFound) return {};
  if (!judgement.ok()) return judgement.status();
  found.runs.push_back({*std::move(record), place, *std::move(judgement)});
  return {};
}

std::set<std::string> IdsOf(const FoundRuns& known) {
  std::set<std::string> ids;
  for (const FoundRun& run : known.runs) ids.insert(run.record.run_id);
  for (const UnreadableRecord& record : known.unreadable) ids.insert(record.run_id);
  return ids;
}

Result<std::vector<std::string>> DatabasesOf(MilvusClient& client, const CallContext& context) {
  if (!client.has(Capability::kMultiDatabase)) return std::vector<std::string>{std::string(kDefaultDatabase)};
  return client.ListDatabases(context);
}

Status AddStrayCollections(MilvusClient& client, const std::set<std::string>& known, Strays& strays,
                           const CallContext& context) {
  MBK_TRY_ASSIGN(const std::vector<std::string> databases, DatabasesOf(client, context));
  // Every server has the database `default`, and shows only what its user has rights on.
  if (databases.empty())
    strays.unseen.push_back(fmt::format(
        "collections: Milvus {} shows no database, not even default, to this user: it needs rights on them",
        client.address()));
  for (const std::string& db : databases) {
    MBK_TRY_ASSIGN(const std::vector<std::string> names, client.ListCollections(db, context));
    for (const std::string& name : names) {
      const std::optional<load::TemporaryNameParts> parts = load::ParseTemporaryName(name);
      if (parts && !known.contains(parts->run_id)) strays.collections.push_back({{db, name}, parts->aside});
    }
  }
  return {};
}

Status AddStrayStaging(const MilvusSide& side, const std::set<std::string>& known, Strays& strays,
                       const CallContext& context) {
  const std::string prefix = StagingPrefix(side.staging_root);
  std::string token;
  do {
    MBK_TRY_ASSIGN(ListPage page,
                   side.store.List({.prefix = prefix, .delimiter = "/", .page_token = token}, context));
    for (const std::string& tree : page.common_prefixes) {
      const std::string run = tree.substr(prefix.size(), tree.find('-', prefix.size()) - prefix.size());
      if (!known.contains(run)) strays.staging.push_back(side.store.identity().Url(ObjectKey(tree)));
    }
    token = std::move(page.next_page_token);
  } while (!token.empty());
  return {};
}

}  // namespace

std::string_view RunStateName(RunState state) {
  switch (state) {
    case RunState::kAlive:
      return "alive";
    case RunState::kMayLive:
      return "may live";
    case RunState::kDead:
      break;
  }
  return "dead";
}

Result<Judgement> Judge(const Record& record, RecordPlace& place, const CallContext& context) {
  switch (StateOf(record.process, ThisProcessIdentity())) {
    case ProcessState::kAlive:
      return Judgement{.state = RunState::kAlive, .why = "its process lives"};
    case ProcessState::kGone:
      return Judgement{.state = RunState::kDead, .why = "its process is gone"};
    case ProcessState::kUnknown:
      break;
  }
  const Result<std::optional<std::chrono::milliseconds>> age = place.Age(record.run_id, context);
  if (age.status().code() == Code::kNotFound) return age.status();
  MBK_TRY(context.Check());
  const std::string unseen = "its process is not seen from here";
  if (!age.ok())
    return Judgement{
        .why = fmt::format("{}, and how old its record is neither: {}", unseen, age.status().message())};
  if (!*age) return Judgement{.why = unseen + ", and its store tells no times"};
  return Judgement{
      .state = **age >= kLease ? RunState::kDead : RunState::kMayLive,
      .why = fmt::format("{}, it was last heard of {} s ago", unseen, duration_cast<seconds>(**age).count()),
      .age = *age};
}

Result<FoundRuns> FindRuns(const RecordedTarget& target, const CallContext& context) {
  RecordPlaces where = PlacesOf(target, context);
  FoundRuns found{.unseen = std::move(where.unseen), .others = std::move(where.others)};
  for (const std::shared_ptr<RecordPlace>& place : where.places) {
    MBK_TRY_ASSIGN(const std::vector<std::string> ids, place->List(context));
    for (const std::string& id : ids) MBK_TRY(Look(id, place, target, found, context));
  }
  return found;
}

Result<Strays> FindStrays(const RecordedTarget& target, const FoundRuns& known, const CallContext& context) {
  const std::set<std::string> ids = IdsOf(known);
  Strays strays;
  MBK_TRY(AddStrayCollections(target.client, ids, strays, context));
  if (target.side != nullptr) MBK_TRY(AddStrayStaging(*target.side, ids, strays, context));
  return strays;
}

AdvisedCommand CleaningCommand(const RecordedTarget& target) {
  return CommandFor(target.reach, "check --leftovers --clean");
}

CleaningDoes WhatCleaningDoes(const Record& record, const std::vector<Decision>& decisions) {
  CleaningDoes most = record.staging.empty() ? CleaningDoes::kNothing : CleaningDoes::kPutsRight;
  bool anything = false;
  for (const Decision& decision : decisions) {
    if (decision.remedy == Remedy::kNothing) continue;
    anything = true;
    const CleaningDoes does = decision.remedy != Remedy::kByHand ? CleaningDoes::kPutsRight
                              : decision.is_forged               ? CleaningDoes::kNothing
                                                                 : CleaningDoes::kForgets;
    most = std::max(most, does);
  }
  return anything ? most : CleaningDoes::kPutsRight;
}

std::string AdviseToClean(CleaningDoes does, const AdvisedCommand& cleaning) {
  switch (does) {
    case CleaningDoes::kPutsRight:
      return Advise("put right with", cleaning);
    case CleaningDoes::kForgets:
      return Advise("when that is done, let it be forgotten with", cleaning);
    case CleaningDoes::kNothing:
      break;
  }
  return "";
}

namespace {

bool Concerns(const Record& record, const NextRun& next) {
  if (record.verb != next.verb) return false;
  // Killed before it made anything: there is nothing to be careful about, and no target that would tell whose
  // it is.
  if (record.collections.empty() && record.staging.empty()) return true;
  return std::any_of(record.collections.begin(), record.collections.end(), [&](const RecordedCollection& c) {
    return std::find(next.fills.begin(), next.fills.end(), c.target) != next.fills.end();
  });
}

// What stands where, above all rows of the user's under a name aside, and what is to be done.
std::string FindingsOf(const FoundRun& run, const RecordedTarget& target, const CallContext& context) {
  std::string findings;
  const auto add = [&](const std::string& finding) {
    if (!finding.empty()) findings += (findings.empty() ? "" : "; ") + finding;
  };
  std::vector<Decision> decisions;
  for (const RecordedCollection& collection : run.record.collections) {
    const Result<Decision> decision = Decide(target.client, run.record.run_id, collection, context);
    if (!decision.ok()) add(collection.target.Full() + ": " + decision.status().message());
    if (!decision.ok()) continue;
    add(decision->by_hand.empty() ? decision->finding : decision->finding + "; " + decision->by_hand);
    decisions.push_back(*decision);
  }
  if (!run.record.staging.empty()) add("staged files stand");
  if (findings.empty()) add("nothing of it is left but its record");
  add(AdviseToClean(WhatCleaningDoes(run.record, decisions), CleaningCommand(target)));
  return findings;
}

void Name(const FoundRun& run, const RecordedTarget& target, const CallContext& context) {
  log::Warn("{} has left something ({}): {}", run.record.Describe(), run.judgement.why,
            FindingsOf(run, target, context));
}

void Mend(const FoundRun& run, const NextRun& next, const RecordedTarget& target, Sleeper& sleeper,
          const CallContext& context) {
  const Result<Mended> mended = PutRight(run, target, &next, sleeper, context);
  if (!mended.ok()) {
    log::Warn("what {} left is not put right: {}", run.record.Describe(), mended.status().message());
    return;
  }
  for (const auto* said : {&mended->done, &mended->left})
    for (const std::string& line : *said) log::Warn("{} had left something: {}", run.record.Describe(), line);
}

}  // namespace

Status LookBeforeRun(const NextRun& next, const RecordedTarget& target, Sleeper& sleeper,
                     const CallContext& context) {
  const Result<FoundRuns> found = FindRuns(target, context);
  if (!found.ok()) {
    log::Warn("whether killed runs left something in {} is not known: {}", target.client.address(),
              found.status().message());
    return context.Check();
  }
  // Without a state directory, say: where this run's own record can lie is asked when it begins.
  for (const std::string& unseen : found->unseen)
    log::Info("killed runs are not looked for everywhere: {}", unseen);
  for (const UnreadableRecord& record : found->unreadable)
    log::Warn("{} cannot be read ({}): nothing of run {} is touched", record.where, record.problem,
              record.run_id);
  // Asked once, and only when it matters.
  std::optional<bool> mends;
  const auto may_mend = [&] {
    if (!mends) mends = !next.dry_run && (!next.refused || next.refused(context).ok());
    return *mends;
  };
  for (const FoundRun& run : found->runs) {
    if (run.judgement.state != RunState::kDead) continue;
    if (Concerns(run.record, next) && may_mend())
      Mend(run, next, target, sleeper, context);
    else
      Name(run, target, context);
    MBK_TRY(context.Check());
  }
  return {};
}

}  // namespace mbk::runs
