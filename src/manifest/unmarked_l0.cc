#include "manifest/unmarked_l0.h"

#include <optional>

#include "manifest/object_index.h"
#include "model/version.h"

namespace mbk {
namespace {

constexpr MajorMinor kFirstWithL0{2, 4};

}  // namespace

void MarkUnmarkedL0(Collection& collection, std::string_view milvus_version) {
  const std::optional<MajorMinor> version = ParseMajorMinor(milvus_version);
  if (!version || *version < kFirstWithL0) return;
  ForEachSegment(collection, [](Segment& segment) {
    const bool only_deletes =
        segment.num_rows == 0 && segment.insert_logs.empty() && !segment.delta_logs.empty();
    if (only_deletes) segment.is_l0 = true;
  });
}

}  // namespace mbk
