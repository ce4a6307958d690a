// Writes delta logs and packed files for the corpora of the fuzz targets, in the formats of which no recorded
// file of a real Milvus is at hand:
//
//   seeds delta|packed DIRECTORY
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include "codec/arrow/arrow_codec.h"
#include "codec/testing/columns.h"

namespace mbk::codec {
namespace {

using testing::Bytes;
using testing::ColumnOf;
using testing::Field;
using testing::Values;

bool Write(const std::string& directory, const std::string& name, const Result<std::string>& file) {
  if (!file.ok()) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), file.status().message().c_str());
    return false;
  }
  std::ofstream out(directory + "/" + name, std::ios::binary);
  out << *file;
  return out.good();
}

bool WriteDeltaLogs(const std::string& directory) {
  const Column times = testing::TimestampsOf({449577445671698433u, 449577445671698434u, 7});
  const Column numbers = ColumnOf(Field(100, DataType::kInt64), {Bytes(1LL), Bytes(-7LL), Bytes(1LL << 62)});
  const Column texts = ColumnOf(Field(100, DataType::kVarChar), {"one", "", "中文"});
  using Format = RowCodec::DeltaFormat;
  for (const auto& [name, format] :
       {std::pair{"multi", Format::kMultiField}, {"bare", Format::kBareParquet}}) {
    for (const Column& keys : {numbers, texts}) {
      const std::string file = std::string(name) + (keys.type == DataType::kInt64 ? "-number" : "-text");
      if (!Write(directory, file, EncodeDeltaLog({}, keys, times, format, {}))) return false;
    }
  }
  return true;
}

// The fields are those of codec_packed_fuzz.cc.
bool WritePacked(const std::string& directory) {
  FieldSchema fields[] = {Field(100, DataType::kInt64), Field(101, DataType::kVarChar),
                          Field(102, DataType::kDouble), Field(103, DataType::kFloatVector, 4)};
  const Values values[] = {{Bytes(1LL), std::nullopt, Bytes(3LL)},
                           {"one", "", std::nullopt},
                           {std::nullopt, Bytes(-0.0), Bytes(2.5)},
                           {std::string(16, 'v'), std::string(16, 'w'), std::nullopt}};
  CollectionSchema schema;
  RowBatch batch = {.rows = 3};
  for (std::size_t i = 0; i < 4; ++i) {
    fields[i].nullable = true;
    schema.fields.push_back(fields[i]);
    batch.columns.push_back(ColumnOf(fields[i], values[i]));
  }
  const std::vector<std::int64_t> groups[] = {{100, 101, 102}, {103}};
  return Write(directory, "nulls", EncodePacked(schema, batch, groups));
}

}  // namespace
}  // namespace mbk::codec

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  if (what == "delta") return mbk::codec::WriteDeltaLogs(argv[2]) ? 0 : 1;
  if (what == "packed") return mbk::codec::WritePacked(argv[2]) ? 0 : 1;
  std::fprintf(stderr, "usage: seeds delta|packed DIRECTORY\n");
  return 2;
}
