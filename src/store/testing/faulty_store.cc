#include "store/testing/faulty_store.h"

#include <utility>

namespace mbk {

void FaultyStore::Inject(Fault fault) {
  std::lock_guard lock(mutex_);
  armed_.push_back({.fault = std::move(fault)});
}

int FaultyStore::fired() const {
  std::lock_guard lock(mutex_);
  return fired_;
}

std::optional<Fault> FaultyStore::Fire(StoreOperation operation, Fault::Kind kind) {
  std::lock_guard lock(mutex_);
  std::optional<Fault> hit;
  for (Armed& armed : armed_) {
    const Fault& fault = armed.fault;
    if (fault.operation != operation || fault.kind != kind) continue;
    const int call = ++armed.calls;
    if (!hit && call >= fault.nth && call < fault.nth + fault.times) hit = fault;
  }
  if (hit) ++fired_;
  return hit;
}

Status FaultyStore::Before(const StoreCall& call, const CallContext&) {
  auto fault = Fire(call.operation, Fault::Kind::kNotCarriedOut);
  return fault ? fault->status : Status();
}

Status FaultyStore::After(const StoreCall& call, Status outcome) {
  if (!outcome.ok()) return outcome;
  auto fault = Fire(call.operation, Fault::Kind::kAnswerLost);
  return fault ? fault->status : outcome;
}

Result<ObjectInfo> FaultyStore::Get(const GetRequest& request, const ByteSink& sink,
                                    const CallContext& context) {
  auto cut = Fire(StoreOperation::kGet, Fault::Kind::kCutAfter);
  if (!cut) return ForwardingStore::Get(request, sink, context);
  std::int64_t left = cut->cut_after_bytes;
  auto cutting = [&](std::string_view bytes) -> Status {
    const std::string_view through = bytes.substr(0, static_cast<std::size_t>(left));
    left -= static_cast<std::int64_t>(through.size());
    if (!through.empty()) MBK_TRY(sink(through));
    return through.size() == bytes.size() ? Status() : cut->status;
  };
  MBK_TRY_ASSIGN([[maybe_unused]] ObjectInfo info, ForwardingStore::Get(request, cutting, context));
  return cut->status;
}

}  // namespace mbk
