#include <fmt/core.h>

#include <algorithm>

#include "store/gcs/gcs_object_store.h"

namespace mbk::gcs {

Result<ListPage> GcsStore::List(const ListRequest& request, const CallContext& context) {
  constexpr int kMostKeys = 1000;  // the API gives no more, whatever is asked
  const std::string fields = fmt::format("items({}),prefixes,nextPageToken", kObjectFields);
  Request list{.operation = "objects.list",
               .url = client_.address().Objects(bucket()),
               .query = {{"maxResults", std::to_string(std::clamp(request.max_keys, 1, kMostKeys))},
                         {"prefix", request.prefix},
                         {"fields", fields}},
               .key = request.prefix};
  if (!request.delimiter.empty()) list.query.emplace_back("delimiter", request.delimiter);
  if (!request.page_token.empty()) list.query.emplace_back("pageToken", request.page_token);
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(list, context));

  auto where = [&] { return "objects.list " + client_.Url(request.prefix); };
  Result<ListPage> page = ParseListPage(response.body);
  if (!page.ok()) return std::move(page).status().WithContext(where());
  MBK_TRY(CheckPage(*page, request).WithContext(where()));
  return page;
}

}  // namespace mbk::gcs
