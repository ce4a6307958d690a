#include "repository/fenced_store.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "repository/lock.h"

namespace mbk {
namespace {

std::uint64_t HashOf(const ObjectKey& key) { return std::hash<std::string>()(key.str()); }

// Not owned: the caller's store lives longer.
std::shared_ptr<ObjectStore> Borrowed(ObjectStore& store) { return {std::shared_ptr<void>(), &store}; }

bool Changes(StoreOperation operation) {
  switch (operation) {
    case StoreOperation::kList:
    case StoreOperation::kHead:
    case StoreOperation::kGet:
    case StoreOperation::kAbortUpload:
    case StoreOperation::kListUploads:
    case StoreOperation::kListOthers:
    case StoreOperation::kWhyKept:
      return false;
    default:
      return true;
  }
}

}  // namespace

FencedStore::FencedStore(ObjectStore& store, BackupLock& lock)
    : ForwardingStore(Borrowed(store)), lock_(lock) {}

Status FencedStore::Before(const StoreCall& call, const CallContext& context) {
  return Changes(call.operation) ? lock_.CheckBeforeWrite(context) : Status();
}

Result<WriteResult> FencedStore::Put(const PutRequest& request, const CallContext& context) {
  Note(request.key);
  return ForwardingStore::Put(request, context);
}

Result<WriteResult> FencedStore::Copy(const CopySource& source, const ObjectKey& target,
                                      const CallContext& context) {
  Note(target);
  return ForwardingStore::Copy(source, target, context);
}

Result<UploadId> FencedStore::StartUpload(const ObjectKey& key, const CallContext& context) {
  Note(key);
  return ForwardingStore::StartUpload(key, context);
}

void FencedStore::Note(const ObjectKey& key) {
  std::lock_guard lock(mutex_);
  hashes_.push_back(HashOf(key));
}

bool FencedStore::Wrote(const ObjectKey& key) const {
  std::lock_guard lock(mutex_);
  if (sorted_ != hashes_.size()) {
    std::sort(hashes_.begin(), hashes_.end());
    sorted_ = hashes_.size();
  }
  return std::binary_search(hashes_.begin(), hashes_.end(), HashOf(key));
}

}  // namespace mbk
