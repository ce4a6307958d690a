#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "manifest/manifest.h"

namespace {

std::string Written(const mbk::Backup& backup) {
  std::string text;
  mbk::Status status = mbk::manifest::WriteFullMeta(backup, [&text](std::string_view piece) {
    text += piece;
    return mbk::Status();
  });
  if (!status.ok()) std::abort();
  return text;
}

}  // namespace

/// Whatever stands in a full_meta.json, reading it ends in a model or in kDataLoss, and what was read can
/// be written and read again without a change.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
  mbk::Result<mbk::Backup> read = mbk::manifest::ReadFullMeta(text);
  if (!read.ok()) {
    if (read.status().code() != mbk::Code::kDataLoss) std::abort();
    return 0;
  }

  const std::string written = Written(*read);
  std::istringstream again(written);
  read = mbk::manifest::ReadFullMeta(again);
  if (!read.ok() || Written(*read) != written) std::abort();
  return 0;
}
