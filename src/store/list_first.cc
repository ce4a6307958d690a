#include "store/list_first.h"

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
    first.next_page_token = page.next_page_token;
    const bool is_enough = first.objects.size() + first.common_prefixes.size() >= wanted;
    if (is_enough || first.next_page_token.empty()) return first;
    MBK_TRY(TurnPage(request, page, store.identity()));
    MBK_TRY(context.Check());
  }
}

}  // namespace mbk
