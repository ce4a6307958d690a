#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "codec/row_codec.h"
#include "manifest/object_index.h"
#include "model/backup.h"
#include "ops/rows/living.h"
#include "store/object_store.h"

/// The rows of a collection whose binlogs lie in a store: of a backup, or of a live Milvus.
namespace mbk::rows {

struct RowSettings {
  int workers = 2;  ///< segments decoded at a time
  /// Read-ahead of one worker over all files of a segment, bytes.
  std::int64_t read_ahead_bytes = 24 << 20;
  std::int64_t batch_bytes = 8 << 20;
  /// The header of every file must name the segment that its key does. Else only those of one segment must
  /// agree: Milvus 3 copies files to other segments as they are.
  bool check_origin = false;
  /// Key events (rows and deletes) held at a time, 32 bytes each. A collection with more is gone through
  /// several times, each time for a part of its keys.
  std::int64_t max_key_events = 3 << 20;
};

/// Where the objects of the rows lie.
struct BinlogSource {
  ObjectReader& store;
  std::function<ObjectKey(const DataObject&)> key_of;
};

/// `schema` with the dynamic field among its fields where it has one; DescribeCollection hides it.
CollectionSchema WithDynamicField(CollectionSchema schema);

/// The ids of all fields of a schema, those inside struct arrays included.
std::vector<std::int64_t> FieldsOf(const CollectionSchema& schema);

/// A key of either kind in 128 bits: the number, or the hash of the text.
Hash128 KeyHash(const Column& keys, std::int64_t row);

/// Whether the codec reads every segment of `collection`: kUnimplemented names the first of a storage version
/// that it does not know.
Status CheckStorageVersions(const Collection& collection);

class CollectionRows {
 public:
  struct DataSegment {
    const Segment* segment = nullptr;
    std::size_t partition = 0;  ///< index in collection().partitions
  };

  /// `collection`, `codec` and what `source` refers to outlive this. kDataLoss for a schema without a key,
  /// kUnimplemented as CheckStorageVersions says.
  static Result<CollectionRows> Open(RowCodec& codec, BinlogSource source, const Collection& collection,
                                     const RowSettings& settings);

  const Collection& collection() const { return *collection_; }
  const CollectionSchema& schema() const { return schema_; }
  const FieldSchema& primary_key() const { return *PrimaryKeyOf(schema_); }
  const std::vector<DataSegment>& segments() const { return segments_; }

  /// Go through keys, timestamps and deletes of all segments. kDataLoss names the file that is damaged.
  Result<LivingRows> FindLiving(const CallContext& context) const;

  /// `segment` is an index of segments(), `first_row` counts within it. Called by several threads, for one
  /// segment by one and in its order.
  using Visit = std::function<Status(std::size_t segment, std::int64_t first_row, const RowBatch& batch)>;
  /// Told how each segment ended; what it returns goes for it. To go on behind damage, return ok.
  using SegmentEnd = std::function<Status(std::size_t segment, Status end)>;
  /// Decode `field_ids` (empty: all of the schema, row id and timestamp) of every segment.
  Status ForEachBatch(const std::vector<std::int64_t>& field_ids, const Visit& visit, const SegmentEnd& ended,
                      const CallContext& context) const;

  /// Decode one field of segment `index` of segments(), and keep nothing: what is wrong with its files alone.
  Status ReadField(std::size_t index, std::int64_t field_id, const CallContext& context) const;

  /// Every delete of the delta logs beside one data segment, or of an L0 segment.
  Status ForEachDelete(const Segment& segment, const DeleteSink& sink, const CallContext& context) const;
  /// Of one of these logs.
  Status ReadDeltaLog(const Segment& segment, const Binlog& log, const DeleteSink& sink,
                      const CallContext& context) const;

 private:
  CollectionRows(RowCodec& codec, BinlogSource source, const Collection& collection, CollectionSchema schema,
                 const RowSettings& settings);

  /// The files of `segment`, which are those of segments()[index] or some of them.
  Status ReadSegment(std::size_t index, const Segment& segment, const std::vector<std::int64_t>& field_ids,
                     const Visit& visit, const CallContext& context) const;
  std::string NameOf(std::size_t index) const;  ///< of a segment, for messages
  std::optional<BinlogOrigin> OriginOf(const Segment& segment) const;
  Result<std::vector<FieldFiles>> FilesOf(const Segment& segment, const CallContext& context) const;
  Result<std::unique_ptr<ByteSource>> Open(const DataObject& object, std::int64_t window_bytes,
                                           const CallContext& context) const;
  struct KeyPart;
  class KeyPass;
  /// In so many parts of the keys; none if one of them has more events than are held.
  Result<std::optional<LivingRows>> FindLivingIn(std::int64_t parts, std::int64_t likely_events,
                                                 const CallContext& context) const;

  RowCodec* codec_;
  BinlogSource source_;
  const Collection* collection_;
  CollectionSchema schema_;
  RowSettings settings_;
  std::vector<DataSegment> segments_;
};

}  // namespace mbk::rows
