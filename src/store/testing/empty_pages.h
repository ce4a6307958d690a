#pragma once

#include "store/forwarding_store.h"

namespace mbk {

/// Lists as a service may: the first page of each listing holds nothing, and says that there is more; the
/// others hold one thing each. Header only.
class EmptyPages : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<ListPage> List(const ListRequest& request, const CallContext& context) override {
    if (request.page_token.empty()) return ListPage{.next_page_token = "0"};
    ListRequest rest = request;
    if (rest.page_token == "0") rest.page_token.clear();
    rest.max_keys = 1;
    return ForwardingStore::List(rest, context);
  }
};

}  // namespace mbk
