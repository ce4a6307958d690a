#include "manifest/object_index.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <tuple>

namespace mbk {
namespace {

// A number as it stands in a key. Keys order by bytes, so "10" stands before "9".
class Decimal {
 public:
  explicit Decimal(std::int64_t value) {
    size_ = static_cast<std::size_t>(std::to_chars(text_, text_ + sizeof(text_), value).ptr - text_);
  }
  friend bool operator<(const Decimal& a, const Decimal& b) { return a.view() < b.view(); }

 private:
  std::string_view view() const { return {text_, size_}; }
  char text_[20];
  std::size_t size_ = 0;
};

void SortLogs(std::vector<Binlog>& logs) {
  std::sort(logs.begin(), logs.end(), [](const Binlog& a, const Binlog& b) {
    return std::tuple(Decimal(a.field_id), Decimal(a.log_id)) <
           std::tuple(Decimal(b.field_id), Decimal(b.log_id));
  });
}

// The directory that holds the segment's: its group, or the segment itself where there is no group.
std::int64_t FirstLevel(const Segment& segment) {
  return segment.group_id != 0 ? segment.group_id : segment.segment_id;
}

}  // namespace

ObjectKey DataObject::KeyIn(const BinlogTree& tree) const {
  return is_delta ? tree.DeltaLog(collection->collection_id, *segment, *log)
                  : tree.InsertLog(collection->collection_id, *segment, *log);
}

ObjectKey DataObject::KeyIn(const MilvusLayout& milvus) const {
  return is_delta ? milvus.DeltaLog(collection->collection_id, *segment, *log)
                  : milvus.InsertLog(collection->collection_id, *segment, *log);
}

ObjectIndex::ObjectIndex(std::vector<Collection>& collections) {
  for (Collection& collection : collections) {
    ForEachSegment(collection, [&](Segment& segment) {
      SortLogs(segment.insert_logs);
      SortLogs(segment.delta_logs);
      if (!segment.delta_logs.empty()) runs_.push_back({&collection, &segment, true});
      if (!segment.insert_logs.empty()) runs_.push_back({&collection, &segment, false});
    });
  }
  // "delta_log" stands before "insert_log".
  std::sort(runs_.begin(), runs_.end(), [](const Run& a, const Run& b) {
    auto key = [](const Run& run) {
      return std::tuple(!run.is_delta, Decimal(run.collection->collection_id),
                        Decimal(run.segment->partition_id), Decimal(FirstLevel(*run.segment)),
                        Decimal(run.segment->segment_id));
    };
    return key(a) < key(b);
  });
  std::size_t total = 0;
  for (const Run& run : runs_) {
    begins_.push_back(total);
    const std::vector<Binlog>& logs = run.is_delta ? run.segment->delta_logs : run.segment->insert_logs;
    total += logs.size();
    for (const Binlog& log : logs) bytes_ += log.size;
  }
  begins_.push_back(total);
}

DataObject ObjectIndex::at(std::size_t index) const {
  const auto run_number =
      static_cast<std::size_t>(std::upper_bound(begins_.begin(), begins_.end(), index) - begins_.begin() - 1);
  const Run& run = runs_[run_number];
  const std::vector<Binlog>& logs = run.is_delta ? run.segment->delta_logs : run.segment->insert_logs;
  return {run.collection, run.segment, &logs[index - begins_[run_number]], run.is_delta};
}

void ForEachSegment(Collection& collection, const std::function<void(Segment&)>& visit) {
  for (Partition& partition : collection.partitions)
    std::for_each(partition.segments.begin(), partition.segments.end(), visit);
  std::for_each(collection.l0_segments.begin(), collection.l0_segments.end(), visit);
}

void ForEachSegment(const Collection& collection, const std::function<void(const Segment&)>& visit) {
  for (const Partition& partition : collection.partitions)
    std::for_each(partition.segments.begin(), partition.segments.end(), visit);
  std::for_each(collection.l0_segments.begin(), collection.l0_segments.end(), visit);
}

}  // namespace mbk
