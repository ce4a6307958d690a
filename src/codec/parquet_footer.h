#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "codec/byte_source.h"

namespace mbk::codec {

/// The last bytes of a Parquet file, its footer among them.
struct ParquetTail {
  std::int64_t offset = 0;  ///< of `bytes`, from the beginning of the Parquet file
  std::string bytes;
};

/// Reads the tail of the Parquet file that lies in `file` from `offset` on, `length` bytes long (a payload
/// of an envelope, or all of the file), and checks its footer before a library believes it: that it lies
/// within, and that what it claims to hold (which costs memory before a single page is read) is in
/// proportion. A small file is read whole. kDataLoss names the file and the offset.
Result<ParquetTail> ReadParquetTail(ByteSource& file, std::int64_t offset, std::int64_t length);

}  // namespace mbk::codec
