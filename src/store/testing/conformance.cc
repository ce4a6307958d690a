#include "store/testing/conformance.h"

#include <fmt/core.h>

#include <cstdlib>
#include <random>

#include "base/parallel.h"

namespace mbk::conformance {
namespace {

constexpr int kWorkers = 8;

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

void DeleteBelow(ObjectStore& store, const std::string& prefix) {
  std::vector<ObjectKey> keys;
  ASSERT_EQ(ForEachObject(store, prefix, {},
                          [&](const ObjectInfo& object) {
                            keys.push_back(object.key);
                            return Status();
                          }),
            Status());
  ASSERT_EQ(store.Delete(keys, {}), Status());
}

}  // namespace

void StoreConformance::SetUp() {
  const std::string& variable = GetParam().server_variable;
  if (!variable.empty() && !IsSet(variable.c_str())) {
    if (IsSet("MBK_REQUIRE_SERVERS"))
      FAIL() << variable << " names no server; run testing/servers/with_stores";
    GTEST_SKIP() << variable << " names no server; testing/servers/with_stores starts one";
  }
  auto stores = GetParam().open();
  ASSERT_EQ(stores.status(), Status());
  stores_ = *std::move(stores);
  const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
  prefix_ = test.substr(0, test.find('/')) + "/";
}

void StoreConformance::TearDown() {
  if (!stores_.store) return;
  DeleteBelow(store(), prefix_);
  DeleteBelow(other(), prefix_);
}

WriteResult StoreConformance::Put(const ObjectKey& key, std::string_view body) {
  auto written = store().Put({.key = key, .body = body}, context_);
  EXPECT_EQ(written.status(), Status());
  return written.ok() ? *written : WriteResult{};
}

std::string StoreConformance::Read(const ObjectKey& key, ByteRange range) {
  std::string content;
  auto append = [&](std::string_view bytes) {
    content += bytes;
    return Status();
  };
  EXPECT_EQ(store().Get({.key = key, .range = range}, append, context_).status(), Status());
  return content;
}

ObjectInfo StoreConformance::Head(const ObjectKey& key) {
  auto info = store().Head(key, context_);
  EXPECT_EQ(info.status(), Status());
  return info.ok() ? *info : ObjectInfo{};
}

CopySource StoreConformance::Source(const ObjectKey& key, std::string if_match) {
  return {.bucket = store().identity().bucket, .key = key, .if_match = std::move(if_match)};
}

void StoreConformance::PutAll(const std::vector<ObjectKey>& keys) {
  auto put = [&](std::size_t i, const CallContext& context) {
    return store().Put({.key = keys[i], .body = "x"}, context).status();
  };
  ASSERT_EQ(ParallelFor(keys.size(), kWorkers, context_, put), Status());
}

void StoreConformance::PutNames(const std::vector<std::string>& names) {
  std::vector<ObjectKey> keys;
  for (const std::string& name : names) keys.push_back(Key(name));
  PutAll(keys);
}

Listing StoreConformance::List(std::string_view below, std::string_view delimiter, int max_keys) {
  constexpr int kPagesAtMost = 5'000;
  auto name_of = [this](const std::string& key) { return key.substr(prefix_.size()); };
  ListRequest request{.prefix = Key(below).str(), .delimiter = std::string(delimiter), .max_keys = max_keys};
  Listing all;
  do {
    auto page = store().List(request, context_);
    EXPECT_EQ(page.status(), Status());
    if (!page.ok()) break;
    EXPECT_LE(static_cast<int>(page->objects.size() + page->common_prefixes.size()), max_keys);
    for (const ObjectInfo& object : page->objects) all.keys.push_back(name_of(object.key.str()));
    for (const std::string& common : page->common_prefixes) all.common_prefixes.push_back(name_of(common));
    request.page_token = page->next_page_token;
  } while (++all.pages < kPagesAtMost && !request.page_token.empty());
  EXPECT_LT(all.pages, kPagesAtMost) << "the listing does not end";
  return all;
}

bool StoreConformance::Exists(const ObjectKey& key) {
  auto info = store().Head(key, context_);
  EXPECT_TRUE(info.ok() || info.status().code() == Code::kNotFound) << info.status().message();
  return info.ok();
}

std::string Content(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string content(size, '\0');
  for (char& byte : content) byte = static_cast<char>(random());
  return content;
}

}  // namespace mbk::conformance
