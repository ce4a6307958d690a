#include "store/azure/azure_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"

namespace mbk::azure {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As the service writes it: with a byte order mark.
std::string Results(const std::string& inside) {
  return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults "
         "ServiceEndpoint=\"https://a/\" "
         "ContainerName=\"c\">" +
         inside + "</EnumerationResults>";
}

std::string Blob(const std::string& name, const std::string& properties) {
  return "<Blob>" + name + "<Properties>" + properties + "</Properties></Blob>";
}

TEST(ParseListPage, ReadsBlobsPrefixesAndMarker) {
  auto page = ParseListPage(Results(
      "<Prefix>p</Prefix><Blobs>" +
      Blob("<Name>p/a &amp; b</Name>",
           "<Etag>0x8D</Etag><Content-Length>3</Content-Length><Content-MD5>"
           "kAFQmDzST7DWlj99KOF/cg==</Content-MD5>") +
      "<BlobPrefix><Name>p/d/</Name></BlobPrefix>" +
      Blob("<Name> </Name>", "<Etag>\"0x9\"</Etag><Content-Length>0</Content-Length><Content-MD5 />") +
      "</Blobs><NextMarker>2!8!x--</NextMarker>"));
  ASSERT_EQ(page.status(), Status());
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(page->objects[0].key.str(), "p/a & b");
  EXPECT_EQ(page->objects[0].size, 3);
  EXPECT_EQ(page->objects[0].etag, "0x8D");
  EXPECT_EQ(page->objects[0].digest.hex, Md5Hex("abc"));
  EXPECT_EQ(page->objects[1].key.str(), " ");
  EXPECT_EQ(page->objects[1].etag, "0x9");
  EXPECT_EQ(page->objects[1].digest, Digest{});
  EXPECT_THAT(page->common_prefixes, ElementsAre("p/d/"));
  EXPECT_EQ(page->next_page_token, "2!8!x--");
}

TEST(ParseListPage, DecodesOnlyTheNamesThatAreMarked) {
  const std::string size = "<Content-Length>1</Content-Length>";
  auto page = ParseListPage(Results("<Blobs>" + Blob("<Name Encoded=\"true\">a%EF%BF%BF%2Fb</Name>", size) +
                                    Blob("<Name>50%25</Name>", size) + "</Blobs><NextMarker/>"));
  ASSERT_EQ(page.status(), Status());
  EXPECT_EQ(page->objects.at(0).key.str(), "a\xEF\xBF\xBF/b");
  EXPECT_EQ(page->objects.at(1).key.str(), "50%25");
}

TEST(ParseListPage, LeavesOutDirectoriesOfAHierarchicalNamespace) {
  auto page = ParseListPage(Results(
      "<Blobs>" +
      Blob("<Name>d</Name>", "<Content-Length>0</Content-Length><ResourceType>directory</ResourceType>") +
      Blob("<Name>d/f</Name>", "<Content-Length>1</Content-Length><ResourceType>file</ResourceType>") +
      "</Blobs><NextMarker/>"));
  ASSERT_EQ(page.status(), Status());
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].key.str(), "d/f");
}

TEST(ParseListPage, RefusesWhatIsNoListing) {
  for (const std::string& xml :
       {std::string(), std::string("<html/>"), std::string("<EnumerationResults>"),
        Results("<Blobs>" + Blob("<Name>k</Name>", "") + "</Blobs>"),
        Results("<Blobs>" + Blob("<Name>k</Name>", "<Content-Length>-1</Content-Length>") + "</Blobs>"),
        Results("<Blobs>" + Blob("<Name></Name>", "<Content-Length>1</Content-Length>") + "</Blobs>"),
        Results("<Blobs>" + Blob("<Name Encoded=\"true\"></Name>", "<Content-Length>1</Content-Length>") +
                "</Blobs>")}) {
    EXPECT_EQ(ParseListPage(xml).status().code(), Code::kDataLoss) << xml;
  }
  auto half_encoded = ParseListPage(
      Results("<Blobs>" + Blob("<Name Encoded=\"true\">%4</Name>", "<Content-Length>1</Content-Length>") +
              "</Blobs>"));
  EXPECT_EQ(half_encoded.status().code(), Code::kDataLoss);
}

TEST(ParseDelegationKey, ReadsTheKeyAndRefusesWhatIsNone) {
  auto key = ParseDelegationKey(
      "<?xml "
      "version=\"1.0\"?><UserDelegationKey><SignedOid>o</SignedOid><SignedTid>t</SignedTid><SignedStart>s"
      "</SignedStart><SignedExpiry>e</SignedExpiry><SignedService>b</SignedService><SignedVersion>v"
      "</SignedVersion><Value>a2V5</Value></UserDelegationKey>");
  ASSERT_EQ(key.status(), Status());
  EXPECT_EQ(*key, (UserDelegationKey{.object_id = "o",
                                     .tenant_id = "t",
                                     .start = "s",
                                     .expiry = "e",
                                     .service = "b",
                                     .version = "v",
                                     .key = "key"}));
  for (const char* xml :
       {"", "<UserDelegationKey/>", "<UserDelegationKey><SignedOid>o</SignedOid></UserDelegationKey>",
        "<UserDelegationKey><SignedOid>o</SignedOid><Value>?</Value></UserDelegationKey>"}) {
    EXPECT_EQ(ParseDelegationKey(xml).status().code(), Code::kDataLoss) << xml;
  }
}

TEST(ParseError, ReadsCodeAndMessage) {
  const Refusal refusal =
      ParseError("<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code><Message>gone</Message></Error>");
  EXPECT_EQ(refusal.code, "BlobNotFound");
  EXPECT_EQ(refusal.message, "gone");
  EXPECT_EQ(ParseError("<html>Bad Gateway</html>").code, "");
}

TEST(DigestOfMd5, IsNoneForWhatIsNoMd5) {
  EXPECT_EQ(DigestOfMd5("kAFQmDzST7DWlj99KOF/cg==").hex, Md5Hex("abc"));
  for (const char* text : {"", "a2V5", "not base64", "kAFQmDzST7DWlj99KOF/cg"})
    EXPECT_EQ(DigestOfMd5(text), Digest{}) << text;
}

}  // namespace
}  // namespace mbk::azure
