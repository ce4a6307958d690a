#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codec/row_codec.h"

/// RowCodec on Apache Arrow, one source a topic.
namespace mbk::codec {

// segment_reader.cc
Result<std::unique_ptr<RowReader>> OpenSegment(const CollectionSchema& schema, std::vector<FieldFiles> files,
                                               const ReadOptions& options);
// delta_reader.cc
Status ReadDeltaLog(ByteSource& file, DataType key_type, const DeleteSink& sink);
// binlog_writer.cc
Result<std::string> EncodeInsertLog(const BinlogOrigin& origin, const FieldSchema& field,
                                    const Column& column, const Column& timestamps,
                                    const EncodeOptions& options);
Result<std::string> EncodeDeltaLog(const BinlogOrigin& origin, const Column& keys, const Column& timestamps,
                                   RowCodec::DeltaFormat format, const EncodeOptions& options);
// packed_writer.cc
Result<std::string> EncodePacked(const CollectionSchema& schema, const RowBatch& batch,
                                 std::span<const std::vector<std::int64_t>> groups);
// table_writer.cc
Result<std::unique_ptr<TableWriter>> OpenTable(const CollectionSchema& schema, FileSink sink);

/// All of them; lives as long as the process.
RowCodec* ArrowCodec();

}  // namespace mbk::codec
