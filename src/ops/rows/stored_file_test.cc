#include "ops/rows/stored_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "store/memory/memory_store.h"
#include "store/metered_store.h"

namespace mbk::rows {
namespace {

// An object of ten kilobytes, each of its own letter, and a count of the requests for it.
class StoredFileTest : public testing::Test {
 protected:
  StoredFileTest() {
    for (char c = 'a'; c < 'k'; ++c) content_ += std::string(1000, c);
    memory_->Set("file", content_);
  }
  StoredFile Open(std::int64_t window_bytes) {
    return StoredFile(store_, ObjectKey("file"), static_cast<std::int64_t>(content_.size()), window_bytes,
                      {});
  }
  static std::string Read(StoredFile& file, std::int64_t offset, std::int64_t length) {
    std::string out(static_cast<std::size_t>(length), '?');
    const Status read = file.ReadAt(offset, length, out.data());
    EXPECT_TRUE(read.ok()) << read.message();
    return out;
  }
  std::int64_t requests() const { return store_.Snapshot().of(StoreOperation::kGet).calls; }

  std::string content_;
  std::shared_ptr<MemoryStore> memory_ = std::make_shared<MemoryStore>();
  MeteredStore store_{memory_};
};

TEST_F(StoredFileTest, OneRequestBringsASmallObject) {
  StoredFile file = Open(20'000);
  EXPECT_EQ(Read(file, 9'990, 10), content_.substr(9'990));
  EXPECT_EQ(Read(file, 0, 10'000), content_);
  EXPECT_EQ(requests(), 1);
}

TEST_F(StoredFileTest, AViewLivesOnWithoutTheFile) {
  std::optional<ByteView> view;
  {
    StoredFile file = Open(20'000);
    view = file.View(4'000, 1'000).value();
  }
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(std::string(view->data, 1'000), std::string(1'000, 'e'));
}

TEST_F(StoredFileTest, ThereIsNoViewOfALargeObject) {
  StoredFile file = Open(4'000);
  EXPECT_FALSE(file.View(0, 100).value().has_value());
}

TEST_F(StoredFileTest, TheFooterOfALargeObjectDisplacesNothing) {
  StoredFile file = Open(4'000);
  EXPECT_EQ(Read(file, 0, 100), content_.substr(0, 100));
  EXPECT_EQ(Read(file, 9'900, 100), content_.substr(9'900));
  std::string all;
  for (std::int64_t at = 0; at < 10'000; at += 500) all += Read(file, at, 500);
  EXPECT_EQ(all, content_);
  EXPECT_EQ(requests(), 4) << "three windows, and the tail";
}

TEST_F(StoredFileTest, AnObjectOfAnotherSizeIsDamage) {
  memory_->Set("file", content_ + "more");
  StoredFile file = Open(20'000);
  char out = 0;
  EXPECT_EQ(file.ReadAt(0, 1, &out).code(), Code::kDataLoss);
}

TEST_F(StoredFileTest, WhatLiesOutsideIsNotAskedFor) {
  StoredFile file = Open(4'000);
  char out = 0;
  EXPECT_EQ(file.ReadAt(9'999, 2, &out).code(), Code::kDataLoss);
  EXPECT_EQ(file.ReadAt(-1, 1, &out).code(), Code::kDataLoss);
  EXPECT_EQ(requests(), 0);
}

}  // namespace
}  // namespace mbk::rows
