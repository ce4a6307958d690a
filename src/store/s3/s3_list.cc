#include <fmt/core.h>

#include <algorithm>

#include "store/s3/s3_object_store.h"
#include "store/s3/s3_xml.h"

namespace mbk::s3 {

Result<ListPage> S3Store::List(const ListRequest& request, const CallContext& context) {
  constexpr int kMostKeys = 1000;  // S3 gives no more, whatever is asked
  Request list{.operation = "ListObjectsV2",
               .method = "GET",
               .query = {{"list-type", "2"},
                         {"encoding-type", "url"},  // or keys with control characters make the XML invalid
                         {"max-keys", std::to_string(std::clamp(request.max_keys, 1, kMostKeys))},
                         {"prefix", request.prefix}}};
  if (!request.delimiter.empty()) list.query.emplace_back("delimiter", request.delimiter);
  if (!request.page_token.empty()) list.query.emplace_back("continuation-token", request.page_token);
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(list, context));

  auto where = [&] { return fmt::format("ListObjectsV2 {}", client_.Url(request.prefix)); };
  Result<ListPage> page = ParseListPage(response.body);
  if (!page.ok()) return std::move(page).status().WithContext(where());
  MBK_TRY(CheckPage(*page, request).WithContext(where()));
  for (ObjectInfo& object : page->objects) object.digest = DigestOf(object.etag, nullptr);
  return page;
}

}  // namespace mbk::s3
