#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/forwarding_store.h"

namespace mbk {

/// Something that goes wrong at a chosen call.
struct Fault {
  enum class Kind {
    kNotCarriedOut,  ///< the call never reaches the store
    kAnswerLost,     ///< the store does it, the caller sees `status`
    kCutAfter,       ///< a Get delivers `cut_after_bytes` bytes, then fails with `status`
  };
  StoreOperation operation = StoreOperation::kGet;
  Kind kind = Kind::kNotCarriedOut;
  int nth = 1;    ///< the first call it hits, counted from Inject, from 1
  int times = 1;  ///< how many calls in a row
  Status status = {Code::kUnavailable, "injected fault"};
  std::int64_t cut_after_bytes = 0;
};

/// Fails where a test says so, and counts that it did: a test that injects asserts on fired().
/// Several faults may lie in wait; the first that fits a call is the one. Thread-safe.
class FaultyStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  void Inject(Fault fault);
  /// Calls that a fault has hit so far.
  int fired() const;

  Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                         const CallContext& context) override;

 protected:
  Status Before(const StoreCall& call, const CallContext& context) override;
  Status After(const StoreCall& call, Status outcome) override;

 private:
  /// The fault of this kind that hits the call, if one does; counts the call.
  std::optional<Fault> Fire(StoreOperation operation, Fault::Kind kind);

  struct Armed {
    Fault fault;
    int calls = 0;  ///< of its operation, since it was injected
  };

  mutable std::mutex mutex_;
  std::vector<Armed> armed_;
  int fired_ = 0;
};

}  // namespace mbk
