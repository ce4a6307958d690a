#include "store/abort_uploads.h"

#include <vector>

#include "base/log.h"

namespace mbk {

void AbortUploads(ObjectStore& store, const std::string& prefix, const CallContext& context) {
  const Result<std::vector<UploadId>> uploads = store.ListUploads(prefix, context);
  Status failure = uploads.status();
  if (uploads.ok()) {
    for (const UploadId& upload : *uploads) {
      const Status aborted = store.AbortUpload(upload, context);
      if (!aborted.ok()) failure = aborted;
    }
  }
  if (!failure.ok()) log::Info("unfinished uploads below {} may stay: {}", prefix, failure.message());
}

}  // namespace mbk
