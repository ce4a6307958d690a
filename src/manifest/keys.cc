#include "manifest/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace mbk {
namespace {

constexpr std::string_view kInsertLog = "insert_log";
constexpr std::string_view kDeltaLog = "delta_log";
constexpr std::string_view kParent = "..";

/// Calls `take` with every element between slashes that is not empty.
template <class Take>
void ForEachElement(std::string_view path, Take take) {
  while (!path.empty()) {
    std::size_t slash = path.find('/');
    if (slash != 0) take(path.substr(0, slash));
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

void AppendElements(std::string& key, std::string_view path) {
  ForEachElement(path, [&key](std::string_view element) {
    if (!key.empty() && key.back() != '/') key += '/';
    key += element;
  });
}

/// A number as keys hold it: decimal digits, no sign, no leading zero.
std::optional<std::int64_t> ParseId(std::string_view text) {
  if (text.empty() || text.front() == '-' || (text.front() == '0' && text.size() > 1)) return std::nullopt;
  std::int64_t id = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

/// Only delta logs may belong to all partitions at once.
std::optional<std::int64_t> ParsePartition(std::string_view text, bool is_delta) {
  if (is_delta && text == "-1") return kAllPartitions;
  return ParseId(text);
}

constexpr std::size_t kInsertLevels = 6;  // insert_log/<coll>/<part>/<seg>/<field>/<log>
constexpr std::size_t kDeltaLevels = 5;   // delta_log/<coll>/<part>/<seg>/<log>

struct Levels {
  std::array<std::string_view, kInsertLevels> text;
  std::size_t count = 0;
};

/// Cut at every slash; nullopt for more levels than any log key has.
std::optional<Levels> CutLevels(std::string_view path) {
  Levels levels;
  while (levels.count < kInsertLevels) {
    std::size_t slash = path.find('/');
    levels.text[levels.count++] = path.substr(0, slash);
    if (slash == std::string_view::npos) return levels;
    path.remove_prefix(slash + 1);
  }
  return std::nullopt;
}

std::optional<ParsedLogKey> ParseBelowRoot(std::string_view path) {
  std::optional<Levels> levels = CutLevels(path);
  if (!levels) return std::nullopt;
  const auto& text = levels->text;
  const bool is_delta = text[0] == kDeltaLog;
  if (!is_delta && text[0] != kInsertLog) return std::nullopt;
  if (levels->count != (is_delta ? kDeltaLevels : kInsertLevels)) return std::nullopt;

  auto collection = ParseId(text[1]);
  auto partition = ParsePartition(text[2], is_delta);
  auto segment = ParseId(text[3]);
  auto field = is_delta ? std::optional<std::int64_t>(0) : ParseId(text[4]);
  auto log = ParseId(text[levels->count - 1]);
  if (!collection || !partition || !segment || !field || !log) return std::nullopt;
  return ParsedLogKey{.is_delta = is_delta,
                      .collection_id = *collection,
                      .partition_id = *partition,
                      .segment_id = *segment,
                      .field_id = *field,
                      .log_id = *log};
}

/// Where the last `levels` levels of a path begin, or npos when it has fewer.
std::size_t TailBegin(std::string_view path, std::size_t levels) {
  std::size_t begin = path.size();
  for (std::size_t i = 0; i < levels; ++i) {
    if (begin == 0) return std::string_view::npos;
    std::size_t slash = path.rfind('/', begin - 1);
    if (slash == std::string_view::npos) return i + 1 == levels ? 0 : std::string_view::npos;
    begin = slash;
  }
  return begin + 1;
}

std::optional<SourceLogPath> SplitAt(std::string_view path, std::size_t tail) {
  if (tail == std::string_view::npos) return std::nullopt;
  auto log = ParseBelowRoot(path.substr(tail));
  if (!log) return std::nullopt;
  // The slash before the tail separates; only as the very first character is it the root itself.
  std::string_view root = path.substr(0, tail > 1 ? tail - 1 : tail);
  const bool joined = root.find("//") == std::string_view::npos && (tail <= 1 || root.back() != '/');
  if (!joined) return std::nullopt;  // JoinKey would build another path
  return SourceLogPath{.root = root, .log = *log};
}

/// "<group>/" of a backup's tree, or nothing where the level is absent.
std::string GroupLevel(const Segment& segment) {
  return segment.group_id == 0 ? std::string() : fmt::format("{}/", segment.group_id);
}

std::string GroupDir(std::string_view prefix, std::string_view kind, std::int64_t collection_id,
                     const Segment& segment) {
  return fmt::format("{}binlogs/{}/{}/{}/{}", prefix, kind, collection_id, segment.partition_id,
                     GroupLevel(segment));
}

/// A name inside one path element: a slash in it must not make directories.
std::string AsElement(std::string_view name) {
  std::string element;
  for (char c : name) {
    if (c == '/') {
      element += "%2F";
    } else {
      element += c;
    }
  }
  return element;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr std::size_t kMaxBackupNameBytes = 128;
constexpr std::size_t kRunIdDigits = 12;
constexpr std::string_view kRecordSuffix = ".json";

}  // namespace

std::string JoinKey(std::string_view root, std::string_view rest) {
  std::string key;
  key.reserve(root.size() + rest.size() + 1);
  if (root.starts_with('/')) key = "/";
  AppendElements(key, root);
  AppendElements(key, rest);
  if (rest.ends_with('/') && !key.empty() && key.back() != '/') key += '/';
  return key;
}

std::string RootForBucket(std::string_view root_path) {
  std::vector<std::string_view> kept;
  ForEachElement(root_path, [&kept](std::string_view element) {
    if (element == ".") return;
    if (element != kParent) {
      kept.push_back(element);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  });
  return fmt::format("{}", fmt::join(kept, "/"));
}

ObjectKey MilvusLayout::InsertLog(std::int64_t collection_id, const Segment& segment,
                                  const Binlog& log) const {
  return ObjectKey(
      JoinKey(root_, fmt::format("{}/{}/{}/{}/{}/{}", kInsertLog, collection_id, segment.partition_id,
                                 segment.segment_id, log.field_id, log.log_id)));
}

ObjectKey MilvusLayout::DeltaLog(std::int64_t collection_id, const Segment& segment,
                                 const Binlog& log) const {
  return ObjectKey(JoinKey(root_, fmt::format("{}/{}/{}/{}/{}", kDeltaLog, collection_id,
                                              segment.partition_id, segment.segment_id, log.log_id)));
}

std::string MilvusLayout::InsertLogPrefix(std::int64_t collection_id) const {
  return JoinKey(root_, fmt::format("{}/{}/", kInsertLog, collection_id));
}

std::string MilvusLayout::DeltaLogPrefix(std::int64_t collection_id) const {
  return JoinKey(root_, fmt::format("{}/{}/", kDeltaLog, collection_id));
}

std::string MilvusLayout::InsertLogPrefix(std::int64_t collection_id, std::int64_t partition_id,
                                          std::int64_t segment_id) const {
  return JoinKey(root_, fmt::format("{}/{}/{}/{}/", kInsertLog, collection_id, partition_id, segment_id));
}

std::string MilvusLayout::DeltaLogPrefix(std::int64_t collection_id, std::int64_t partition_id,
                                         std::int64_t segment_id) const {
  return JoinKey(root_, fmt::format("{}/{}/{}/{}/", kDeltaLog, collection_id, partition_id, segment_id));
}

std::optional<ParsedLogKey> ParseMilvusLogKey(std::string_view root, std::string_view key) {
  const std::string joined = JoinKey(root, "");
  if (!key.starts_with(joined)) return std::nullopt;
  key.remove_prefix(joined.size());
  if (!joined.empty() && joined.back() != '/') {
    if (!key.starts_with('/')) return std::nullopt;
    key.remove_prefix(1);
  }
  return ParseBelowRoot(key);
}

std::optional<SourceLogPath> SplitSourceLogPath(std::string_view log_path) {
  if (auto insert = SplitAt(log_path, TailBegin(log_path, kInsertLevels))) return insert;
  return SplitAt(log_path, TailBegin(log_path, kDeltaLevels));
}

ObjectKey BinlogTree::InsertLog(std::int64_t collection_id, const Segment& segment, const Binlog& log) const {
  return ObjectKey(fmt::format("{}{}/{}/{}", GroupDir(prefix_, kInsertLog, collection_id, segment),
                               segment.segment_id, log.field_id, log.log_id));
}

ObjectKey BinlogTree::DeltaLog(std::int64_t collection_id, const Segment& segment, const Binlog& log) const {
  return ObjectKey(fmt::format("{}{}/{}", GroupDir(prefix_, kDeltaLog, collection_id, segment),
                               segment.segment_id, log.log_id));
}

std::string BinlogTree::InsertDir(std::int64_t collection_id, const Segment& segment) const {
  return GroupDir(prefix_, kInsertLog, collection_id, segment);
}

std::string BinlogTree::DeltaDir(std::int64_t collection_id, const Segment& segment) const {
  return GroupDir(prefix_, kDeltaLog, collection_id, segment);
}

std::string BinlogTree::L0Dir(std::int64_t collection_id, const Segment& segment) const {
  const std::string group = GroupDir(prefix_, kDeltaLog, collection_id, segment);
  return segment.group_id == segment.segment_id ? group : fmt::format("{}{}/", group, segment.segment_id);
}

std::string BinlogTree::DataPrefix() const { return prefix_ + "binlogs/"; }

std::string BinlogTree::InsertLogPrefix(std::int64_t collection_id) const {
  return fmt::format("{}binlogs/{}/{}/", prefix_, kInsertLog, collection_id);
}

std::string BinlogTree::DeltaLogPrefix(std::int64_t collection_id) const {
  return fmt::format("{}binlogs/{}/{}/", prefix_, kDeltaLog, collection_id);
}

BackupLayout::BackupLayout(std::string_view backup_root, std::string_view name)
    : name_(name), tree_(JoinKey(backup_root, name_ + "/")) {}

ObjectKey BackupLayout::Meta(std::string_view file) const {
  return ObjectKey(fmt::format("{}meta/{}", prefix(), file));
}

ObjectKey BackupLayout::LockOf(std::string_view run_id) const {
  return Meta(fmt::format("lock-{}.json", run_id));
}

ObjectKey BackupLayout::ScratchOf(std::string_view run_id) const {
  return Meta(fmt::format("lock-{}.tmp", run_id));
}

std::string BackupLayout::LockPrefix() const { return Meta("lock").str(); }

bool BackupLayout::IsLock(const ObjectKey& key) const {
  return key == Meta(kLock) || key.str().starts_with(Meta("lock-").str());
}

BinlogTree StagingTree(std::string_view parent, std::string_view task_id, std::string_view db,
                       std::string_view collection) {
  return BinlogTree(StagingPrefix(parent) +
                    fmt::format("{}-{}-{}/", AsElement(task_id), AsElement(db), AsElement(collection)));
}

std::string StagingPrefix(std::string_view parent) { return JoinKey(parent, "restore-temp-"); }

std::string RunRecordPrefix(std::string_view parent) { return JoinKey(parent, "mbk-runs/"); }

ObjectKey RunRecordKey(std::string_view parent, std::string_view run_id) {
  return ObjectKey(RunRecordPrefix(parent) + RecordFileName(run_id));
}

ObjectKey RunClockKey(std::string_view parent, std::string_view id) {
  return ObjectKey(RunRecordPrefix(parent) + "clock-" + std::string(id));
}

std::string RecordFileName(std::string_view run_id) { return fmt::format("{}{}", run_id, kRecordSuffix); }

bool IsRunId(std::string_view id) {
  const auto is_hex = [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); };
  return id.size() == kRunIdDigits && std::all_of(id.begin(), id.end(), is_hex);
}

std::string RunIdOfRecord(std::string_view file_name) {
  if (!file_name.ends_with(kRecordSuffix)) return "";
  file_name.remove_suffix(kRecordSuffix.size());
  return IsRunId(file_name) ? std::string(file_name) : "";
}

bool IsValidBackupName(std::string_view name) {
  if (name.empty() || name.size() > kMaxBackupNameBytes || !IsLetter(name.front())) return false;
  for (char c : name) {
    if (!IsLetter(c) && !IsDigit(c) && c != '-' && c != '.') return false;
  }
  return IsLetter(name.back()) || IsDigit(name.back());
}

}  // namespace mbk
