// Fuzz target: any text as the record of a run. It must be read or refused, within bounded time and memory;
// what is read must be what is written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "manifest/keys.h"
#include "ops/runs/record.h"

namespace {

using namespace mbk;

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<runs::Record> record = runs::RecordFromJson(text);
  if (!record.ok()) {
    Check(record.status().code() == Code::kDataLoss || record.status().code() == Code::kUnimplemented);
    return 0;
  }
  Check(IsRunId(record->run_id) && record->heartbeat >= 0);
  Check(!record->Describe().empty());
  Check(runs::RecordFromJson(runs::ToJson(*record)).value() == *record);
  return 0;
}
