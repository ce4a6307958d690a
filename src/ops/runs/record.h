#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "milvus/client.h"
#include "repository/process_identity.h"

/// What a run that fills a Milvus leaves known of itself, so that a later one can put right what it left
/// when it was killed. One JSON object; it holds no secret (docs/formats/run-record.md).
namespace mbk::runs {

/// One collection that a run fills, as its record says. Ids of 0: not known (yet, or of a server that has
/// none).
struct RecordedCollection {
  CollectionName target;           ///< the name it is to have
  std::string temporary;           ///< the name it is built under; "" when built under its own
  std::int64_t collection_id = 0;  ///< of the new one
  std::string aside;               ///< the name that the old one has meanwhile; "" when there is none
  std::int64_t old_id = 0;
  std::vector<std::string> old_aliases;
  bool drop_first = false;  ///< the old one is dropped, or about to be, before the new one is filled
  bool created = false;     ///< this run made it: never of --skip_create_collection
  bool filled = false;      ///< with drop_first: the rows that were to come are in, and the old ones are gone
  bool proved = false;      ///< filled, and its rows held against what was expected
  bool done = false;        ///< nothing of it is temporary any more
  friend bool operator==(const RecordedCollection&, const RecordedCollection&) = default;

  /// Whether it may be all that there is of its rows.
  bool IsOnlyCopy() const { return drop_first && (filled || proved); }
};

struct Record {
  std::string run_id;          ///< 12 lower-case hex digits
  std::string holder;          ///< who writes the record: the run itself, or a later one that puts it right
  std::string verb;            ///< "restore", "clone"
  std::string server;          ///< as the run called it, "host:port"
  std::string root;            ///< where that server keeps its files; "" where its store was not opened
  ProcessIdentity process;     ///< of the holder
  std::int64_t started_s = 0;  ///< unix seconds, of the host of the run; for messages only
  std::int64_t heartbeat = 0;  ///< counts up as long as the holder lives
  std::vector<RecordedCollection> collections;
  std::vector<std::string> staging;  ///< prefixes of the server's store
  std::vector<std::int64_t> jobs;    ///< imports: may read staged files, and fill the collections
  friend bool operator==(const Record&, const Record&) = default;

  /// "restore 4f1c22ab90de on host db1, pid 4711, since 2026-11-22 01:00:00 UTC"; without host and pid where
  /// another run has put right something of it.
  std::string Describe() const;
};

std::string ToJson(const Record& record);
/// kDataLoss, with what is wrong, for anything that ToJson does not write; kUnimplemented for the record of a
/// newer version.
Result<Record> RecordFromJson(std::string_view json);

/// No record is larger; one that is was not written by a run.
inline constexpr std::int64_t kMaxRecordBytes = 16 << 20;

}  // namespace mbk::runs
