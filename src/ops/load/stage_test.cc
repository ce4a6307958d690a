#include "ops/load/stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "store/memory/memory_store.h"
#include "store/testing/empty_pages.h"

namespace mbk::load {
namespace {

TEST(RemoveStaging, TakesAnEmptyPageForNoEnd) {
  auto memory = std::make_shared<MemoryStore>();
  for (const std::string key : {"restore-temp-1/binlogs/a", "restore-temp-1/binlogs/b", "restore-temp-2/c"})
    memory->Set(key, "x");
  EmptyPages store(memory);
  ASSERT_TRUE(RemoveStaging(store, BinlogTree("restore-temp-1/"), {}).ok());
  EXPECT_THAT(memory->Keys(), testing::ElementsAre("restore-temp-2/c"));
}

}  // namespace
}  // namespace mbk::load
