#include "codec/json_text.h"

#include <gtest/gtest.h>

namespace mbk::codec {
namespace {

TEST(CanonicalJson, IsOneForAllTextsOfAValue) {
  const std::string one = CanonicalJson(R"({"a":1,"half":0.5,"list":[1,"two",null,{"x":[3.0]}],"名":"v1"})");
  EXPECT_EQ(CanonicalJson(R"( { "list": [1, "two", null, {"x": [3.0]}], "\u540d": "\u0076\u0031",
                               "half": 5e-1, "a": 1 } )"),
            one);
  EXPECT_EQ(CanonicalJson(one), one);
}

TEST(CanonicalJson, TellsValuesApart) {
  const char* const values[] = {"1",
                                "1.0",
                                "-0.0",
                                "0.0",
                                "\"1\"",
                                "true",
                                "null",
                                "[]",
                                "{}",
                                "[null]",
                                "\"\"",
                                "[1,[2]]",
                                "[[1],2]",
                                "18446744073709551617",
                                "18446744073709551618",
                                "9007199254740993",
                                "9007199254740992",
                                R"({"a":{}})",
                                R"({"a":[]})",
                                R"(["a",{}])"};
  for (const char* a : values)
    for (const char* b : values) {
      if (a != b) {
        EXPECT_NE(CanonicalJson(a), CanonicalJson(b)) << a << " " << b;
      }
    }
}

TEST(CanonicalJson, LeavesAloneWhatItCannotRead) {
  const std::string deep = std::string(70, '[') + " 1" + std::string(70, ']');
  for (const std::string& text :
       {std::string(""), std::string("{\"a\": 1"), std::string(R"({"a": 1, "a": 2})"), std::string("[NaN]"),
        std::string("\"\xff\" "), std::string("1e999 "), deep, std::string(100'000, '[')})
    EXPECT_EQ(CanonicalJson(text), text);
}

}  // namespace
}  // namespace mbk::codec
