#include "ops/capture/each_captured.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

#include "base/log.h"
#include "base/parallel.h"

namespace mbk::capture {
namespace {

// A server that is gone has failed the step already, and patiently.
constexpr std::chrono::seconds kLookTimeout{10};

// Segments may be listed more than once, and say the same each time.
void AddOnce(std::string note, std::vector<std::string>& notes) {
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
}

}  // namespace

Identity IdentityOf(const Collection& collection) {
  return {collection.collection_id, collection.created_timestamp};
}

Result<std::string> WhatHappened(MilvusClient& client, const CollectionName& name, const Identity& known,
                                 const CallContext& context) {
  CallContext bounded = context;
  bounded.deadline = Deadline::After(std::min<Milliseconds>(kLookTimeout, context.deadline.Remaining()));
  const Result<CollectionDescription> now = client.DescribeCollection(name, bounded);
  if (now.status().code() == Code::kNotFound) return std::string("was dropped or renamed while it was read");
  MBK_TRY(now.status());
  if (known == Identity{now->collection_id, now->created_timestamp}) return std::string();
  return fmt::format("was dropped and made again while it was read: its id was {} and is {}",
                     known.collection_id, now->collection_id);
}

Status Vanished(const LeftOut& gone) {
  return FailedPrecondition(
      fmt::format("{} {}; nothing is kept. Run it again, or with --skip-vanished, which takes the others",
                  gone.name.Full(), gone.why));
}

Status ForEachCaptured(MilvusClient& client, Captured& captured, const std::vector<std::size_t>& indexes,
                       const RunServices& run, const CallContext& context, const CapturedStep& step) {
  std::vector<Collection>& collections = captured.backup.collections;
  std::vector<std::string> gone(collections.size());  // what happened to each; mostly nothing
  std::vector<std::vector<std::string>> notes(collections.size());
  MBK_TRY(ParallelFor(indexes.size(), run.settings.collection_concurrency, context,
                      [&](std::size_t i, const CallContext& inner) -> Status {
                        const std::size_t at = indexes[i];
                        Collection& collection = collections[at];
                        const CollectionName name{collection.db_name, collection.name};
                        Status done = step(collection, notes[at], inner);
                        if (done.ok() || done.code() == Code::kCancelled) return done;
                        const Result<std::string> happened =
                            WhatHappened(client, name, IdentityOf(collection), inner);
                        if (!happened.ok() || happened->empty()) return done;
                        log::Info("{} {}: {}", name.Full(), *happened, done.message());
                        if (captured.when_vanished == WhenVanished::kFail)
                          return Vanished({.name = name, .why = *happened});
                        gone[at] = *happened;
                        return {};
                      }));
  std::vector<Collection> kept;
  for (std::size_t i = 0; i < collections.size(); ++i) {
    if (!gone[i].empty()) {
      captured.left_out.push_back({.name = {collections[i].db_name, collections[i].name},
                                   .reason = LeftOut::Reason::kVanished,
                                   .why = std::move(gone[i])});
      continue;
    }
    for (std::string& note : notes[i]) AddOnce(std::move(note), captured.notes);
    kept.push_back(std::move(collections[i]));
  }
  collections = std::move(kept);
  return {};
}

Status ForEachCaptured(MilvusClient& client, Captured& captured, const RunServices& run,
                       const CallContext& context, const CapturedStep& step) {
  std::vector<std::size_t> all(captured.backup.collections.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return ForEachCaptured(client, captured, all, run, context, step);
}

Status Confirm(MilvusClient& client, Captured& captured, const RunServices& run, const CallContext& context) {
  return ForEachCaptured(
      client, captured, run, context,
      [&](Collection& collection, std::vector<std::string>&, const CallContext& inner) -> Status {
        const CollectionName name{collection.db_name, collection.name};
        MBK_TRY_ASSIGN(const std::string happened, WhatHappened(client, name, IdentityOf(collection), inner));
        return happened.empty() ? Status() : FailedPrecondition(name.Full() + " " + happened);
      });
}

}  // namespace mbk::capture
