#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <mutex>

#include "base/parallel.h"
#include "manifest/object_index.h"
#include "ops/capture/capture.h"

namespace mbk::capture {
namespace {

// What the files of a collection hold.
struct Stored {
  std::int64_t rows = 0;
  bool has_deletes = false;
};

Stored StoredOf(const Collection& collection) {
  Stored stored;
  ForEachSegment(collection, [&](const Segment& segment) {
    if (!segment.is_l0) stored.rows += segment.num_rows;
    stored.has_deletes |= !segment.delta_logs.empty();
  });
  return stored;
}

// How many of the stored rows the deletes in the files hit is not known here: what is counted beyond those
// rows is in memory for certain, with more perhaps; where nothing is, nothing can be said.
std::string NoteOf(const CollectionName& name, std::int64_t counted, const Stored& stored) {
  const std::int64_t more = counted - stored.rows;
  if (more > 0)
    return fmt::format("{}: {}{} row(s) are in memory only, and are not in it (--strategy skip_flush)",
                       name.Full(), stored.has_deletes ? "at least " : "", more);
  if (stored.has_deletes)
    return fmt::format(
        "{}: rows that are in memory only are not in it (--strategy skip_flush); how many "
        "cannot be told: {}",
        name.Full(), "its files hold deletes, and how many rows those hit is not counted");
  if (more < 0)
    return fmt::format(
        "{}: deletes of {} row(s) are in memory only, and are not in it (--strategy skip_flush)", name.Full(),
        -more);
  return "";
}

}  // namespace

Status CountRowsInMemory(MilvusClient& client, Captured& captured, const RunServices& run,
                         const CallContext& context) {
  const std::vector<Collection>& collections = captured.backup.collections;
  std::vector<std::string> notes(collections.size()), not_loaded;
  std::mutex mutex;
  MBK_TRY(ParallelFor(collections.size(), run.settings.collection_concurrency, context,
                      [&](std::size_t i, const CallContext& inner) -> Status {
                        const Collection& collection = collections[i];
                        const CollectionName name{collection.db_name, collection.name};
                        if (collection.load_state != LoadState::kLoaded) {
                          std::scoped_lock lock(mutex);
                          not_loaded.push_back(name.Full());
                          return {};
                        }
                        const Result<std::int64_t> counted =
                            client.CountRows({.collection = name, .schema = &collection.schema}, inner);
                        if (counted.status().code() == Code::kCancelled) return counted.status();
                        std::scoped_lock lock(mutex);
                        if (!counted.ok()) {
                          notes[i] = fmt::format(
                              "{}: rows that are in memory only are not in it (--strategy skip_flush); how "
                              "many cannot be told: {}",
                              name.Full(), counted.status().message());
                          return {};
                        }
                        const Stored stored = StoredOf(collection);
                        if (!stored.has_deletes)
                          captured.rows_in_memory[name] = std::max<std::int64_t>(0, *counted - stored.rows);
                        notes[i] = NoteOf(name, *counted, stored);
                        return {};
                      }));
  std::copy_if(notes.begin(), notes.end(), std::back_inserter(captured.notes),
               [](const std::string& note) { return !note.empty(); });
  if (not_loaded.empty()) return {};
  std::sort(not_loaded.begin(), not_loaded.end());
  captured.notes.push_back(fmt::format(
      "rows that are in memory only are not in it (--strategy skip_flush); how many, Milvus tells "
      "of loaded collections alone, which these are not: {}",
      Enumerate(not_loaded)));
  return {};
}

}  // namespace mbk::capture
