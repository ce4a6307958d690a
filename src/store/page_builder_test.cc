#include "store/page_builder.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "store/memory/memory_store.h"

namespace mbk {
namespace {

// Few letters and many slashes, so that prefixes, directories and neighbours of '/' meet often.
rc::Gen<std::string> GenKey() {
  return rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab/.-0\xc3"))));
}

struct Listed {
  std::vector<std::string> keys;
  std::vector<std::string> common_prefixes;
};

Listed ListInPages(ObjectStore& store, ListRequest request) {
  Listed listed;
  do {
    const ListPage page = store.List(request, {}).value();
    RC_ASSERT(page.objects.size() + page.common_prefixes.size() <=
              static_cast<std::size_t>(request.max_keys));
    for (const ObjectInfo& object : page.objects) listed.keys.push_back(object.key.str());
    listed.common_prefixes.insert(listed.common_prefixes.end(), page.common_prefixes.begin(),
                                  page.common_prefixes.end());
    request.page_token = page.next_page_token;
  } while (!request.page_token.empty());
  return listed;
}

// The definition of a listing, without pages.
Listed Expected(const std::set<std::string>& keys, const std::string& prefix, const std::string& delimiter) {
  Listed expected;
  std::set<std::string> folded;
  for (const std::string& key : keys) {
    if (!key.starts_with(prefix)) continue;
    const std::size_t cut = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
    if (cut == std::string::npos) {
      expected.keys.push_back(key);
    } else {
      folded.insert(key.substr(0, cut + delimiter.size()));
    }
  }
  expected.common_prefixes.assign(folded.begin(), folded.end());
  return expected;
}

RC_GTEST_PROP(PageBuilder, PagesOfAnySizeHoldEveryKeyOnce, ()) {
  const auto keys = *rc::gen::container<std::set<std::string>>(GenKey());
  const std::string prefix = *rc::gen::oneOf(rc::gen::just(std::string()), GenKey());
  const std::string delimiter = *rc::gen::element<std::string>("", "/");
  const int max_keys = *rc::gen::inRange(1, 6);
  MemoryStore store;
  for (const std::string& key : keys) store.Set(key, "x");

  const Listed listed = ListInPages(store, {.prefix = prefix, .delimiter = delimiter, .max_keys = max_keys});
  const Listed expected = Expected(keys, prefix, delimiter);
  RC_ASSERT(listed.keys == expected.keys);
  RC_ASSERT(listed.common_prefixes == expected.common_prefixes);
}

TEST(PageBuilder, ADirectoryIsBehindOnlyWhenNothingInItIsToCome) {
  const ListRequest request{.page_token = "b/c/x"};
  PageBuilder page(request);
  EXPECT_TRUE(page.Behind("a/"));
  EXPECT_TRUE(page.Behind("b/a/"));
  EXPECT_FALSE(page.Behind("b/"));
  EXPECT_FALSE(page.Behind("b/c/"));
  EXPECT_FALSE(page.Behind("b/d/"));
}

}  // namespace
}  // namespace mbk
