#include "manifest/json_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "manifest/base64.h"
#include "manifest/json_shapes.h"

namespace mbk::manifest {
namespace {

std::string Quoted(std::string_view value) {
  std::string text;
  const TextSink append = [&text](std::string_view piece) {
    text += piece;
    return Status();
  };
  JsonWriter json(append, JsonStyle::kCompact);
  json.Value(value);
  EXPECT_TRUE(json.Finish().ok());
  return text;
}

TEST(JsonWriter, EscapesAsGoDoes) {
  EXPECT_EQ(Quoted("a<b>&c"), R"("a\u003cb\u003e\u0026c")");
  EXPECT_EQ(Quoted("\"\\\b\f\n\r\t\x01/"), R"("\"\\\b\f\n\r\t\u0001/")");
  EXPECT_EQ(Quoted("\xE2\x80\xA8\xE2\x80\xA9"), R"("\u2028\u2029")");
  EXPECT_EQ(Quoted("中文 ü \xF0\x9F\x98\x80 \x7F"), "\"中文 ü \xF0\x9F\x98\x80 \x7F\"");
}

TEST(JsonWriter, ReplacesEachByteThatIsNotUtf8) {
  EXPECT_EQ(Quoted("a\xFFz"), R"("a\ufffdz")");
  EXPECT_EQ(Quoted("\xE4\xB8"), R"("\ufffd\ufffd")");                      // cut off
  EXPECT_EQ(Quoted("\xC0\x80"), R"("\ufffd\ufffd")");                      // overlong
  EXPECT_EQ(Quoted("\xED\xA0\x80"), R"("\ufffd\ufffd\ufffd")");            // surrogate
  EXPECT_EQ(Quoted("\xF4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");  // beyond U+10FFFF
}

TEST(JsonWriter, IndentsAsGoDoes) {
  std::string text;
  const TextSink append = [&text](std::string_view piece) {
    text += piece;
    return Status();
  };
  JsonWriter json(append, JsonStyle::kIndented);
  json.BeginObject();
  json.Member("a", 1);
  json.Key("b");
  json.BeginArray();
  json.Value("x");
  json.BeginObject();
  json.EndObject();
  json.EndArray();
  json.NonZero("c", 0);
  json.Member("d", false);
  json.EndObject();
  ASSERT_TRUE(json.Finish().ok());
  EXPECT_EQ(text, "{\n    \"a\": 1,\n    \"b\": [\n        \"x\",\n        {}\n    ],\n    \"d\": false\n}");
}

TEST(JsonWriter, StopsAtTheFirstErrorOfTheSink) {
  int calls = 0;
  const TextSink full = [&calls](std::string_view) {
    ++calls;
    return Status(Code::kUnavailable, "disk full");
  };
  JsonWriter json(full, JsonStyle::kCompact);
  json.BeginArray();
  for (int i = 0; i < 100'000; ++i) json.Value("some text");
  json.EndArray();
  EXPECT_EQ(json.Finish().message(), "disk full");
  EXPECT_EQ(calls, 1);
}

RC_GTEST_PROP(JsonWriter, AnyBytesBecomeTextThatReadsBack, (const std::string& bytes)) {
  std::string again;
  json::Record<std::string> shape;
  shape.Add("k", [](std::string& text) { return &text; }, json::ScalarShape<std::string>());
  Status status = json::Read("{\"k\":" + Quoted(bytes) + "}", "test", {.object = &again, .shape = &shape});
  RC_ASSERT(status.ok());
  RC_ASSERT(Quoted(again) == Quoted(bytes) || again.find("\xEF\xBF\xBD") != std::string::npos);
}

TEST(Base64, IsTheOneOfRfc4648) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("f"), "Zg==");
  EXPECT_EQ(Base64Encode("fo"), "Zm8=");
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64Encode("\xFB\xFF"), "+/8=");
  for (const char* bad : {"Zg", "Zg=", "Z===", "Zm9v!mFy", "=Zg=", "Zg==Zg=="})
    EXPECT_FALSE(Base64Decode(bad)) << bad;
}

RC_GTEST_PROP(Base64, DecodesWhatItEncodes, (const std::string& bytes)) {
  RC_ASSERT(Base64Decode(Base64Encode(bytes)) == bytes);
}

}  // namespace
}  // namespace mbk::manifest
