#include "store/metered_store.h"

namespace mbk {

StoreCounts StoreMetrics::Total() const {
  StoreCounts total;
  for (const StoreCounts& counts : by_operation) {
    total.calls += counts.calls;
    total.errors += counts.errors;
    total.bytes_in += counts.bytes_in;
    total.bytes_out += counts.bytes_out;
  }
  return total;
}

StoreMetrics MeteredStore::Snapshot() const {
  StoreMetrics metrics;
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    metrics.by_operation[i] = {.calls = counters_[i].calls.load(std::memory_order_relaxed),
                               .errors = counters_[i].errors.load(std::memory_order_relaxed),
                               .bytes_in = counters_[i].bytes_in.load(std::memory_order_relaxed),
                               .bytes_out = counters_[i].bytes_out.load(std::memory_order_relaxed)};
  }
  return metrics;
}

Status MeteredStore::Received(std::string_view bytes, const CallContext&) {
  counters(StoreOperation::kGet)
      .bytes_in.fetch_add(static_cast<std::int64_t>(bytes.size()), std::memory_order_relaxed);
  return {};
}

Status MeteredStore::After(const StoreCall& call, Status outcome) {
  Counters& counts = counters(call.operation);
  counts.calls.fetch_add(1, std::memory_order_relaxed);
  if (!outcome.ok()) counts.errors.fetch_add(1, std::memory_order_relaxed);
  counts.bytes_out.fetch_add(call.bytes_out, std::memory_order_relaxed);
  return outcome;
}

}  // namespace mbk
