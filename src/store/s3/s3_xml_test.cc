#include "store/s3/s3_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mbk::s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kTwoObjects =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><Prefix></Prefix>"
    "<KeyCount>3</KeyCount><MaxKeys>3</MaxKeys><Delimiter>%2F</Delimiter><EncodingType>url</EncodingType>"
    "<IsTruncated>true</IsTruncated><NextContinuationToken>a+b/c==</NextContinuationToken>"
    "<Contents><Key>a+b%2Bc/%C3%BC%01</Key><Size>9007199254740993</Size>"
    "<ETag>&quot;900150983cd24fb0d6963f7d28e17f72&quot;</ETag></Contents>"
    "<Contents><Key>empty</Key><Size>0</Size><ETag>\"x-2\"</ETag></Contents>"
    "<CommonPrefixes><Prefix>dir+1/</Prefix></CommonPrefixes></ListBucketResult>";

TEST(ListPageXml, ReadsObjectsPrefixesAndToken) {
  auto page = ParseListPage(kTwoObjects);
  ASSERT_TRUE(page.ok()) << page.status().message();
  ASSERT_THAT(page->objects, SizeIs(2));
  EXPECT_EQ(page->objects[0].key.str(), "a b+c/ü\x01");
  EXPECT_EQ(page->objects[0].size, 9007199254740993);
  EXPECT_EQ(page->objects[0].etag, "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(page->objects[1].etag, "x-2");
  EXPECT_THAT(page->common_prefixes, ElementsAre("dir 1/"));
  EXPECT_EQ(page->next_page_token, "a+b/c==");
}

TEST(ListPageXml, KeysStayAsTheyAreWithoutEncodingType) {
  auto page = ParseListPage(
      "<ListBucketResult><Contents><Key>a+b%20 &amp;</Key><Size>1</Size></Contents></ListBucketResult>");
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_EQ(page->objects.at(0).key.str(), "a+b%20 &");
  EXPECT_THAT(page->next_page_token, IsEmpty());
}

TEST(ListPageXml, AKeyMayBeOneBlank) {
  auto page =
      ParseListPage("<ListBucketResult><Contents><Key> </Key><Size>1</Size></Contents></ListBucketResult>");
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_EQ(page->objects.at(0).key.str(), " ");
}

TEST(ListPageXml, EveryTruncationIsNoticed) {
  for (std::size_t size = 0; size < kTwoObjects.size(); ++size) {
    EXPECT_EQ(ParseListPage(kTwoObjects.substr(0, size)).status().code(), Code::kDataLoss) << size;
  }
}

TEST(ListPageXml, RefusesWhatIsNoListing) {
  auto refused = [](std::string_view xml) { return ParseListPage(xml).status(); };
  EXPECT_THAT(refused("<html><body>login</body></html>").message(), HasSubstr("<html>"));
  EXPECT_EQ(refused("{}").code(), Code::kDataLoss);
  EXPECT_EQ(refused(std::string_view("\0\0\0", 3)).code(), Code::kDataLoss);
  for (const char* contents : {"<Key>k</Key>", "<Key>k</Key><Size>-1</Size>", "<Key>k</Key><Size>1x</Size>",
                               "<Key>k</Key><Size>99999999999999999999</Size>", "<Size>1</Size>"}) {
    std::string xml =
        "<ListBucketResult><Contents>" + std::string(contents) + "</Contents></ListBucketResult>";
    EXPECT_EQ(refused(xml).code(), Code::kDataLoss) << contents;
  }
}

TEST(ListPageXml, RefusesAKeyThatIsHalfEncoded) {
  EXPECT_FALSE(ParseListPage("<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a%2</Key>"
                             "<Size>1</Size></Contents></ListBucketResult>")
                   .ok());
}

TEST(ListPageXml, ACutListingWithoutTokenIsNotTakenForAWholeOne) {
  auto page = ParseListPage("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>");
  EXPECT_EQ(page.status().code(), Code::kDataLoss);
}

TEST(ListPageXml, DeepNestingAndEntitiesCostNoMoreThanTheirBytes) {
  std::string deep = "<ListBucketResult>";
  for (int i = 0; i < 200'000; ++i) deep += "<a>";
  EXPECT_EQ(ParseListPage(deep).status().code(), Code::kDataLoss);

  std::string closed = deep;
  for (int i = 0; i < 200'000; ++i) closed += "</a>";
  EXPECT_TRUE(ParseListPage(closed + "</ListBucketResult>").ok());

  auto page = ParseListPage(
      "<!DOCTYPE x [<!ENTITY e \"eeeeeeeeee\">]><ListBucketResult><Contents><Key>&e;</Key><Size>1</Size>"
      "</Contents></ListBucketResult>");
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_EQ(page->objects.at(0).key.str(), "&e;");
}

TEST(ErrorXml, ReadsWhatTheServiceSays) {
  ErrorBody error = ParseError(
      "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message>"
      "<Region>eu-west-1</Region><RequestId>17F</RequestId></Error>");
  EXPECT_EQ(error.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(error.message, "wrong");
  EXPECT_EQ(error.region, "eu-west-1");
  EXPECT_EQ(error.request_id, "17F");
  EXPECT_EQ(ParseError("<html/>").code, "");
  EXPECT_EQ(ParseError("").code, "");
}

TEST(EtagXml, IsReadBehindTheBlanksOfALongCopy) {
  std::string body =
      "<?xml version=\"1.0\"?>\n      \n<CopyObjectResult><ETag>\"abc\"</ETag></CopyObjectResult>";
  EXPECT_EQ(ParseEtag(body, "CopyObjectResult").value(), "abc");
  EXPECT_EQ(ParseEtag("   \n" + body.substr(21), "CopyObjectResult").value(), "abc");
  EXPECT_EQ(ParseEtag(body, "CopyPartResult").status().code(), Code::kDataLoss);
  EXPECT_EQ(ParseEtag("<CopyPartResult/>", "CopyPartResult").status().code(), Code::kDataLoss);
}

TEST(DeleteXml, ReadsFailures) {
  auto failures = ParseDeleteResult(
      "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b&lt;</Key><Code>AccessDenied</Code>"
      "<Message>no</Message></Error></DeleteResult>");
  ASSERT_TRUE(failures.ok()) << failures.status().message();
  ASSERT_THAT(*failures, SizeIs(1));
  EXPECT_EQ(failures->at(0).key, "b<");
  EXPECT_EQ(failures->at(0).code, "AccessDenied");
}

TEST(DeleteXml, EscapesKeys) {
  const std::vector<ObjectKey> keys = {ObjectKey("a&b<c>\r\n\t\"'"), ObjectKey("ü")};
  EXPECT_EQ(
      DeleteBody(keys),
      "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>"
      "<Object><Key>a&amp;b&lt;c&gt;&#13;&#10;&#9;\"'</Key></Object><Object><Key>ü</Key></Object></Delete>");
}

TEST(CompleteUploadXml, NamesPartsInTheOrderGiven) {
  const std::vector<UploadedPart> parts = {{.number = 1, .etag = "a"}, {.number = 10, .etag = "b&"}};
  EXPECT_EQ(CompleteUploadBody(parts),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
            "<Part><PartNumber>10</PartNumber><ETag>\"b&amp;\"</ETag></Part></CompleteMultipartUpload>");
}

TEST(XmlText, IsValidUtf8WithoutControlCharacters) {
  for (std::string_view text :
       {"", "a b", "\t\n\r", "ü", "\xE6\x95\xB0", "\xF0\x9F\x98\x80", "\xEE\x80\x80"}) {
    EXPECT_TRUE(IsXmlText(text)) << text;
  }
  for (std::string_view text : {"\x01", "a\x1f", "\xff", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                                "\xEF\xBF\xBE", "\xF4\x90\x80\x80", "\xE6\x95", "\x80"}) {
    EXPECT_FALSE(IsXmlText(text)) << testing::PrintToString(text);
  }
  EXPECT_FALSE(IsXmlText(std::string_view("\0", 1)));
}

TEST(ParseUploads, GivesTheKeyAndIdOfEach) {
  const auto uploads = ParseUploads(
      "<ListMultipartUploadsResult><EncodingType>url</EncodingType><Upload><Key>a%2Fb%20c</Key>"
      "<UploadId>u1</UploadId></Upload><Upload><Key>d</Key><UploadId>u2</UploadId></Upload>"
      "</ListMultipartUploadsResult>");
  ASSERT_TRUE(uploads.ok()) << uploads.status().message();
  ASSERT_EQ(uploads->size(), 2u);
  EXPECT_EQ((*uploads)[0].key.str(), "a/b c");
  EXPECT_EQ((*uploads)[0].id, "u1");
  EXPECT_EQ((*uploads)[1].id, "u2");
  EXPECT_EQ(
      ParseUploads("<ListMultipartUploadsResult><Upload><Key>d</Key></Upload></ListMultipartUploadsResult>")
          .status()
          .code(),
      Code::kDataLoss);
}

}  // namespace
}  // namespace mbk::s3
