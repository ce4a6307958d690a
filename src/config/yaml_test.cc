#include "config/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mbk::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

FileValues MustFlatten(std::string_view text) {
  auto values = FlattenYaml(text);
  EXPECT_TRUE(values.ok()) << values.status().message();
  return values.ok() ? *std::move(values) : FileValues{};
}

std::string ErrorOf(std::string_view text) {
  const auto values = FlattenYaml(text);
  EXPECT_FALSE(values.ok());
  EXPECT_TRUE(values.ok() || values.status().code() == Code::kInvalidArgument);
  return values.status().message();
}

TEST(FlattenYaml, KeysAreLowerCasedAndKeepTheirSpellingAndLine) {
  const auto values = MustFlatten("Milvus:\n  Address: h\n\"minio.Port\": 9000\n");
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values.at("milvus.address").value.text, "h");
  EXPECT_EQ(values.at("milvus.address").spelling, "Milvus.Address");
  EXPECT_EQ(values.at("milvus.address").line, 2);
  EXPECT_EQ(values.at("minio.port").value.text, "9000");
}

TEST(FlattenYaml, NullAndEmptyFilesHoldNothing) {
  EXPECT_TRUE(MustFlatten("").empty());
  EXPECT_TRUE(MustFlatten("# only a comment\n").empty());
  EXPECT_TRUE(MustFlatten("a:\nb: ~\nc: {d: null}\n").empty());
}

TEST(FlattenYaml, KeepsWhetherAScalarWasQuoted) {
  const auto values = MustFlatten("a: 1\nb: \"1\"\nc: ''");
  EXPECT_EQ(values.at("a").value.kind, RawValue::Kind::kPlain);
  EXPECT_EQ(values.at("b").value.kind, RawValue::Kind::kQuoted);
  EXPECT_EQ(values.at("c").value.text, "");
}

TEST(FlattenYaml, AliasesStandForTheirValues) {
  EXPECT_EQ(MustFlatten("a: &x {k: v}\nb: *x").at("b.k").value.text, "v");
}

TEST(FlattenYaml, KeysGivenTwiceAreRefused) {
  EXPECT_THAT(ErrorOf("milvus: {port: 1}\nMilvus: {Port: 2}"),
              AllOf(HasSubstr("line 2"),
                    HasSubstr("\"Milvus.Port\" was already given as \"milvus.port\" in line 1")));
  EXPECT_THAT(ErrorOf("a: {b: 1}\na.b: 2"), HasSubstr("already given"));
  EXPECT_THAT(ErrorOf("a: 1\na: 1"), HasSubstr("already given"));
}

TEST(FlattenYaml, RootMustBeAMap) {
  EXPECT_THAT(ErrorOf("- a\n- b"), HasSubstr("root must be a map"));
  EXPECT_THAT(ErrorOf("just text"), HasSubstr("root must be a map"));
}

// As UTF-16 with its byte order mark; `text` is ASCII.
std::string Utf16(std::string_view text, bool little_endian) {
  std::string bytes = little_endian ? "\xFF\xFE" : "\xFE\xFF";
  for (const char c : text) bytes += little_endian ? std::string{c, '\0'} : std::string{'\0', c};
  return bytes;
}

// Field case 14: what editors make of a file.
TEST(FlattenYaml, ByteOrderMarksLineEndsAndUtf16ChangeNothing) {
  const std::string file = "milvus:\n  address: h\nminio:\n  port: 9000\n";
  const std::string crlf = "milvus:\r\n  address: h\r\nminio:\r\n  port: 9000\r\n";
  for (const std::string& text :
       {file, crlf, "---\n" + file + "...\n", "\xEF\xBB\xBF" + file, "\xEF\xBB\xBF" + crlf, Utf16(file, true),
        Utf16(file, false), Utf16(crlf, true), Utf16(crlf, false)}) {
    const auto values = MustFlatten(text);
    ASSERT_EQ(values.size(), 2u);
    EXPECT_EQ(values.at("milvus.address").value.text, "h");
    EXPECT_EQ(values.at("minio.port").value.text, "9000");
    EXPECT_EQ(values.at("minio.port").line, values.at("milvus.address").line + 2);
  }
  const std::string beyond_ascii(
      "\xFF\xFE"
      "a\0:\0 \0\xE4\0\x2D\x4E\x3D\xD8\x00\xDE\x00\xD8",
      18);
  EXPECT_EQ(MustFlatten(beyond_ascii).at("a").value.text, "ä中😀\xEF\xBF\xBD");
  EXPECT_THAT(ErrorOf(Utf16("a: 1\nb: \"open\n", true)), HasSubstr("line 2, column 4"));
}

TEST(FlattenYaml, ASecondDocumentIsRefusedAndEmptyOnesAreNone) {
  EXPECT_THAT(ErrorOf("a: 1\n---\nb: 2\n"), AllOf(HasSubstr("line 3"), HasSubstr("second YAML document")));
  EXPECT_THAT(ErrorOf("---\n# of a template\n---\na: 1\n---\nb: 2"), HasSubstr("line 6"));
  for (const std::string text :
       {"---\na: 1\n", "a: 1\n---\n", "a: 1\n...\n", "---\n# of a template\n---\na: 1",
        "\n--- \r\n---\r\na: 1\n---\n# nothing\n"}) {
    const auto values = MustFlatten(text);
    ASSERT_EQ(values.size(), 1u) << text;
    EXPECT_EQ(values.at("a").value.text, "1") << text;
  }
  EXPECT_EQ(MustFlatten("---\n---\na: 1").at("a").line, 3);
}

TEST(FlattenYaml, TabsInPlaceOfBlanksAreNamedWhereTheyStand) {
  EXPECT_THAT(ErrorOf("milvus:\n\taddress: h\n"), HasSubstr("line 2, column 1: a tab indents this line"));
  EXPECT_THAT(ErrorOf("milvus:\n  address: h\n  \tport: 1\n"), HasSubstr("line 3, column 3: a tab"));
  EXPECT_THAT(ErrorOf("a: 1\n\t# a remark\n \t\nb: 2\nc: [\n"), Not(HasSubstr("a tab")))
      << "these do no harm";
}

TEST(FlattenYaml, KeysMustBeStrings) {
  EXPECT_THAT(ErrorOf("1: a"), HasSubstr("must be a string"));
  EXPECT_THAT(ErrorOf("true: a"), HasSubstr("must be a string"));
  EXPECT_THAT(ErrorOf("~: a"), HasSubstr("must be a string"));
  EXPECT_THAT(ErrorOf("[a]: b"), HasSubstr("must be a string"));
  EXPECT_THAT(ErrorOf("b: &x {c: d}\na: {<<: *x}"), HasSubstr("merge keys"));
}

TEST(FlattenYaml, SyntaxErrorsHaveLineAndColumn) {
  EXPECT_THAT(ErrorOf("a: 1\n\tb: 2\n"), HasSubstr("line 2, column 1"));
  EXPECT_THAT(ErrorOf("a: 1\nb: [1, 2\n"), HasSubstr("line 2"));
}

TEST(FlattenYaml, AnOpenQuoteDoesNotSwallowTheRestOfTheFile) {
  EXPECT_THAT(ErrorOf("user: \"root\nbucket: b\n"), HasSubstr("line "));
  EXPECT_THAT(ErrorOf("user: 'root\nbucket: b\n\n"), HasSubstr("line "));
}

TEST(FlattenYaml, AnUnquotedPasswordThatLooksLikeAnAliasIsNotShown) {
  EXPECT_THAT(ErrorOf("password: *hunter2"),
              AllOf(HasSubstr("line 1"), HasSubstr("quoted"), Not(HasSubstr("hunter2"))));
}

TEST(FlattenYaml, BillionLaughsAreCut) {
  std::string text = "a0: &a0 {x: y}\n";
  for (int i = 1; i < 25; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {l: " + before + ", r: " + before + "}\n";
  }
  EXPECT_THAT(ErrorOf(text), HasSubstr("more than 10000 entries"));
}

TEST(FlattenYaml, AMapInsideItselfIsCut) {
  EXPECT_THAT(ErrorOf("a: &a {b: *a}"), HasSubstr("deeper than 32"));
}

TEST(FlattenYaml, DepthAndKeyLengthAreBounded) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "{a: ";
  EXPECT_THAT(ErrorOf(deep + "1" + std::string(40, '}')), HasSubstr("deeper than 32"));
  EXPECT_THAT(ErrorOf(std::string(300, 'k') + ": 1"), HasSubstr("longer than 256 bytes"));
  EXPECT_FALSE(FlattenYaml(std::string(100'000, '[')).ok());
}

}  // namespace
}  // namespace mbk::config
