#include "store/store_clock.h"

#include <chrono>

#include "base/log.h"

namespace mbk {

Result<std::int64_t> StoreNow(ObjectStore& store, const ObjectKey& scratch, const CallContext& context) {
  constexpr std::chrono::seconds kRemovalTimeout{2};
  MBK_TRY(store.Put({.key = scratch, .body = "{}"}, context).status());
  Result<ObjectInfo> written = store.Head(scratch, context);
  // Also when the run was told to stop meanwhile.
  const ObjectKey keys[] = {scratch};
  Status removed = store.Delete(keys, {.deadline = Deadline::After(kRemovalTimeout)});
  if (!removed.ok()) log::Warn("{} stays behind: {}", store.identity().Url(scratch), removed.message());
  MBK_TRY(written.status());
  return written->last_modified_ms;
}

}  // namespace mbk
