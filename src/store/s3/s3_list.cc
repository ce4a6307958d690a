#include <fmt/core.h>

#include <algorithm>

#include "store/s3/s3_error.h"
#include "store/s3/s3_object_store.h"
#include "store/s3/s3_xml.h"

namespace mbk::s3 {
namespace {

// What a listing names may be deleted or copied next: a service, or a cache before it, that names other
// things than those asked for must not be believed.
Status CheckPage(const ListPage& page, const ListRequest& request) {
  auto outside = [&](const std::string& key) { return !key.starts_with(request.prefix); };
  for (const ObjectInfo& object : page.objects) {
    if (outside(object.key.str())) {
      return DataLoss(fmt::format("the listing holds \"{}\", outside the prefix", OneLine(object.key.str())));
    }
  }
  for (const std::string& prefix : page.common_prefixes) {
    if (outside(prefix))
      return DataLoss(fmt::format("the listing holds \"{}\", outside the prefix", OneLine(prefix)));
  }
  if (!page.next_page_token.empty() && page.next_page_token == request.page_token) {
    return DataLoss("the listing goes in a circle: the next page is this one");
  }
  return {};
}

}  // namespace

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
