#include <fmt/core.h>

#include <algorithm>

#include "store/azure/azure_object_store.h"
#include "store/azure/azure_xml.h"

namespace mbk::azure {

Result<ListPage> AzureStore::List(const ListRequest& request, const CallContext& context) {
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

}  // namespace mbk::azure
