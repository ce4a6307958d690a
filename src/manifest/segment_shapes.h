#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/json_shapes.h"
#include "manifest/keys.h"
#include "model/backup.h"

namespace mbk::manifest {

/// Learns what the `log_path`s of a backup have in common, and remembers those that deviate.
class LogPaths {
 public:
  /// `backup` gets source_root and irregular_log_paths, and outlives this.
  explicit LogPaths(Backup& backup) : backup_(backup) {}

  /// Whether `path` is what the writer would build for the log, so that nothing need be kept of it. The
  /// first path that agrees with its ids decides the root.
  bool IsRegular(std::string_view path, const ParsedLogKey& log);
  void KeepIrregular(std::int64_t log_id, std::string path);

 private:
  Backup& backup_;
  bool root_known_ = false;
};

/// The two levels of `binlogs` and `deltalogs`, [{"fieldID", "binlogs": [{…}]}], flattened into one vector.
/// `group` is the shape of the outer elements: an object that fills the vector itself.
class LogGroups : public json::Shape {
 public:
  LogGroups(const json::Shape& group, std::function<void()> on_begin)
      : group_(group), on_begin_(std::move(on_begin)) {}
  std::string_view Expected() const override { return "an array"; }
  void TakeNull(void* at) const override;
  bool BeginArray(void* at) const override;
  json::Place Element(void* at) const override { return {.object = at, .shape = &group_}; }
  Status End(void* at) const override;

 private:
  const json::Shape& group_;
  std::function<void()> on_begin_;
};

/// The inner level: elements are added to what the vector holds.
class LogsOfGroup : public json::Shape {
 public:
  explicit LogsOfGroup(const json::Shape& log) : log_(log) {}
  std::string_view Expected() const override { return "an array"; }
  void TakeNull(void*) const override {}
  bool BeginArray(void*) const override { return true; }
  json::Place Element(void* at) const override;
  std::size_t GrowthBytes() const override { return sizeof(Binlog); }

 private:
  const json::Shape& log_;
};

/// How the JSON of a manifest fills segments. Memory does not grow with the paths: each is compared with
/// what its ids say and let go. One instance reads one document at a time.
class SegmentShapes {
 public:
  explicit SegmentShapes(Backup& backup);
  SegmentShapes(const SegmentShapes&) = delete;
  SegmentShapes& operator=(const SegmentShapes&) = delete;

  const json::Shape& segment() const { return segment_; }  ///< of a Segment
  const json::Shape& list() const { return list_; }        ///< of a std::vector<Segment>

  /// The collection that the segments read next stand in; 0: none is known.
  void EnterCollection(std::int64_t collection_id) { enclosing_collection_id_ = collection_id; }
  /// `collection_id` of the segment read last, 0 when it had none.
  std::int64_t collection_id() const { return open_.collection_id; }

 private:
  enum class Kind { kInsert, kDelta };
  void DescribeLog();
  void DescribeGroup(json::Record<std::vector<Binlog>>& group, Kind kind);
  void DescribeSegment();
  void BeginLogs(Kind kind);
  Status FinishLog(Binlog& log);
  Status FinishSegment(Segment& segment);
  ParsedLogKey KeyOf(const Segment& segment, const Binlog& log, Kind kind) const;

  /// A path that did not agree with its ids when it was read; some may stand behind it.
  struct OpenPath {
    Kind kind;
    std::size_t index;
    std::string path;
  };
  /// What is known of the segment being read besides the Segment itself.
  struct OpenSegment {
    Segment* segment = nullptr;
    std::int64_t collection_id = 0;
    Kind kind = Kind::kInsert;
    std::size_t group_begin = 0;
    std::int64_t field_id = 0;
    std::string log_path;
    std::vector<OpenPath> paths;
  } open_;

  LogPaths paths_;
  std::int64_t enclosing_collection_id_ = 0;
  json::Record<Binlog> log_;
  LogsOfGroup logs_{log_};
  json::Record<std::vector<Binlog>> insert_group_;
  json::Record<std::vector<Binlog>> delta_group_;
  LogGroups insert_groups_{insert_group_, [this] { BeginLogs(Kind::kInsert); }};
  LogGroups delta_groups_{delta_group_, [this] { BeginLogs(Kind::kDelta); }};
  json::Record<Segment> segment_;
  json::List<Segment> list_{segment_};
};

}  // namespace mbk::manifest
