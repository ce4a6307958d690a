#include "ops/export/file_output.h"

#include <fmt/core.h>

#include <utility>

#include "codec/json_lines.h"

namespace mbk {

PartitionFiles::PartitionFiles(RowCodec& codec, const CollectionSchema& schema, ObjectStore& store,
                               std::string directory, const ExportOptions& options, CallContext context)
    : codec_(codec),
      schema_(schema),
      store_(store),
      directory_(std::move(directory)),
      options_(options),
      context_(std::move(context)) {}

Status PartitionFiles::Write(const RowBatch& batch) {
  if (batch.rows == 0) return {};
  if (output_ == nullptr) MBK_TRY(Open());
  if (table_ != nullptr) {
    MBK_TRY(table_->Write(batch));
  } else {
    lines_.clear();
    MBK_TRY(AppendJsonLines(schema_, batch, rows_, lines_));
    MBK_TRY(output_->Write(lines_));
    file_bytes_ += static_cast<std::int64_t>(lines_.size());
  }
  rows_ += batch.rows;
  return file_bytes_ >= options_.file_bytes ? Close() : Status();
}

Status PartitionFiles::Open() {
  const bool parquet = options_.format == ExportFormat::kParquet;
  key_ = ObjectKey(fmt::format("{}part-{:05}.{}", directory_, opened_++, parquet ? "parquet" : "jsonl"));
  output_ = std::make_unique<ObjectOutput>(store_, key_, context_, PutCondition::kIfAbsent);
  file_bytes_ = 0;
  if (!parquet) return {};
  auto sink = [this](std::string_view piece) {
    file_bytes_ += static_cast<std::int64_t>(piece.size());
    return output_->Write(piece);
  };
  MBK_TRY_ASSIGN(table_, codec_.OpenTable(schema_, sink));
  return {};
}

Status PartitionFiles::Close() {
  if (table_ != nullptr) MBK_TRY(table_->Finish());
  table_.reset();
  MBK_TRY(output_->Finish());
  output_.reset();
  written_.push_back(std::move(key_));
  bytes_ += file_bytes_;
  return {};
}

std::vector<ObjectKey> PartitionFiles::WrittenKeys() const {
  std::vector<ObjectKey> keys = written_;
  if (output_ != nullptr && output_->is_written()) keys.push_back(key_);
  return keys;
}

Status PartitionFiles::Finish() { return output_ == nullptr ? Status() : Close(); }

}  // namespace mbk
