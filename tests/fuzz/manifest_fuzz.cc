#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "manifest/manifest.h"

/// Whatever stands in a full_meta.json, reading it ends in a model or in kDataLoss, and what was read can
/// be written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
  mbk::Result<mbk::Backup> read = mbk::manifest::ReadFullMeta(text);
  if (!read.ok()) {
    if (read.status().code() != mbk::Code::kDataLoss) std::abort();
    return 0;
  }

  std::string written;
  mbk::Status status = mbk::manifest::WriteFullMeta(*read, [&written](std::string_view piece) {
    written += piece;
    return mbk::Status();
  });
  if (!status.ok()) std::abort();
  std::istringstream again(written);
  mbk::Result<mbk::Backup> reread = mbk::manifest::ReadFullMeta(again);
  if (!reread.ok() || !(*reread == *read)) std::abort();
  return 0;
}
