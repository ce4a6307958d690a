#include "ops/rows/collection_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <span>
#include <utility>

#include "base/log.h"
#include "base/parallel.h"
#include "codec/envelope.h"
#include "model/storage_version.h"
#include "ops/rows/stored_file.h"

namespace mbk::rows {
namespace {

// A window smaller than this costs more in requests than it saves in memory.
constexpr std::int64_t kMinWindowBytes = 128 << 10;
// Delta logs are small; a worker reads one at a time.
constexpr std::int64_t kDeltaWindowBytes = 4 << 20;
// Of 3 a manifest in the segment's directory says which files hold what.
constexpr std::int64_t kNewestStorageVersion = 2;
// A guess: memory is set aside for one delete to so many rows.
constexpr std::int64_t kRowsOfALikelyDelete = 4;
constexpr std::int64_t kMaxKeyParts = 1 << 10;

}  // namespace

std::vector<std::int64_t> FieldsOf(const CollectionSchema& schema) {
  std::vector<std::int64_t> ids;
  for (const FieldSchema& field : schema.fields) ids.push_back(field.field_id);
  for (const StructArrayField& group : schema.struct_array_fields)
    for (const FieldSchema& field : group.fields) ids.push_back(field.field_id);
  return ids;
}

CollectionSchema WithDynamicField(CollectionSchema schema) {
  const bool has_it = std::any_of(schema.fields.begin(), schema.fields.end(),
                                  [](const FieldSchema& field) { return field.is_dynamic; });
  if (!schema.enable_dynamic_field || has_it) return schema;
  schema.fields.push_back({.field_id = DynamicFieldId(schema),
                           .name = kDynamicFieldName,
                           .data_type = DataType::kJson,
                           .is_dynamic = true});
  return schema;
}

Hash128 KeyHash(const Column& keys, std::int64_t row) {
  if (keys.type == DataType::kInt64) return {static_cast<std::uint64_t>(keys.NumberAt<std::int64_t>(row)), 0};
  return HashBytes(keys.BytesAt(row));
}

Status CheckStorageVersions(const Collection& collection) {
  const Segment* unknown = nullptr;
  ForEachSegment(collection, [&](const Segment& segment) {
    const bool is_known = segment.storage_version >= 0 && segment.storage_version <= kNewestStorageVersion;
    if (!is_known && unknown == nullptr) unknown = &segment;
  });
  if (unknown == nullptr) return {};
  return {Code::kUnimplemented,
          fmt::format("segment {} of {}.{} is of storage version {}, and rows are read up to version {}: its "
                      "rows can be copied and imported, but not read here",
                      unknown->segment_id, collection.db_name, collection.name, unknown->storage_version,
                      kNewestStorageVersion)};
}

CollectionRows::CollectionRows(RowCodec& codec, BinlogSource source, const Collection& collection,
                               CollectionSchema schema, const RowSettings& settings)
    : codec_(&codec),
      source_(std::move(source)),
      collection_(&collection),
      schema_(std::move(schema)),
      settings_(settings) {
  for (std::size_t i = 0; i < collection.partitions.size(); ++i) {
    for (const Segment& segment : collection.partitions[i].segments)
      if (!segment.is_l0 && !segment.insert_logs.empty()) segments_.push_back({&segment, i});
  }
}

Result<CollectionRows> CollectionRows::Open(RowCodec& codec, BinlogSource source,
                                            const Collection& collection, const RowSettings& settings) {
  MBK_TRY(CheckStorageVersions(collection));
  CollectionSchema schema = WithDynamicField(collection.schema);
  if (PrimaryKeyOf(schema) == nullptr)
    return DataLoss(
        fmt::format("the schema of {}.{} names no primary key", collection.db_name, collection.name));
  return CollectionRows(codec, std::move(source), collection, std::move(schema), settings);
}

// Old metadata do not know every size, and say 0.
Result<std::unique_ptr<ByteSource>> CollectionRows::Open(const DataObject& object, std::int64_t window_bytes,
                                                         const CallContext& context) const {
  ObjectKey key = source_.key_of(object);
  std::int64_t size = object.log->size;
  if (size == 0) {
    MBK_TRY_ASSIGN(const ObjectInfo info, source_.store.Head(key, context));
    size = info.size;
  }
  return std::unique_ptr<ByteSource>(
      std::make_unique<StoredFile>(source_.store, std::move(key), size, window_bytes, context));
}

Result<std::vector<FieldFiles>> CollectionRows::FilesOf(const Segment& segment,
                                                        const CallContext& context) const {
  std::map<std::int64_t, std::vector<const Binlog*>> logs_of;
  for (const Binlog& log : segment.insert_logs) logs_of[log.field_id].push_back(&log);
  const auto open_at_a_time = static_cast<std::int64_t>(std::max<std::size_t>(1, logs_of.size()));
  const std::int64_t window = std::max(kMinWindowBytes, settings_.read_ahead_bytes / open_at_a_time);
  std::vector<FieldFiles> files;
  for (auto& [field_id, logs] : logs_of) {
    std::sort(logs.begin(), logs.end(),
              [](const Binlog* a, const Binlog* b) { return a->log_id < b->log_id; });
    FieldFiles field{.field_id = field_id};
    for (const Binlog* log : logs) {
      const DataObject object{.collection = collection_, .segment = &segment, .log = log};
      MBK_TRY_ASSIGN(auto file, Open(object, window, context));
      field.files.push_back(std::move(file));
    }
    files.push_back(std::move(field));
  }
  return files;
}

std::optional<BinlogOrigin> CollectionRows::OriginOf(const Segment& segment) const {
  if (!settings_.check_origin) return std::nullopt;
  return BinlogOrigin{collection_->collection_id, segment.partition_id, segment.segment_id};
}

Status CollectionRows::ReadSegment(std::size_t index, const Segment& segment,
                                   const std::vector<std::int64_t>& field_ids, const Visit& visit,
                                   const CallContext& context) const {
  MBK_TRY_ASSIGN(std::vector<FieldFiles> files, FilesOf(segment, context));
  MBK_TRY_ASSIGN(auto reader, codec_->OpenSegment(schema_, std::move(files),
                                                  {.origin = OriginOf(segment),
                                                   .field_ids = field_ids,
                                                   .batch_bytes = settings_.batch_bytes}));
  std::int64_t first_row = 0;
  for (;;) {
    MBK_TRY(context.Check());
    MBK_TRY_ASSIGN(const std::optional<RowBatch> batch, reader->Next());
    if (!batch) return {};
    MBK_TRY(visit(index, first_row, *batch));
    first_row += batch->rows;
  }
}

Status CollectionRows::ForEachBatch(const std::vector<std::int64_t>& field_ids, const Visit& visit,
                                    const SegmentEnd& ended, const CallContext& context) const {
  return ParallelFor(
      segments_.size(), settings_.workers, context, [&](std::size_t index, const CallContext& inner) {
        const Segment& segment = *segments_[index].segment;
        return ended(index, ReadSegment(index, segment, field_ids, visit, inner).WithContext(NameOf(index)));
      });
}

Status CollectionRows::ReadField(std::size_t index, std::int64_t field_id, const CallContext& context) const {
  // Of packed files only the files themselves say which fields they hold.
  Segment segment = *segments_[index].segment;
  if (segment.storage_version < kFirstPackedStorageVersion) {
    std::erase_if(segment.insert_logs, [&](const Binlog& log) { return log.field_id != field_id; });
    if (segment.insert_logs.empty()) return {};  // added later, or lost from the metadata (manifest/whole.h)
  }
  auto let_go = [](std::size_t, std::int64_t, const RowBatch&) { return Status(); };
  return ReadSegment(index, segment, {field_id}, let_go, context).WithContext(NameOf(index));
}

std::string CollectionRows::NameOf(std::size_t index) const {
  return fmt::format("segment {} of {}.{}", segments_[index].segment->segment_id, collection_->db_name,
                     collection_->name);
}

Status CollectionRows::ForEachDelete(const Segment& segment, const DeleteSink& sink,
                                     const CallContext& context) const {
  for (const Binlog& log : segment.delta_logs) MBK_TRY(ReadDeltaLog(segment, log, sink, context));
  return {};
}

Status CollectionRows::ReadDeltaLog(const Segment& segment, const Binlog& log, const DeleteSink& sink,
                                    const CallContext& context) const {
  const DataObject object{.collection = collection_, .segment = &segment, .log = &log, .is_delta = true};
  MBK_TRY_ASSIGN(const auto file, Open(object, kDeltaWindowBytes, context));
  if (const std::optional<BinlogOrigin> origin = OriginOf(segment))
    MBK_TRY(codec::CheckDeltaLogOrigin(*file, *origin));
  return codec_->ReadDeltaLog(*file, primary_key().data_type, sink);
}

// One of several parts of all keys.
struct CollectionRows::KeyPart {
  std::uint64_t number = 0;
  std::uint64_t parts = 1;

  bool Has(const Hash128& key) const {
    // Fibonacci hashing: neighbouring numbers spread over the parts.
    return parts == 1 || ((key.low ^ key.high) * 0x9E3779B97F4A7C15u >> 32) % parts == number;
  }
};

// Gathers what happened to the keys of one part of the key space, as far as it fits in memory.
class CollectionRows::KeyPass {
 public:
  /// `expected` events are likely, more than `limit` are not taken if there is one.
  KeyPass(const CollectionRows& rows, KeyPart part, std::size_t expected, std::optional<std::size_t> limit)
      : rows_(rows), part_(part), limit_(limit), row_counts_(rows.segments_.size()) {
    events_.reserve(std::min(expected, limit.value_or(expected)));
  }

  Status GatherRows(const CallContext& context) {
    const std::int64_t key_field = rows_.primary_key().field_id;
    auto visit = [&](std::size_t segment, std::int64_t first_row, const RowBatch& batch) -> Status {
      const Column* keys = batch.Find(key_field);
      const Column* times = batch.Find(kTimestampField);
      if (keys == nullptr || times == nullptr) return Internal("a batch without keys or timestamps");
      row_counts_[segment] = first_row + batch.rows;
      std::vector<KeyEvent> found;
      for (std::int64_t row = 0; row < batch.rows; ++row) {
        const Hash128 key = KeyHash(*keys, row);
        if (part_.Has(key))
          found.push_back(KeyEvent::RowAt(key, static_cast<std::uint64_t>(times->NumberAt<std::int64_t>(row)),
                                          segment, first_row + row));
      }
      Take(found);
      return {};
    };
    auto ended = [](std::size_t, Status end) { return end; };
    return rows_.ForEachBatch({key_field, kTimestampField}, visit, ended, context);
  }

  Status GatherDeletes(const Scopes& scopes, const CallContext& context) {
    const Collection& collection = *rows_.collection_;
    for (std::size_t i = 0; i < rows_.segments_.size(); ++i)
      MBK_TRY(GatherDeletes(*rows_.segments_[i].segment, scopes.OfSegment(i), context));
    for (std::size_t i = 0; i < collection.partitions.size(); ++i) {
      for (const Segment& segment : collection.partitions[i].segments)
        if (segment.is_l0) MBK_TRY(GatherDeletes(segment, scopes.OfPartition(i), context));
    }
    for (const Segment& segment : collection.l0_segments)
      MBK_TRY(GatherDeletes(segment, scopes.OfAll(), context));
    return {};
  }

  /// There were more events than are held: those here are not all.
  bool overflowed() const { return overflowed_; }
  std::vector<KeyEvent>& events() { return events_; }
  const std::vector<std::int64_t>& row_counts() const { return row_counts_; }

 private:
  Status GatherDeletes(const Segment& segment, std::size_t scope, const CallContext& context) {
    if (overflowed_) return {};
    const bool is_number = rows_.primary_key().data_type == DataType::kInt64;
    return rows_.ForEachDelete(
        segment,
        [&](const DeletedKey& deleted) -> Status {
          const Hash128 key =
              is_number ? Hash128{static_cast<std::uint64_t>(deleted.number), 0} : HashBytes(deleted.text);
          if (part_.Has(key)) Take({{KeyEvent::DeletedIn(key, deleted.timestamp, scope)}});
          return {};
        },
        context);
  }

  void Take(std::span<const KeyEvent> found) {
    std::scoped_lock lock(mutex_);
    const std::size_t wanted = events_.size() + found.size();
    overflowed_ = overflowed_ || (limit_ && wanted > *limit_);
    if (overflowed_) return;
    if (limit_ && wanted > events_.capacity())
      events_.reserve(*limit_);  // once: it does not grow by doubling
    events_.insert(events_.end(), found.begin(), found.end());
  }

  const CollectionRows& rows_;
  const KeyPart part_;
  const std::optional<std::size_t> limit_;
  std::mutex mutex_;
  std::vector<KeyEvent> events_;
  bool overflowed_ = false;
  std::vector<std::int64_t> row_counts_;  ///< of each segment; one thread a segment
};

Result<LivingRows> CollectionRows::FindLiving(const CallContext& context) const {
  std::int64_t rows = 0;
  for (const DataSegment& data : segments_) rows += data.segment->num_rows;
  // How many deletes there are is not known before they were read.
  const std::int64_t likely_events = rows + rows / kRowsOfALikelyDelete;
  for (std::int64_t parts = likely_events / settings_.max_key_events + 1;; parts *= 2) {
    MBK_TRY_ASSIGN(std::optional<LivingRows> living, FindLivingIn(parts, likely_events / parts, context));
    if (living) return *std::move(living);
    log::Debug("{}.{} has more than {} events of keys in one of {} parts", collection_->db_name,
               collection_->name, settings_.max_key_events, parts);
  }
}

Result<std::optional<LivingRows>> CollectionRows::FindLivingIn(std::int64_t parts, std::int64_t likely_events,
                                                               const CallContext& context) const {
  std::vector<std::size_t> partition_of;
  for (const DataSegment& data : segments_) partition_of.push_back(data.partition);
  const Scopes scopes(std::move(partition_of), collection_->partitions.size());
  LivingRows living(scopes, HasPartitionKey(schema_));
  // So many parts do not split one key's events: they are held, however many there are.
  std::optional<std::size_t> limit;
  if (parts < kMaxKeyParts) limit = static_cast<std::size_t>(settings_.max_key_events);
  for (std::int64_t part = 0; part < parts; ++part) {
    KeyPass pass(*this, {static_cast<std::uint64_t>(part), static_cast<std::uint64_t>(parts)},
                 static_cast<std::size_t>(likely_events), limit);
    MBK_TRY(pass.GatherRows(context));
    MBK_TRY(pass.GatherDeletes(scopes, context));
    if (pass.overflowed()) return std::optional<LivingRows>();
    if (part == 0)
      for (std::size_t i = 0; i < segments_.size(); ++i) living.SetRows(i, pass.row_counts()[i]);
    living.Resolve(pass.events());
  }
  return std::optional(std::move(living));
}

}  // namespace mbk::rows
