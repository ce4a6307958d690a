#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "store/forwarding_store.h"

namespace mbk {

/// What one kind of call has come to so far.
struct StoreCounts {
  std::int64_t calls = 0;
  std::int64_t errors = 0;     ///< calls that did not end well, whatever the reason
  std::int64_t bytes_in = 0;   ///< delivered to sinks, also by a Get that broke later
  std::int64_t bytes_out = 0;  ///< bodies sent, also by calls that failed
};

/// A copy of the counters at one moment, by operation.
struct StoreMetrics {
  std::array<StoreCounts, kStoreOperations> by_operation;

  const StoreCounts& of(StoreOperation operation) const {
    return by_operation[static_cast<std::size_t>(operation)];
  }
  StoreCounts Total() const;
};

/// Counts the calls and bytes of another store. Put it under RetryingStore to count attempts, above it
/// to count what was asked for. Thread-safe; counters of one snapshot may be a call apart.
class MeteredStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  StoreMetrics Snapshot() const;

 protected:
  Status Received(std::string_view bytes, const CallContext& context) override;
  Status After(const StoreCall& call, Status outcome) override;

 private:
  struct Counters {
    std::atomic<std::int64_t> calls{0};
    std::atomic<std::int64_t> errors{0};
    std::atomic<std::int64_t> bytes_in{0};
    std::atomic<std::int64_t> bytes_out{0};
  };
  Counters& counters(StoreOperation operation) { return counters_[static_cast<std::size_t>(operation)]; }

  std::array<Counters, kStoreOperations> counters_;
};

}  // namespace mbk
