#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <system_error>

#include "codec/field_type.h"
#include "codec/row_codec.h"
#include "commands.h"
#include "made_rows.h"

namespace mbk::bench {
namespace {

constexpr int kFiles = 8;
constexpr std::int64_t kFieldId = 100;
// dataNode.segment.insertBufSize: Milvus writes its buffer as logs when it has 16 MiB.
constexpr std::int64_t kLogBytes = 16 << 20;
constexpr std::int64_t kLogRows = 32'768;

std::int64_t RowsOfALog(const FieldSchema& field) {
  const std::int64_t width = std::max(1, codec::ShapeOf(field).value().width);
  return std::min(kLogRows, kLogBytes / width);
}

}  // namespace

Status WriteFile(const std::filesystem::path& path, const std::string& content) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  return out.good() ? Status() : Internal(fmt::format("write {} failed", path.string()));
}

Status MakeFiles(const std::filesystem::path& directory) {
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  for (const std::string& kind : ColumnKinds()) {
    const FieldSchema field = FieldOfKind(kind, kFieldId);
    const std::int64_t rows = RowsOfALog(field);
    for (int i = 0; i < kFiles; ++i) {
      MBK_TRY_ASSIGN(const std::string log,
                     codec->EncodeInsertLog({1, 2, 3}, field, MakeColumn(field, i * rows, rows),
                                            MakeTimestamps(i * rows, rows), {.written_at = kWrittenAt}));
      MBK_TRY(WriteFile(directory / kind / std::to_string(i), log));
    }
  }
  return {};
}

}  // namespace mbk::bench
