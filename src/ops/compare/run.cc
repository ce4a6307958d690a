#include "ops/compare/run.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/log.h"
#include "codec/row_codec.h"
#include "manifest/object_index.h"
#include "ops/capture/capture.h"
#include "ops/identity.h"
#include "ops/open_backup.h"
#include "ops/rows/binlog_rows.h"
#include "ops/rows/largest_key.h"
#include "ops/rows/live_rows.h"
#include "ops/select/collections.h"
#include "ops/whole_backup.h"
#include "repository/repository.h"

namespace mbk {
namespace {

using rows::LiveRows;
using rows::RowSource;

// The two sides of one comparison. A backup is not live; one of the two always is.
struct Sides {
  RowSource& left;
  RowSource& right;
  LiveRows* live_left = nullptr;
  LiveRows* live_right = nullptr;
  std::int64_t rows_in_backup = 0;  ///< as the segments say
};

// What a server counts and never returns cannot be compared, and must not look like a row that is missing.
Result<std::int64_t> CountHidden(LiveRows* live, ComparedCollection& compared, const CallContext& context) {
  if (live == nullptr) return 0;
  MBK_TRY_ASSIGN(const std::int64_t hidden, live->CountHidden(context));
  if (hidden > 0)
    compared.unproven.push_back(
        fmt::format("{} counts {} row(s) of key {} and returns them to no query: this key is not compared",
                    live->name(), hidden, rows::kLargestKey));
  return hidden;
}

// Counting and reading are two questions, to which Milvus gives two answers: a key that was inserted twice is
// counted twice.
Status HoldAgainstCount(LiveRows* live, const Fingerprint& read, std::int64_t hidden,
                        ComparedCollection& compared, const CallContext& context) {
  if (live == nullptr) return {};
  MBK_TRY_ASSIGN(const std::int64_t counted, live->Count(context));
  if (counted - hidden == read.rows) return {};
  compared.unproven.push_back(
      fmt::format("{} counts {} rows and returns {}: keys that were inserted more than once, or rows that no "
                  "query returns",
                  live->name(), counted - hidden, read.rows));
  return {};
}

std::string AtWhich(bool left, bool right, const Sides& sides) {
  return left && right ? fmt::format("{} and {}", sides.left.name(), sides.right.name())
                       : (left ? sides.left : sides.right).name();
}

// Differences that say nothing of a loss: a server gives any of the rows of a key that stands more than once,
// none of a row whose time is over, and now and then one answer here and another there. Every difference must
// be of such a kind.
void Explain(const Sides& sides, Comparison& comparison) {
  if (comparison.left.total == comparison.right.total || !comparison.being_written.empty()) return;
  if (comparison.missing + comparison.extra + comparison.changed == 0) {
    comparison.explanations.emplace_back(
        "the sides differed when their rows were added up, and not when the difference was looked for: the "
        "answers of a server change");
    return;
  }
  const std::int64_t looked_for =
      std::min(comparison.changed, static_cast<std::int64_t>(kMostRepeatedLookedFor));
  const bool missing_ran_out = sides.live_right != nullptr && sides.live_right->ttl_seconds() > 0;
  const bool extra_ran_out = sides.live_left != nullptr && sides.live_left->ttl_seconds() > 0;
  const bool explained = comparison.repeated == looked_for && (comparison.missing == 0 || missing_ran_out) &&
                         (comparison.extra == 0 || extra_ran_out);
  if (!explained) return;
  if (comparison.changed > 0)
    comparison.explanations.push_back(
        fmt::format("every key that differs was inserted more than once ({} of {} looked for): of its rows "
                    "Milvus gives any, not always the newest; an upsert leaves one",
                    comparison.repeated, looked_for));
  const bool missing = comparison.missing > 0, extra = comparison.extra > 0;
  if (missing || extra)
    comparison.explanations.push_back(
        fmt::format("{} has a TTL (collection.ttl.seconds): the rows that are not there may have run out",
                    AtWhich(extra, missing, sides)));
}

// How many rows the passes over both sides are about to bring, for the progress.
Result<std::int64_t> CountRowsToRead(const Sides& sides, const CallContext& context) {
  std::int64_t rows = 0;
  for (LiveRows* live : {sides.live_left, sides.live_right}) {
    if (live == nullptr) continue;
    MBK_TRY_ASSIGN(const std::int64_t counted, live->Count(context));
    rows += 2 * counted;
  }
  return rows;
}

Status CompareSides(const Sides& sides, const CompareOptions& options, ComparedCollection& compared,
                    Progress& progress, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::int64_t to_read, CountRowsToRead(sides, context));
  progress.EnterRows(Step::kVerify, sides.rows_in_backup + to_read);
  MBK_TRY_ASSIGN(const std::int64_t hidden_left, CountHidden(sides.live_left, compared, context));
  MBK_TRY_ASSIGN(const std::int64_t hidden_right, CountHidden(sides.live_right, compared, context));
  if (hidden_left + hidden_right > 0 && rows::HasLargestKey(sides.left.schema()) &&
      rows::HasLargestKey(sides.right.schema())) {
    rows::WithoutLargestKey left(sides.left), right(sides.right);
    MBK_TRY_ASSIGN(compared.comparison, CompareRows(left, right, options, progress, context));
  } else {
    MBK_TRY_ASSIGN(compared.comparison, CompareRows(sides.left, sides.right, options, progress, context));
  }
  Explain(sides, *compared.comparison);
  for (const std::string& why : compared.comparison->explanations) compared.unproven.push_back(why);
  for (const std::string& name : compared.comparison->being_written)
    compared.unproven.push_back(fmt::format("{} is being written to: two passes gave two results", name));
  if (!compared.comparison->rows_compared) return {};
  // Rows of a backup that are all deleted are a result; two sides without any are none.
  if (compared.comparison->left.total.rows + compared.comparison->right.total.rows + sides.rows_in_backup ==
      0)
    compared.unproven.push_back(fmt::format("neither {} nor {} has a row: there is nothing to compare",
                                            sides.left.name(), sides.right.name()));
  MBK_TRY(HoldAgainstCount(sides.live_left, compared.comparison->left.total, hidden_left, compared, context));
  return HoldAgainstCount(sides.live_right, compared.comparison->right.total, hidden_right, compared,
                          context);
}

// Releases what was loaded to be read. What cannot be is part of the error, or a warning where there is none.
Status SayWhatStaysLoaded(std::initializer_list<LiveRows*> sides, Status done) {
  for (LiveRows* side : sides) {
    const std::string stays = side->Close();
    if (stays.empty()) continue;
    if (done.ok())
      log::Warn("{}", stays);
    else
      done = {done.code(), done.message() + "; " + stays};
  }
  return done;
}

// A collection that is not loaded, wholly, that grows while it is read, that is dropped, or whose rows the
// server cannot count, is named, and the others are compared.
Status UnlessUnreadable(Status compared_so_far, ComparedCollection& compared) {
  const Code code = compared_so_far.code();
  if (code != Code::kFailedPrecondition && code != Code::kNotFound && code != Code::kUnimplemented)
    return compared_so_far;
  compared.comparison.reset();
  compared.unproven.push_back(compared_so_far.message());
  return {};
}

// Names that are wrong are said before hours are spent on those that are right.
Status CheckThere(MilvusClient& client, const std::vector<CollectionName>& names,
                  const CallContext& context) {
  std::vector<std::string> missing;
  for (const CollectionName& name : names) {
    MBK_TRY_ASSIGN(const bool there, client.HasCollection(name, context));
    if (!there) missing.push_back(name.Full());
  }
  if (missing.empty()) return {};
  return NotFound(fmt::format("{} has no collection {}", client.address(), Enumerate(missing)));
}

std::int64_t RowsOf(const Collection& collection) {
  std::int64_t rows = 0;
  ForEachSegment(collection, [&](const Segment& segment) { rows += segment.is_l0 ? 0 : segment.num_rows; });
  return rows;
}

// Whether two clients reach one server, where collections have no ids: asked once.
class OneServer {
 public:
  OneServer(MilvusClient& left, MilvusClient& right) : left_(left), right_(right) {}
  const Result<bool>& Ask(const CallContext& context) {
    if (!answer_) answer_ = AreOneServer(left_, right_, context);
    return *answer_;
  }

 private:
  MilvusClient& left_;
  MilvusClient& right_;
  std::optional<Result<bool>> answer_;
};

struct LiveCollection {
  MilvusClient& client;
  const CollectionName& name;
};

Status ItselfByName(const LiveCollection& one) {
  return InvalidArgument(
      fmt::format("{} of Milvus {} is compared with itself; name another server or collection",
                  one.name.Full(), one.client.address()));
}

// Equal to itself is no proof. Why it cannot be told whether they are one; "" where they are not, or where
// that is meant.
Result<std::string> RefuseItself(const LiveCompareOptions& options, const LiveCollection& here,
                                 const LiveCollection& there, OneServer& one_server,
                                 const CallContext& context) {
  const Result<Sameness> asked = CompareIdentity(here.client, here.name, there.client, there.name, context);
  if (asked.status().code() == Code::kNotFound) return std::string();  // said where it is read
  MBK_TRY_ASSIGN(const Sameness sameness, asked);
  if (sameness == Sameness::kDifferent) return std::string();
  if (sameness == Sameness::kUnknown) {
    if (here.client.address() == there.client.address()) return ItselfByName(here);
    if (options.same_id_ok) return std::string();
    const Result<bool>& same = one_server.Ask(context);
    if (same.ok()) return *same ? ItselfByName(here) : Result<std::string>(std::string());
    MBK_TRY(context.Check());
    return fmt::format(
        "{} of Milvus {} and {} of Milvus {} may be one collection: the servers give no ids ({}); "
        "--same-id-ok says that they are two",
        here.name.Full(), here.client.address(), there.name.Full(), there.client.address(),
        same.status().message());
  }
  if (!options.same_id_ok)
    return InvalidArgument(
        fmt::format("{} of Milvus {} is compared with itself: {} of Milvus {} has the same id and time of "
                    "creation; name another server or collection. If one server was made from the other's "
                    "volumes, add --same-id-ok",
                    here.name.Full(), here.client.address(), there.name.Full(), there.client.address()));
  log::Warn(
      "{} of Milvus {} and {} of Milvus {} have one id and one time of creation: they are one collection, "
      "unless one server was made from the other's volumes",
      here.name.Full(), here.client.address(), there.name.Full(), there.client.address());
  return std::string();
}

}  // namespace

Result<ComparedCollection> CompareWithLive(const StoredRows& stored, MilvusClient& server,
                                           const CollectionName& live, const LiveCompareOptions& options,
                                           const RunServices& run, const CallContext& context) {
  ComparedCollection compared{.left = stored.name, .right = live};
  const auto compare = [&]() -> Status {
    MBK_TRY_ASSIGN(const std::unique_ptr<LiveRows> right,
                   LiveRows::Open(server, live, {.load = options.load}, run.sleeper, context));
    Status done = CompareSides(
        {.left = stored.rows, .right = *right, .live_right = right.get(), .rows_in_backup = stored.promised},
        options.compare, compared, run.progress, context);
    return SayWhatStaysLoaded({right.get()}, std::move(done));
  };
  MBK_TRY(UnlessUnreadable(compare(), compared));
  return compared;
}

Result<std::vector<ComparedCollection>> RunVerifyLive(const std::string& backup,
                                                      const LiveCompareOptions& options, BackupSide& side,
                                                      MilvusClient& server, const RunServices& run,
                                                      const CallContext& context) {
  run.progress.Enter(Step::kOpen);
  const BackupLayout layout(side.root, backup);
  MBK_TRY_ASSIGN(const OpenedBackup opened, OpenBackup(side, backup, context));
  MBK_TRY(RequireBinlogs(opened, "verify --live"));
  MBK_TRY_ASSIGN(const std::vector<const Collection*> selected,
                 SelectCollections(opened.backup, options.filter));
  std::set<CollectionName> sources;
  for (const Collection* collection : selected) sources.insert({collection->db_name, collection->name});
  MBK_TRY(options.renamer.CheckUsed(sources));
  MBK_TRY(RequireWhole(side, opened, selected, context));
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  std::vector<CollectionName> names;
  for (const Collection* collection : selected)
    names.push_back(options.renamer.Apply({collection->db_name, collection->name}));
  MBK_TRY(CheckThere(server, names, context));

  run.progress.Enter(Step::kVerify);
  const rows::BinlogSource source{side.store,
                                  [&](const DataObject& object) { return object.KeyIn(layout.tree()); }};
  std::vector<ComparedCollection> all;
  for (const Collection* collection : selected) {
    const CollectionName name{collection->db_name, collection->name};
    MBK_TRY_ASSIGN(rows::CollectionRows opened_rows,
                   rows::CollectionRows::Open(*codec, source, *collection, {}));
    rows::BinlogRows left(fmt::format("backup {}: {}", backup, name.Full()), std::move(opened_rows));
    MBK_TRY_ASSIGN(ComparedCollection compared,
                   CompareWithLive({left, name, RowsOf(*collection)}, server, options.renamer.Apply(name),
                                   options, run, context));
    all.push_back(std::move(compared));
  }
  run.progress.Enter(Step::kDone);
  return all;
}

Result<std::vector<ComparedCollection>> RunCompare(const LiveCompareOptions& options, MilvusClient& left,
                                                   MilvusClient& right, const RunServices& run,
                                                   const CallContext& context) {
  run.progress.Enter(Step::kPlan);
  MBK_TRY_ASSIGN(const capture::Selection selection, capture::Select(left, options.filter, {}, context));
  MBK_TRY(options.renamer.CheckUsed({selection.collections.begin(), selection.collections.end()}));
  std::vector<CollectionName> names;
  for (const CollectionName& name : selection.collections) names.push_back(options.renamer.Apply(name));
  if (names.empty())
    return NotFound(fmt::format("{} has no collection that is to be compared", left.address()));
  MBK_TRY(CheckThere(right, names, context));
  OneServer one_server(left, right);
  std::vector<std::string> doubts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    MBK_TRY_ASSIGN(std::string doubt, RefuseItself(options, {left, selection.collections[i]},
                                                   {right, names[i]}, one_server, context));
    doubts.push_back(std::move(doubt));
  }
  run.progress.Enter(Step::kVerify);
  std::vector<ComparedCollection> all;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ComparedCollection compared{.left = selection.collections[i], .right = names[i]};
    if (!doubts[i].empty()) compared.unproven.push_back(doubts[i]);
    const rows::LiveRowsOptions live{.load = options.load};
    const auto compare = [&]() -> Status {
      MBK_TRY_ASSIGN(const auto here, LiveRows::Open(left, compared.left, live, run.sleeper, context));
      const auto opened = LiveRows::Open(right, compared.right, live, run.sleeper, context);
      if (!opened.ok()) return SayWhatStaysLoaded({here.get()}, opened.status());
      const auto& there = *opened;
      Status done =
          CompareSides({.left = *here, .right = *there, .live_left = here.get(), .live_right = there.get()},
                       options.compare, compared, run.progress, context);
      return SayWhatStaysLoaded({here.get(), there.get()}, std::move(done));
    };
    MBK_TRY(UnlessUnreadable(compare(), compared));
    all.push_back(std::move(compared));
  }
  run.progress.Enter(Step::kDone);
  return all;
}

}  // namespace mbk
