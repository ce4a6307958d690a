// Fuzz target: any bytes as a delta log, in any of its formats.
#include <cstddef>
#include <cstdint>

#include "codec_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mbk::MemorySource file("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  for (const mbk::DataType type : {mbk::DataType::kInt64, mbk::DataType::kVarChar}) {
    std::int64_t deletes = 0;
    const mbk::Status status = mbk::codec::ReadDeltaLog(file, type, [&](const mbk::DeletedKey&) {
      // A few bytes may well stand for millions of equal deletes.
      return ++deletes < 100'000 ? mbk::Status() : mbk::Cancelled("enough");
    });
    if (!status.ok() && status.code() != mbk::Code::kCancelled) mbk::codec::CheckError(status);
  }
  return 0;
}
