#include "ops/runs/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mbk::runs {
namespace {

using testing::HasSubstr;

Record FullRecord() {
  return {
      .run_id = "0123456789ab",
      .holder = "0123456789ab",
      .verb = "restore",
      .server = "milvus:19530",
      .root = "files",
      .process = {.host = "db1", .boot_id = "b", .pid_namespace = "pid:[1]", .pid = 4711, .start_ticks = 99},
      .started_s = 1'795'000'000,
      .heartbeat = 3,
      .collections = {{.target = {"prod", "docs"},
                       .temporary = "_mbk_0123456789ab_1",
                       .collection_id = 470'636'371'198'221'768,
                       .aside = "_mbk_0123456789ab_1_old",
                       .old_id = 470'636'371'198'221'000,
                       .old_aliases = {"a", "ü"},
                       .drop_first = true,
                       .created = true,
                       .filled = true,
                       .proved = true},
                      {.target = {"", "x"}, .done = true}},
      .staging = {"restore-temp-0123456789ab-prod-docs/"},
      .jobs = {7, 470'636'371'198'221'769}};
}

TEST(Record, SurvivesItsText) { EXPECT_EQ(RecordFromJson(ToJson(FullRecord())).value(), FullRecord()); }

TEST(Record, IsToldInOneLine) {
  EXPECT_EQ(FullRecord().Describe(),
            "restore 0123456789ab on host db1, pid 4711, since 2026-11-18 11:06:40 UTC");
  Record put_right = FullRecord();
  put_right.holder = "another";
  EXPECT_EQ(put_right.Describe(), "restore 0123456789ab, since 2026-11-18 11:06:40 UTC");
}

TEST(Record, WhatIsNoneIsDamage) {
  const std::string good = ToJson(FullRecord());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"),
        std::string("{\"version\":1}"), good.substr(0, good.size() / 2), with("\"pid\":4711", "\"pid\":-1"),
        with("\"pid\":4711", "\"pid\":1e300"), with("\"pid\":4711", "\"pid\":99999999999"),
        with("\"heartbeat\":3", "\"heartbeat\":18446744073709551615"),
        with("\"started_s\":1795000000", "\"started_s\":253402300800"),
        with("\"run_id\":\"0123456789ab\"", "\"run_id\":\"../x\""), with("\"jobs\":[7", "\"jobs\":[\"7\""),
        with("\"done\":false", "\"done\":1"), with("\"drop_first\":true", "\"drop_first\":1"),
        with("\"filled\":true", "\"filled\":1"), with("\"collections\":[", "\"collections\":[3,")}) {
    EXPECT_EQ(RecordFromJson(text).status().code(), Code::kDataLoss) << text;
  }
}

TEST(Record, WithoutWhatCameLaterIsRead) {
  Record record = FullRecord();
  record.collections[0].drop_first = record.collections[0].filled = false;
  std::string text = ToJson(record);
  for (const std::string key : {"\"drop_first\":false,", "\"filled\":false,"})
    for (std::size_t at = text.find(key); at != text.npos; at = text.find(key)) text.erase(at, key.size());
  EXPECT_EQ(RecordFromJson(text).value(), record);
}

TEST(Record, OfANewerVersionIsRefusedAsThat) {
  std::string text = ToJson(FullRecord());
  text.replace(text.find("\"version\":1"), 11, "\"version\":2");
  const Status refused = RecordFromJson(text).status();
  EXPECT_EQ(refused.code(), Code::kUnimplemented);
  EXPECT_THAT(refused.message(), HasSubstr("newer"));
}

}  // namespace
}  // namespace mbk::runs
