#include "store/list_first.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace mbk {
namespace {

template <class T>
void MoveBehind(std::vector<T>& target, std::vector<T>&& source) {
  target.insert(target.end(), std::make_move_iterator(source.begin()), std::make_move_iterator(source.end()));
}

}  // namespace

Result<ListPage> ListFirst(ObjectReader& store, ListRequest request, const CallContext& context) {
  ListPage first;
  const auto wanted = static_cast<std::size_t>(std::max(1, request.max_keys));
  for (;;) {
    MBK_TRY_ASSIGN(ListPage page, store.List(request, context));
    MoveBehind(first.objects, std::move(page.objects));
    MoveBehind(first.common_prefixes, std::move(page.common_prefixes));
    first.next_page_token = std::move(page.next_page_token);
    const bool is_enough = first.objects.size() + first.common_prefixes.size() >= wanted;
    if (is_enough || first.next_page_token.empty()) return first;
    if (first.next_page_token == request.page_token)
      return Internal(fmt::format("list {}: the service answers with the same page again and again",
                                  store.identity().Url(ObjectKey(request.prefix))));
    request.page_token = first.next_page_token;
    MBK_TRY(context.Check());
  }
}

}  // namespace mbk
