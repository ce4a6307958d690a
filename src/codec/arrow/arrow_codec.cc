#include "codec/arrow/arrow_codec.h"

#include <utility>

namespace mbk::codec {
namespace {

class Codec : public RowCodec {
 public:
  Result<std::unique_ptr<RowReader>> OpenSegment(const CollectionSchema& schema,
                                                 std::vector<FieldFiles> files,
                                                 const ReadOptions& options) override {
    return codec::OpenSegment(schema, std::move(files), options);
  }
  Status ReadDeltaLog(ByteSource& file, DataType key_type, const DeleteSink& sink) override {
    return codec::ReadDeltaLog(file, key_type, sink);
  }
  Result<std::string> EncodeInsertLog(const BinlogOrigin& origin, const FieldSchema& field,
                                      const Column& column, const Column& timestamps,
                                      const EncodeOptions& options) override {
    return codec::EncodeInsertLog(origin, field, column, timestamps, options);
  }
  Result<std::string> EncodeDeltaLog(const BinlogOrigin& origin, const Column& keys, const Column& timestamps,
                                     DeltaFormat format, const EncodeOptions& options) override {
    return codec::EncodeDeltaLog(origin, keys, timestamps, format, options);
  }
  Result<std::string> EncodePacked(const CollectionSchema& schema, const RowBatch& batch,
                                   std::span<const std::vector<std::int64_t>> groups) override {
    return codec::EncodePacked(schema, batch, groups);
  }
  Result<std::unique_ptr<TableWriter>> OpenTable(const CollectionSchema& schema, FileSink sink) override {
    return codec::OpenTable(schema, std::move(sink));
  }
};

}  // namespace

RowCodec* ArrowCodec() {
  static Codec codec;
  return &codec;
}

}  // namespace mbk::codec
