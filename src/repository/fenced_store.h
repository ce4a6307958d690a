#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "store/forwarding_store.h"

namespace mbk {

class BackupLock;

/// The store as a run that holds a lock sees it: nothing is written, removed or begun once the lock is lost
/// as far as clocks tell (no request is spent, but where a renewal is overdue), and every key that is written
/// is remembered, in 8 bytes. Reading goes on. Thread-safe.
class FencedStore final : public ForwardingStore {
 public:
  /// Both outlive this.
  FencedStore(ObjectStore& store, BackupLock& lock);

  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override;
  Result<WriteResult> Copy(const CopySource& source, const ObjectKey& target,
                           const CallContext& context) override;
  Result<UploadId> StartUpload(const ObjectKey& key, const CallContext& context) override;

  /// Whether this run has tried to write an object there.
  bool Wrote(const ObjectKey& key) const;

 protected:
  Status Before(const StoreCall& call, const CallContext& context) override;

 private:
  void Note(const ObjectKey& key);

  BackupLock& lock_;
  mutable std::mutex mutex_;
  mutable std::vector<std::uint64_t> hashes_;  ///< of keys; sorted up to sorted_
  mutable std::size_t sorted_ = 0;
};

}  // namespace mbk
