#include "manifest/segment_shapes.h"

#include <fmt/format.h>

#include <charconv>

namespace mbk::manifest {
namespace {

std::vector<Binlog>& LogsAt(void* at) { return *static_cast<std::vector<Binlog>*>(at); }

/// The number behind the last slash: how log ids were recorded before `log_id` was (Go 0.5.4).
std::optional<std::int64_t> LastElement(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view text = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  std::int64_t id = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || id < 0) return std::nullopt;
  return id;
}

}  // namespace

bool LogPaths::IsRegular(std::string_view path, const ParsedLogKey& log) {
  const std::optional<SourceLogPath> split = SplitSourceLogPath(path);
  if (!split || split->log != log) return false;
  if (!root_known_) {
    backup_.source_root = split->root;
    root_known_ = true;
  }
  return split->root == backup_.source_root;
}

void LogPaths::KeepIrregular(std::int64_t log_id, std::string path) {
  backup_.irregular_log_paths.insert_or_assign(log_id, std::move(path));
}

void LogGroups::TakeNull(void* at) const {
  on_begin_();
  LogsAt(at).clear();
}

bool LogGroups::BeginArray(void* at) const {
  TakeNull(at);
  return true;
}

Status LogGroups::End(void* at) const {
  LogsAt(at).shrink_to_fit();
  return {};
}

json::Place LogsOfGroup::Element(void* at) const {
  return {.object = &LogsAt(at).emplace_back(), .shape = &log_};
}

SegmentShapes::SegmentShapes(Backup& backup) : paths_(backup) {
  DescribeLog();
  DescribeGroup(insert_group_, Kind::kInsert);
  DescribeGroup(delta_group_, Kind::kDelta);
  DescribeSegment();
}

void SegmentShapes::DescribeLog() {
  log_.OnBegin([this](Binlog&) { open_.log_path.clear(); })
      .OnEnd([this](Binlog& log) { return FinishLog(log); })
      .Add(
          "log_path", [this](Binlog&) { return &open_.log_path; }, json::ScalarShape<std::string>())
      .Add("log_size", &Binlog::size, json::CountShape())
      .Add("log_id", &Binlog::log_id);
}

/// A delta log belongs to no field: what stands as its fieldID is the log id (Go 0.4), what the server
/// said, or nothing.
void SegmentShapes::DescribeGroup(json::Record<std::vector<Binlog>>& group, Kind kind) {
  group.Add("binlogs", [](std::vector<Binlog>& logs) { return &logs; }, logs_);
  group.OnBegin([this, kind](std::vector<Binlog>& logs) {
    open_.kind = kind;
    open_.group_begin = logs.size();
    open_.field_id = 0;
  });
  if (kind == Kind::kDelta) return;
  group.Add(
      "fieldID", [this](std::vector<Binlog>&) { return &open_.field_id; }, json::ScalarShape<std::int64_t>());
  group.OnEnd([this](std::vector<Binlog>& logs) {
    for (std::size_t i = open_.group_begin; i < logs.size(); ++i) logs[i].field_id = open_.field_id;
    return Status();
  });
}

void SegmentShapes::DescribeSegment() {
  segment_
      .OnBegin([this](Segment& segment) {
        open_ = {};
        open_.segment = &segment;
      })
      .OnEnd([this](Segment& segment) { return FinishSegment(segment); })
      .Add("segment_id", &Segment::segment_id)
      .Add(
          "collection_id", [this](Segment&) { return &open_.collection_id; },
          json::ScalarShape<std::int64_t>())
      .Add("partition_id", &Segment::partition_id)
      .Add("num_of_rows", &Segment::num_rows, json::CountShape())
      .Add("binlogs", &Segment::insert_logs, insert_groups_)
      .Add("deltalogs", &Segment::delta_logs, delta_groups_)
      .Add("size", &Segment::size, json::CountShape())
      .Add("group_id", &Segment::group_id)
      .Add("is_l0", &Segment::is_l0)
      .Add("v_channel", &Segment::v_channel)
      .Add("storage_version", &Segment::storage_version);
}

/// A key that stands twice starts again.
void SegmentShapes::BeginLogs(Kind kind) {
  std::erase_if(open_.paths, [kind](const OpenPath& path) { return path.kind == kind; });
}

Status SegmentShapes::FinishLog(Binlog& log) {
  if (log.log_id == 0) {
    std::optional<std::int64_t> id = LastElement(open_.log_path);
    if (!id) return DataLoss("a binlog has no log_id, and its log_path does not end in one");
    log.log_id = *id;
  }
  if (open_.log_path.empty()) return {};
  log.field_id = open_.field_id;
  if (paths_.IsRegular(open_.log_path, KeyOf(*open_.segment, log, open_.kind))) return {};
  const auto& logs = open_.kind == Kind::kInsert ? open_.segment->insert_logs : open_.segment->delta_logs;
  open_.paths.push_back({.kind = open_.kind, .index = logs.size() - 1, .path = open_.log_path});
  return {};
}

Status SegmentShapes::FinishSegment(Segment& segment) {
  // Keys are built from the collection around the segment: one that claims another would be sought elsewhere.
  const std::int64_t own = open_.collection_id;
  if (own != 0 && enclosing_collection_id_ != 0 && own != enclosing_collection_id_) {
    return DataLoss(
        fmt::format("segment {} says that it belongs to collection {}, but stands in collection {}",
                    segment.segment_id, own, enclosing_collection_id_));
  }
  for (OpenPath& open : open_.paths) {
    const auto& logs = open.kind == Kind::kInsert ? segment.insert_logs : segment.delta_logs;
    const Binlog& log = logs[open.index];
    if (paths_.IsRegular(open.path, KeyOf(segment, log, open.kind))) continue;
    paths_.KeepIrregular(log.log_id, std::move(open.path));
  }
  open_.paths.clear();
  return {};
}

ParsedLogKey SegmentShapes::KeyOf(const Segment& segment, const Binlog& log, Kind kind) const {
  const bool is_delta = kind == Kind::kDelta;
  return {.is_delta = is_delta,
          .collection_id = open_.collection_id != 0 ? open_.collection_id : enclosing_collection_id_,
          .partition_id = segment.partition_id,
          .segment_id = segment.segment_id,
          .field_id = is_delta ? 0 : log.field_id,
          .log_id = log.log_id};
}

}  // namespace mbk::manifest
