#pragma once

#include <memory>

#include "store/object_store.h"

namespace mbk {

/// The reading half of a store and no way back to the writing half: what restore and verify are given.
/// Thread-safe.
class ReadonlyStore final : public ObjectReader {
 public:
  explicit ReadonlyStore(std::shared_ptr<ObjectReader> inner) : inner_(std::move(inner)) {}

  const StoreIdentity& identity() const override { return inner_->identity(); }
  const StoreCapabilities& capabilities() const override { return inner_->capabilities(); }

  Result<ListPage> List(const ListRequest& request, const CallContext& context) override;
  Result<ObjectInfo> Head(const ObjectKey& key, const CallContext& context) override;
  Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                         const CallContext& context) override;

 private:
  std::shared_ptr<ObjectReader> inner_;
};

}  // namespace mbk
