#include "store/readonly_store.h"

namespace mbk {

Result<ListPage> ReadonlyStore::List(const ListRequest& request, const CallContext& context) {
  return inner_->List(request, context);
}

Result<ObjectInfo> ReadonlyStore::Head(const ObjectKey& key, const CallContext& context) {
  return inner_->Head(key, context);
}

Result<ObjectInfo> ReadonlyStore::Get(const GetRequest& request, const ByteSink& sink,
                                      const CallContext& context) {
  return inner_->Get(request, sink, context);
}

}  // namespace mbk
