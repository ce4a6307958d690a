#include <fmt/chrono.h>
#include <fmt/core.h>

#include <chrono>

#include "manifest/object_index.h"
#include "ops/create/create.h"

namespace mbk {

Result<FlushStrategy> ParseFlushStrategy(std::string_view name) {
  if (name.empty() || name == "auto") return FlushStrategy::kAuto;
  if (name == "meta_only") return FlushStrategy::kMetaOnly;
  if (name == "skip_flush") return FlushStrategy::kSkipFlush;
  if (name == "serial_flush") return FlushStrategy::kSerialFlush;
  if (name == "bulk_flush") {
    return InvalidArgument(
        "strategy bulk_flush needs FlushAll of Milvus 2.6.11 or newer, which this version does not speak; "
        "use --strategy serial_flush");
  }
  return InvalidArgument(
      fmt::format("invalid strategy {}, only support meta_only, skip_flush, serial_flush", name));
}

std::string DefaultBackupName() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(now - seconds).count();
  return fmt::format("backup_{:%Y_%m_%d_%H_%M_%S}_{}", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                     nanoseconds);
}

std::vector<CollectionSummary> Summarize(const Backup& backup) {
  std::vector<CollectionSummary> summaries;
  for (const Collection& collection : backup.collections) {
    CollectionSummary summary{.name = {collection.db_name, collection.name},
                              .rows_record = collection.rows_record};
    ForEachSegment(collection, [&](const Segment& segment) {
      summary.rows += segment.is_l0 ? 0 : segment.num_rows;
      summary.segments += 1;
      summary.objects += static_cast<std::int64_t>(segment.insert_logs.size() + segment.delta_logs.size());
      summary.bytes += segment.size;
    });
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

}  // namespace mbk
