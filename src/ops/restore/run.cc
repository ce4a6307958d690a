#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "base/log.h"
#include "base/parallel.h"
#include "base/reach.h"
#include "manifest/keys.h"
#include "ops/load/builder.h"
#include "ops/load/stage.h"
#include "ops/load/temporary_name.h"
#include "ops/open_backup.h"
#include "ops/recorded_bytes.h"
#include "ops/restore/restore.h"
#include "ops/runs/by_hand.h"
#include "ops/runs/leftovers.h"
#include "ops/runs/run_record.h"
#include "ops/runs/target.h"
#include "ops/whole_backup.h"
#include "repository/repository.h"
#include "repository/tree_check.h"
#include "transfer/digest_log.h"

namespace mbk {
namespace {

// The collections whose rows are wanted.
std::vector<const Collection*> RowSources(const Backup& backup, const load::Options& options) {
  std::vector<const Collection*> sources;
  if (options.meta_only) return sources;
  for (const Collection& collection : backup.collections) {
    const CollectionName target = options.renamer.Apply({collection.db_name, collection.name});
    if (options.source_filter.Matches(collection.db_name, collection.name) &&
        options.target_filter.Matches(target.db, target.name))
      sources.push_back(&collection);
  }
  return sources;
}

// A backup that lacks one object is refused before anything is created: the sizes of all its files are
// held against a listing. The first object among them that no metadata name, if there is one.
Result<std::optional<ObjectKey>> CheckObjects(const load::Plan& plan, bool meta_only,
                                              const BackupLayout& layout, ObjectReader& store,
                                              const RunServices& run, const CallContext& context) {
  std::mutex mutex;
  std::optional<ObjectKey> stray;
  Findings damage;
  MBK_TRY(ParallelFor(plan.collections.size(), run.settings.listing_concurrency, context,
                      [&](std::size_t i, const CallContext& inner) -> Status {
                        // Of one without rows too: files that lie there may be of a partition that the
                        // metadata lost.
                        if (meta_only) return {};
                        std::vector<Collection> one{*plan.collections[i].source};
                        const ObjectIndex index(one);
                        MBK_TRY_ASSIGN(const CollectionFindings found,
                                       ExamineCollection(store, layout.tree(), one.front().collection_id,
                                                         index, TreeMatch(), inner));
                        std::scoped_lock lock(mutex);
                        damage.Add(found.damage);
                        if (found.stray && (!stray || *found.stray < *stray)) stray = found.stray;
                        return {};
                      }));
  MBK_TRY(DamageOf(damage, store, layout.tree())
              .WithContext(fmt::format("backup {} cannot be restored", layout.name())));
  return stray;
}

// A backup that Milvus can open is imported from where it is. It imports whole directories: what lies there
// and is not of the backup would come along.
bool MayImportInPlace(const ObjectReader& backup_store, const BackupLayout& layout, const MilvusSide& server,
                      const std::optional<ObjectKey>& stray, const RunServices& run) {
  if (run.settings.copy.mode == CopyMode::kStreaming) return false;
  if (!server.opens(backup_store.identity(), layout.prefix())) return false;
  if (stray)
    log::Warn("{} is not of this backup, no metadata name it: the files of the backup are staged without it",
              backup_store.identity().Url(*stray));
  return !stray;
}

// Before anything is changed: damaged files make Milvus 2.3 end, and take the import with it. What is copied
// while it is staged is held against the record there.
Status CheckBytes(const load::Plan& plan, const DigestLog& recorded, bool in_place, bool dry_run,
                  const BackupLayout& layout, ObjectReader& store, const RunServices& run,
                  const CallContext& context) {
  std::vector<const Collection*> collections;
  std::vector<std::set<std::int64_t>> rewritten;
  for (const load::CollectionPlan& collection : plan.collections) {
    collections.push_back(collection.source);
    rewritten.push_back(load::RewrittenSegments(collection));
  }
  const auto reads = [&](std::size_t i, const Segment& segment) {
    const bool is_copied = plan.collections[i].via == load::Via::kImport && !in_place &&
                           !rewritten[i].contains(segment.segment_id);
    return !dry_run && !is_copied;
  };
  MBK_TRY_ASSIGN(const Findings other_bytes,
                 CheckRecordedBytes(store, layout, collections, recorded, reads, run, context));
  return DamageOf(other_bytes, store, layout.tree())
      .WithContext(fmt::format("backup {} cannot be restored", layout.name()));
}

Status FirstFailure(const std::vector<load::Outcome>& outcomes) {
  for (const load::Outcome& outcome : outcomes) {
    if (!outcome.status.ok()) return outcome.status.WithContext(outcome.target.Full());
  }
  return {};
}

// What all steps that fill collections share.
struct Filling {
  const load::ObjectSource& objects;
  MilvusClient& client;
  MilvusSide* importer;
  const std::string& task_id;
  const load::Journal& journal;
  const RunServices& run;
};

// What fails from here on is one collection's failure; only a stop ends the whole.
Status Fill(load::Builder& builder, const load::Plan& plan, std::vector<load::Outcome>& outcomes,
            const Filling& filling, const CallContext& context) {
  MBK_TRY(builder.Create(context));
  MBK_TRY(builder.CompleteEmpty(context));
  // A collection that is filled is proved, indexed, and takes its name while the next ones are imported.
  const auto on_filled = [&](std::size_t index) { return builder.Complete(index, context); };
  // Files go to where Milvus can read them, collection by collection; imports run meanwhile.
  if (filling.importer != nullptr)
    MBK_TRY(load::StageAndImport(*filling.importer, filling.objects, filling.task_id, plan, outcomes,
                                 on_filled, filling.journal, filling.run, context));
  // Or their rows are sent, where that is quicker or the only way.
  MBK_TRY(load::InsertRows(filling.client, filling.objects, plan, outcomes, on_filled, filling.run, context));
  return builder.LoadNamed(context);
}

Status LoadTogether(const load::Plan& plan, std::size_t first, std::vector<load::Outcome>& outcomes,
                    const Filling& filling, const CallContext& context) {
  load::Builder builder(filling.client, plan, outcomes, filling.journal, filling.objects, filling.run, first);
  Status loaded = Fill(builder, plan, outcomes, filling, context);
  if (!loaded.ok()) builder.Abandon(context);
  return loaded;
}

// Where old ones are dropped first, the next is not touched before the one before it stands.
Status LoadOneByOne(const load::Plan& plan, std::vector<load::Outcome>& outcomes, const Filling& filling,
                    const CallContext& context) {
  for (std::size_t i = 0; i < plan.collections.size(); ++i) {
    const Status before = FirstFailure(outcomes);
    if (!before.ok()) {
      outcomes[i].status = FailedPrecondition(
          fmt::format("not begun, and nothing of it was changed, because {}", before.message()));
      continue;
    }
    const load::Plan one{.collections = {plan.collections[i]}};
    std::vector<load::Outcome> outcome{std::move(outcomes[i])};
    Status loaded = LoadTogether(one, i, outcome, filling, context);
    outcomes[i] = std::move(outcome.front());
    MBK_TRY(std::move(loaded));
  }
  return {};
}

bool DropsFirst(const load::CollectionPlan& plan) { return plan.drop_first && plan.place.exists; }

// What became of a collection when the run was stopped; "" where its outcome says it otherwise.
std::string_view WordsFor(const load::Outcome& outcome, const load::CollectionPlan& plan) {
  switch (outcome.left) {
    case load::Left::kMade:
      if (plan.load_state != LoadState::kLoaded || outcome.loaded) return "complete";
      return outcome.load_begun ? "complete, and Milvus goes on loading them" : "complete, but not loaded";
    case load::Left::kOldKept:
      return "as before, with their old rows";
    case load::Left::kUntouched:
      return "untouched";
    case load::Left::kDropped:
      return "begun, and dropped again";
    case load::Left::kChanged:
      return "with the rows they had; partitions, indexes or aliases of them may be new";
    case load::Left::kAppended:
      return outcome.filled ? "with all rows of this run added"
                            : "with rows of this run added, which cannot be undone, and nothing tells which";
    case load::Left::kBehind:
      break;
  }
  return "";
}

// Of each collection, those of one kind together.
std::string WhatStays(const std::vector<load::Outcome>& outcomes, const load::Plan& plan) {
  std::vector<std::pair<std::string_view, std::vector<std::string>>> groups;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const std::string_view words = WordsFor(outcomes[i], plan.collections[i]);
    if (words.empty()) continue;
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& known) { return known.first == words; });
    if (group == groups.end()) group = groups.insert(groups.end(), {words, {}});
    group->second.push_back(outcomes[i].target.Full());
  }
  std::string said;
  for (const auto& [words, names] : groups) said += fmt::format("; {}: {}", words, Enumerate(names));
  for (const load::Outcome& outcome : outcomes)
    if (!outcome.behind.empty()) said += "; " + outcome.behind;
  return said;
}

// What a stopped run would have warned of at its end: of what stands, and of files that stay.
std::string WarningsOf(const load::Outcome& outcome) {
  const bool stands = outcome.left != load::Left::kUntouched && outcome.left != load::Left::kOldKept &&
                      outcome.left != load::Left::kDropped;
  std::string said;
  for (const std::string& warning : stands ? outcome.warnings : outcome.files_behind)
    if (warning != outcome.behind) said += fmt::format("; {}: {}", outcome.target.Full(), warning);
  return said;
}

// What a run made is known to others by its record alone; without one it is only named. What was built under
// its own name no cleaning drops, and without a record it bears no mark of a run.
std::string AdviseOnWhatStays(const std::vector<load::Outcome>& outcomes, const Reach& reach,
                              bool has_record) {
  std::vector<CollectionName> under_own_name;
  bool under_another = false, may_be_only_copy = false;
  for (const load::Outcome& outcome : outcomes) {
    under_another |= outcome.waits_for_imports;
    if (outcome.left != load::Left::kBehind) continue;
    may_be_only_copy |= outcome.may_be_only_copy;
    if (outcome.built_as == outcome.target)
      under_own_name.push_back(outcome.target);
    else
      under_another = true;
  }
  if (has_record && may_be_only_copy)
    return Advise("what is to be decided shows", CommandFor(reach, "check --leftovers"));
  if (has_record && under_another && under_own_name.empty())
    return Advise("put right with", CommandFor(reach, "check --leftovers --clean"));
  std::string advice;
  const bool is_listed = under_another || (has_record && !under_own_name.empty());
  if (is_listed) advice = Advise("how to remove it by hand shows", CommandFor(reach, "check --leftovers"));
  if (has_record) return advice;
  for (const CollectionName& name : under_own_name)
    advice += fmt::format("{}when nobody has used {} since, drop it {}", advice.empty() ? "" : "; ",
                          name.Full(), runs::DropByHand(name));
  return advice;
}

Status SayWhatStaysBehind(const Status& stopped, const std::vector<load::Outcome>& outcomes,
                          const load::Plan& plan, const std::string& advice) {
  std::string said = stopped.message() + WhatStays(outcomes, plan);
  for (const load::Outcome& outcome : outcomes) said += WarningsOf(outcome);
  if (!advice.empty()) said += "; " + advice;
  return {stopped.code(), std::move(said)};
}

// `restore` once more over collections that stand, without their rows; `flags` say what for.
AdvisedCommand InPlaceCommand(const Reach& reach, const std::string& backup,
                              const std::vector<std::pair<CollectionName, CollectionName>>& renamed,
                              std::string_view flags) {
  std::string sources, rules;
  for (const auto& [source, target] : renamed) {
    sources += (sources.empty() ? "" : ",") + source.Full();
    if (source != target)
      rules += fmt::format("{}{}:{}", rules.empty() ? " -r " : ",", source.Full(), target.Full());
  }
  return CommandFor(reach, fmt::format("restore -n {} -c {}{} --skip_create_collection --meta_only {}",
                                       ShellQuoted(backup), sources, rules, flags));
}

// Of what stands, what the source has and nobody asked for. Nothing is said of more than a line may hold.
AdvisedCommand FollowUp(const RestoreOptions& options, const std::vector<load::Outcome>& outcomes,
                        const Reach& reach) {
  constexpr std::size_t kMostNamed = 100;
  bool index = false, load = false;
  std::vector<std::pair<CollectionName, CollectionName>> names;
  for (const load::Outcome& outcome : outcomes) {
    if (!outcome.status.ok()) continue;
    const bool lacks_index =
        !options.load.rebuild_index && outcome.source_is_indexed && !outcome.is_indexed();
    const bool load_was_left_out = !options.load.restore_load_state || lacks_index;
    const bool lacks_load = load_was_left_out && outcome.source_is_loaded && !outcome.is_loaded();
    if (!lacks_index && !lacks_load) continue;
    index |= lacks_index;
    load |= lacks_load;
    names.emplace_back(outcome.source, outcome.target);
  }
  if (names.empty() || names.size() > kMostNamed) return {};
  std::string flags = index ? "--rebuild_index" : "";
  if (index && options.load.use_auto_index) flags += " --use_auto_index";
  if (load) flags += std::string(flags.empty() ? "" : " ") + "--restore_load_state";
  return InPlaceCommand(reach, options.name, names, flags);
}

// What the jobs of the data must count, where the backup has a record of it.
std::optional<std::int64_t> RowsNotDeleted(const load::CollectionPlan& plan) {
  const std::optional<RowsRecord>& record = plan.source->rows_record;
  if (!record || load::HasL0(plan) || plan.imports.empty()) return std::nullopt;
  return record->written - record->deleted;
}

bool IsLoaded(const Collection& collection) {
  return collection.load_state != LoadState::kNotLoad ||
         std::any_of(collection.partitions.begin(), collection.partitions.end(),
                     [](const Partition& partition) { return partition.load_state != LoadState::kNotLoad; });
}

void CountJob(const load::ImportDir& dir, load::Outcome& outcome) {
  ++outcome.import_jobs;
  if (!dir.rewritten) return;
  outcome.segments_rewritten += static_cast<int>(dir.segments.size());
  ++outcome.rewritten_into;
}

// What only a newer tool knows is not brought back.
std::vector<std::string> NotesOnNewerKeys(const BackupSide& source, const BackupLayout& layout,
                                          const CallContext& context) {
  const Result<std::vector<std::string>> keys = KeysOfNewerTools(source.store, layout, context);
  if (!keys.ok() || keys->empty()) return {};  // that it can be read was seen
  return {fmt::format(
      "the metadata have keys that this version does not know, and what they say is not restored: {}",
      Enumerate(*keys))};
}

Status FillTargets(const load::Plan& plan, const load::ObjectSource& objects, MilvusTarget& target,
                   MilvusSide* importer, const std::string& task_id, const load::Journal& journal,
                   RestoreReport& report, const RunServices& run, const CallContext& context) {
  MBK_TRY(load::CreateDatabases(target.client, plan, context));
  const Filling filling{objects, target.client, importer, task_id, journal, run};
  const bool one_by_one = std::any_of(plan.collections.begin(), plan.collections.end(), DropsFirst);
  return one_by_one ? LoadOneByOne(plan, report.collections, filling, context)
                    : LoadTogether(plan, 0, report.collections, filling, context);
}

// Where nothing is replaced a run goes on without a record: what it leaves behind when it is killed is known
// by its names alone.
Result<std::unique_ptr<runs::RunRecord>> BeginRecord(const load::Plan& plan, const std::string& verb,
                                                     const runs::RecordedTarget& target,
                                                     const CallContext& context) {
  auto record = runs::BeginRecord(verb, target, context);
  const bool replaces =
      std::any_of(plan.collections.begin(), plan.collections.end(),
                  [](const load::CollectionPlan& collection) { return collection.place.exists; });
  if (record.ok() || replaces || !context.Check().ok()) return record;
  log::Warn("no record is kept of this run, so that nothing finds what it leaves should it be killed: {}",
            record.status().message());
  return std::unique_ptr<runs::RunRecord>();
}

load::Journal JournalOf(runs::RunRecord* record) {
  if (record == nullptr) return {};
  return {
      .update = [record](std::size_t index, const runs::RecordedCollection& collection,
                         const CallContext& context) { return record->Update(index, collection, context); },
      .note_staging = [record](const std::string& prefix,
                               const CallContext& context) { return record->NoteStaging(prefix, context); },
      .forget_staging = [record](
                            const std::string& prefix,
                            const CallContext& context) { return record->ForgetStaging(prefix, context); },
      .note_imports = [record](std::span<const std::int64_t> jobs,
                               const CallContext& context) { return record->NoteImports(jobs, context); },
      .check = [record] { return record->Lost(); }};
}

// A run that was stopped must be gone within five seconds.
CallContext CloseContext(const CallContext& context) {
  constexpr std::chrono::seconds kStopped{2};
  constexpr std::chrono::seconds kUsual{30};
  return {.deadline = Deadline::After(context.Check().ok() ? kUsual : kStopped)};
}

// Why the run ended, when it did before its end: the record may have been lost.
Status CloseRecord(runs::RunRecord& record, Status stopped, const CallContext& context) {
  const Status closed = record.Finish(CloseContext(context));
  if (!closed.ok()) log::Warn("the record of this run stays at {}: {}", record.Where(), closed.message());
  Status lost = record.Lost();
  return stopped.ok() || lost.ok() ? stopped : lost;
}

}  // namespace

std::vector<load::Outcome> Preview(const load::Plan& plan) {
  std::vector<load::Outcome> outcomes;
  for (const load::CollectionPlan& collection : plan.collections) {
    load::Outcome outcome{.source = {collection.source->db_name, collection.source->name},
                          .target = collection.target};
    outcome.via = collection.via;
    outcome.via_reason = collection.via_reason;
    outcome.rows_expected = collection.rows;
    for (const auto& wave : collection.imports) {
      for (const load::ImportDir& dir : wave) {
        if (collection.via == load::Via::kImport) CountJob(dir, outcome);
        outcome.has_deletes |= !dir.delta_dir.empty();
      }
    }
    outcome.replaces = collection.create && collection.place.exists;
    outcome.drops_first = DropsFirst(collection);
    outcome.source_is_indexed = !collection.source->indexes.empty();
    outcome.source_is_loaded = IsLoaded(*collection.source);
    outcome.stood_indexed = !collection.create && collection.place.old_is_indexed;
    outcome.stood_loaded = !collection.create && collection.place.old_is_loaded;
    outcome.warnings = collection.warnings;
    if (outcome.replaces) outcome.moved_aliases = collection.place.old_aliases;
    if (collection.place.old_rows > 0)
      outcome.notes.push_back(
          fmt::format("the collection that stands has {} rows, the one that replaces it none",
                      collection.place.old_rows));
    outcome.rows_not_deleted = RowsNotDeleted(collection);
    outcome.bytes = collection.imports.empty() ? 0 : collection.source->size;
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

Result<MilvusSide*> OpenImporter(const load::Plan& plan, MilvusTarget& target, const CallContext& context) {
  if (!load::ImportsAnything(plan)) return nullptr;
  return target.open_store(context);
}

runs::NextRun NextRunOf(const std::string& verb, const load::Plan& plan, MilvusClient& client, bool dry_run) {
  runs::NextRun next{
      .verb = verb, .dry_run = dry_run, .refused = [&plan, &client](const CallContext& context) {
        load::Plan trial = plan;
        return load::Place(client, trial, context);
      }};
  for (const load::CollectionPlan& collection : plan.collections) {
    next.fills.push_back(collection.target);
    if (collection.create && collection.drop_existing) next.replaces.push_back(collection.target);
  }
  return next;
}

Result<RestoreReport> LoadPlan(load::Plan plan, const std::string& verb, const load::ObjectSource& objects,
                               MilvusTarget& target, MilvusSide* importer, const RunServices& run,
                               const CallContext& context) {
  // From here on a run that is killed is known by its record.
  MBK_TRY_ASSIGN(const std::unique_ptr<runs::RunRecord> record,
                 BeginRecord(plan, verb, runs::RecordsOf(target, importer), context));
  const std::string run_id = record != nullptr ? record->run_id() : load::NewRunId();
  load::GiveTemporaryNames(plan, run_id);
  RestoreReport report{.collections = Preview(plan)};
  for (load::Outcome& outcome : report.collections) outcome.moved_aliases.clear();
  const load::Journal journal = JournalOf(record.get());
  Status stopped = FillTargets(plan, objects, target, importer, run_id, journal, report, run,
                               record != nullptr ? record->Guarded(context) : context);
  if (record != nullptr) stopped = CloseRecord(*record, std::move(stopped), context);
  std::string advice = AdviseOnWhatStays(report.collections, target.reach, record != nullptr);
  if (!stopped.ok()) return SayWhatStaysBehind(stopped, report.collections, plan, advice);
  report.advice = std::move(advice);
  report.status = FirstFailure(report.collections);
  return report;
}

namespace {

// What is known when the target is about to be changed.
struct Prepared {
  OpenedBackup opened;
  load::Plan plan;
  std::vector<std::string> notes;
  MilvusSide* importer = nullptr;
  bool in_place = false;  ///< Milvus imports the files from where they lie
  DigestLog digests;      ///< on record
};

// Changes nothing, but that it puts right what a dead run left.
Result<Prepared> Prepare(const RestoreOptions& options, BackupSide& source, MilvusTarget& target,
                         const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kOpen);
  MBK_TRY_ASSIGN(OpenedBackup read, OpenBackup(source, options.name, context));
  Prepared prepared{.opened = std::move(read)};
  const OpenedBackup& opened = prepared.opened;
  const BackupLayout& layout = opened.layout;
  load::Plan& plan = prepared.plan;

  MBK_TRY(RequireWhole(source, opened, RowSources(opened.backup, options.load), context));
  if (options.rbac && !opened.backup.rbac)
    return FailedPrecondition(
        fmt::format("backup {} holds no RBAC data; it was made without --rbac", options.name));
  prepared.notes = NotesOnNewerKeys(source, layout, context);

  run.progress.Enter(Step::kPlan);
  MBK_TRY_ASSIGN(plan, load::MakePlan(opened.backup, options.load));
  // A job costs the server seconds, however few rows it brings.
  MBK_TRY(load::CheckPromises(plan).WithContext(fmt::format("backup {}", options.name)));
  load::MergeSmallSegments(plan);
  MBK_TRY(load::ChooseWays(plan, options.load, load::WaysOf(target.client)));

  run.progress.Enter(Step::kPreflight);
  // They come last: a server that takes none says so before a row is moved.
  if (options.rbac) MBK_TRY(target.client.BackupRbac(context).status().WithContext("users and roles"));
  // Where every row is inserted the server's own store need not even be there.
  MBK_TRY_ASSIGN(prepared.importer, OpenImporter(plan, target, context));
  MBK_TRY_ASSIGN(const std::optional<ObjectKey> stray,
                 CheckObjects(plan, options.load.meta_only, layout, source.store, run, context));
  // What a dead run left of these targets is put right first: it may give a name back.
  const runs::RecordedTarget recorded = runs::RecordsOf(target, prepared.importer);
  MBK_TRY(runs::LookBeforeRun(NextRunOf("restore", plan, target.client, options.dry_run), recorded,
                              run.sleeper, context));
  MBK_TRY(load::Place(target.client, plan, context));
  MBK_TRY(load::CheckReplacedByNothing(target.client, plan, options.load, context));
  MBK_TRY(load::CheckRowsHaveNotRunOut(
      plan, std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now())));
  prepared.in_place =
      prepared.importer != nullptr && MayImportInPlace(source.store, layout, *prepared.importer, stray, run);
  if (options.load.meta_only) return prepared;
  MBK_TRY_ASSIGN(prepared.digests, RecordedDigests(source.store, layout, context));
  MBK_TRY(CheckBytes(plan, prepared.digests, prepared.in_place, options.dry_run, layout, source.store, run,
                     context));
  return prepared;
}

}  // namespace

Status SayThatNothingWasBegun(Status failed, const CallContext& context) {
  if (context.Check().ok()) return failed;
  return {failed.code(), failed.message() + "; no collection of the target was touched"};
}

Result<RestoreReport> RunRestore(const RestoreOptions& options, BackupSide& source, MilvusTarget& target,
                                 const RunServices& run, const CallContext& context) {
  Result<Prepared> prepared = Prepare(options, source, target, run, context);
  if (!prepared.ok()) return SayThatNothingWasBegun(std::move(prepared).status(), context);
  const OpenedBackup& opened = prepared->opened;
  const BackupLayout& layout = opened.layout;
  if (options.dry_run)
    return RestoreReport{
        .name = options.name, .collections = Preview(prepared->plan), .notes = std::move(prepared->notes)};

  const load::ObjectSource objects{
      .store = source.store,
      .key_of = [&](const DataObject& object) { return object.KeyIn(layout.tree()); },
      .recorded = [&](const ObjectKey& key) { return prepared->digests.Find(key); },
      .importable = prepared->in_place ? &layout.tree() : nullptr,
      .still_there = [&](const CallContext& inner) { return StillThere(source, opened, inner); },
      .proved_by = CommandFor(source.reach, "verify -n " + ShellQuoted(options.name) + " --level rows"),
      .in_place =
          [&](const load::CollectionPlan& collection, std::string_view flags) {
            const CollectionName name{collection.source->db_name, collection.source->name};
            return InPlaceCommand(target.reach, options.name, {{name, collection.target}}, flags);
          },
  };
  MBK_TRY_ASSIGN(RestoreReport report, LoadPlan(std::move(prepared->plan), "restore", objects, target,
                                                prepared->importer, run, context));
  report.name = options.name;
  report.notes = std::move(prepared->notes);
  report.follow_up = FollowUp(options, report.collections, target.reach);
  if (!report.status.ok()) report.status = ExplainFailure(source, opened, std::move(report.status), context);
  // Last, so that an error of what comes before means what it says. What RestoreRBAC refuses, it refuses
  // whole.
  if (options.rbac) {
    report.with_rbac = true;
    report.rbac =
        load::RestoreRbac(target.client, *opened.backup.rbac, context).WithContext("users and roles");
    if (report.status.ok()) report.status = report.rbac;
  }
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
