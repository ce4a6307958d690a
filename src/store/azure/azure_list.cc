#include <fmt/core.h>

#include <algorithm>

#include "store/azure/azure_object_store.h"
#include "store/azure/azure_xml.h"

namespace mbk::azure {

Result<ListPage> AzureStore::ListOnePage(const ListRequest& request, const CallContext& context) {
  constexpr int kMostKeys = 5000;  // the service gives no more
  Request list{.operation = "ListBlobs",
               .method = "GET",
               .resource = Resource::kContainer,
               .query = {{"restype", "container"},
                         {"comp", "list"},
                         {"maxresults", std::to_string(std::clamp(request.max_keys, 1, kMostKeys))},
                         {"prefix", request.prefix}}};
  if (!request.delimiter.empty()) list.query.emplace_back("delimiter", request.delimiter);
  if (!request.page_token.empty()) list.query.emplace_back("marker", request.page_token);
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(list, context));

  auto where = [&] { return fmt::format("ListBlobs {}", client_.Url(request.prefix)); };
  Result<ListPage> page = ParseListPage(response.body);
  if (!page.ok()) return std::move(page).status().WithContext(where());
  MBK_TRY(CheckPage(*page, request).WithContext(where()));
  return page;
}

Result<ListPage> AzureStore::List(const ListRequest& request, const CallContext& context) {
  // The service ends a page where a partition of its ends or its time is up, and may have found nothing by
  // then.
  constexpr int kMostEmptyPages = 10'000;
  ListRequest next = request;
  for (int empty = 0; empty < kMostEmptyPages; ++empty) {
    MBK_TRY_ASSIGN(ListPage page, ListOnePage(next, context));
    const bool is_empty = page.objects.empty() && page.common_prefixes.empty();
    if (!is_empty || page.next_page_token.empty()) return page;
    next.page_token = std::move(page.next_page_token);
  }
  return DataLoss(fmt::format("ListBlobs {}: {} empty pages, and no end of them", client_.Url(request.prefix),
                              kMostEmptyPages));
}

}  // namespace mbk::azure
