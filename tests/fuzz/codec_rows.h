#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codec/arrow/arrow_codec.h"
#include "codec/memory_source.h"

namespace mbk::codec {

/// A damaged file is one of these, and nothing else.
inline void CheckError(const Status& status) {
  if (status.code() != Code::kDataLoss && status.code() != Code::kFailedPrecondition) std::abort();
  if (status.message().find("fuzz") == std::string::npos) std::abort();  // the name of the file
}

/// Reads the rows of a file as those of `schema`, looks at every byte, and writes them as a table. A few
/// bytes may well stand for millions of equal rows: enough is enough.
inline void ReadRows(const CollectionSchema& schema, std::int64_t field_id, std::string bytes) {
  constexpr std::int64_t kEnoughRows = 100'000;
  std::vector<FieldFiles> files(1);
  files[0].field_id = field_id;
  files[0].files.push_back(std::make_unique<MemorySource>("fuzz", std::move(bytes)));
  ReadOptions options = {.batch_rows = 1000, .memory_bytes = 64 << 20};
  for (const FieldSchema& field : schema.fields) options.field_ids.push_back(field.field_id);
  auto reader = OpenSegment(schema, std::move(files), options);
  if (!reader.ok()) return CheckError(reader.status());
  auto table = OpenTable(schema, [](std::string_view) { return Status(); });
  unsigned sum = 0;
  for (std::int64_t rows = 0; rows < kEnoughRows;) {
    auto batch = (*reader)->Next();
    if (!batch.ok()) return CheckError(batch.status());
    if (!*batch) break;
    rows += (*batch)->rows;
    for (const Column& column : (*batch)->columns) {
      if (column.length != (*batch)->rows) std::abort();
      for (std::int64_t row = 0; row < column.length; ++row) {
        if (column.layout == ColumnLayout::kBits) sum += column.BoolAt(row) ? 1 : 0;
        if (column.layout == ColumnLayout::kBits || column.IsNull(row)) continue;
        for (const char byte : column.BytesAt(row)) sum += static_cast<unsigned char>(byte);
      }
    }
    if (table.ok() && !(*table)->Write(**batch).ok()) table = Status(Code::kDataLoss, "");
  }
  asm volatile("" : : "r"(sum));  // the bytes were looked at, whatever the optimiser thinks of it
}

}  // namespace mbk::codec
