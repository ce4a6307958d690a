#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model/column_builder.h"
#include "model/rows.h"

/// Rows of many small segments in few messages: a call costs a server some milliseconds however few rows it
/// brings.
namespace mbk::load {

struct GatherLimits {
  std::int64_t message_bytes = 0;  ///< encoded, about, in one message
  std::int64_t message_rows = 0;
  std::int64_t held_bytes = 0;  ///< of all messages that are being gathered
};

/// Rows that go to the server together.
struct RowMessage {
  std::string partition;
  RowBatch rows;
};

/// Gathers batches with the same columns, partition by partition. Thread-safe.
class RowGatherer {
 public:
  explicit RowGatherer(const GatherLimits& limits) : limits_(limits) {}

  /// Copies the rows of `batch`, which is smaller than a message. Returns one to be sent now, if any: one
  /// that is full, or the largest when more than `held_bytes` are held.
  std::optional<RowMessage> Add(const std::string& partition, const RowBatch& batch);
  /// All that is left.
  std::vector<RowMessage> TakeAll();

 private:
  struct Gathered {
    std::vector<ColumnBuilder> columns;
    std::int64_t rows = 0;
    std::int64_t bytes = 0;  ///< encoded
  };
  using Map = std::map<std::string, Gathered>;
  RowMessage Take(Map::iterator gathered);

  const GatherLimits limits_;
  std::mutex mutex_;
  Map gathered_;
  std::int64_t held_bytes_ = 0;
};

}  // namespace mbk::load
