// Fuzz target: any bytes as a file of storage V1. Events lie within the file and behind each other, or it is
// damage; no payload is read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/envelope.h"
#include "codec/memory_source.h"

namespace {

void Walk(mbk::ByteSource& file, mbk::codec::EventType type) {
  auto reader = mbk::codec::EnvelopeReader::Open(file);
  if (!reader.ok()) {
    const mbk::Code code = reader.status().code();
    if (code != mbk::Code::kDataLoss && code != mbk::Code::kFailedPrecondition) std::abort();
    return;
  }
  std::int64_t end = 0;
  while (true) {
    const auto payload = reader->Next(type);
    if (!payload.ok() && payload.status().code() != mbk::Code::kDataLoss) std::abort();
    if (!payload.ok() || !*payload) return;
    if ((*payload)->offset <= end || (*payload)->length < 0) std::abort();
    end = (*payload)->offset + (*payload)->length;
    if (end > file.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mbk::MemorySource file("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  Walk(file, mbk::codec::EventType::kInsert);
  Walk(file, mbk::codec::EventType::kDelete);
  return 0;
}
