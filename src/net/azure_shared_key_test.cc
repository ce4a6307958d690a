#include "net/azure_shared_key.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace mbk {
namespace {

// The key that Microsoft publishes for its emulators. Where a signature stands below, it is what Microsoft's
// azure-storage-blob 12.14.1 for Python makes of the same request and key.
constexpr char kAccount[] = "devstoreaccount1";
std::string Key() {
  return *Base64Decode(
      "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");
}

const HttpHeaders kEveryRequest{{"x-ms-version", "2021-08-06"},
                                {"x-ms-date", "Fri, 27 Nov 2026 06:00:00 GMT"}};

HttpHeaders With(std::initializer_list<std::pair<std::string, std::string>> more) {
  HttpHeaders headers = kEveryRequest;
  for (const auto& [name, value] : more) headers.Add(name, value);
  return headers;
}

// The examples of
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key#constructing-the-canonicalized-resource-string
TEST(SharedKey, SignsTheTextOfTheDocumentation) {
  const HttpHeaders headers{{"x-ms-version", "2015-02-21"}, {"x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"}};
  EXPECT_EQ(
      SharedKeyStringToSign({.method = "GET",
                             .account = "myaccount",
                             .path = "/mycontainer",
                             .query = {{"restype", "container"}, {"comp", "metadata"}, {"timeout", "20"}},
                             .headers = headers}),
      "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
      "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20");
}

TEST(SharedKey, SignsAListingAsMicrosoftsClientDoes) {
  EXPECT_EQ(SharedKeyAuthorization({.method = "GET",
                                    .account = kAccount,
                                    .path = "/a-bucket",
                                    .query = {{"restype", "container"},
                                              {"comp", "list"},
                                              {"prefix", "files/insert_log/"},
                                              {"maxresults", "1000"},
                                              {"delimiter", "/"}},
                                    .headers = kEveryRequest},
                                   Key()),
            "SharedKey devstoreaccount1:pJE/r8reduzVlugeq8ND15kTxS7Qmn6mD3O6Kk0NS/U=");
}

TEST(SharedKey, SignsAPutAsMicrosoftsClientDoes) {
  EXPECT_EQ(SharedKeyAuthorization({.method = "PUT",
                                    .account = kAccount,
                                    .path = "/a-bucket/a%20b/%2B%3D%25%C3%BC",
                                    .query = {},
                                    .headers = With({{"x-ms-blob-type", "BlockBlob"},
                                                     {"Content-MD5", "kAFQmDzST7DWlj99KOF/cg=="},
                                                     {"If-None-Match", "*"},
                                                     {"Content-Type", "application/octet-stream"}}),
                                    .body_bytes = 3},
                                   Key()),
            "SharedKey devstoreaccount1:PL8yC1qjaefSOqg7LGmxoRVmhmn0L3P70auDxP1Jui8=");
}

TEST(SharedKey, SignsTheAccountTwiceWhereItIsPartOfThePath) {
  EXPECT_EQ(SharedKeyAuthorization({.method = "GET",
                                    .account = kAccount,
                                    .path = "/devstoreaccount1/a-bucket/k",
                                    .query = {},
                                    .headers = With({{"If-Match", "\"0x8D\""}})},
                                   Key()),
            "SharedKey devstoreaccount1:hgDgFwIz+/OPMownt1OQ9v4pl3Vu8kd5ufkw+uGjB9s=");
}

TEST(SharedKey, SignsTheRange) {
  EXPECT_EQ(SharedKeyStringToSign({.method = "GET",
                                   .account = "a",
                                   .path = "/c/k",
                                   .query = {},
                                   .headers = With({{"Range", "bytes=5-9"}, {"Host", "not signed"}})}),
            "GET\n\n\n\n\n\n\n\n\n\n\nbytes=5-9\nx-ms-date:Fri, 27 Nov 2026 06:00:00 GMT\n"
            "x-ms-version:2021-08-06\n/a/c/k");
}

}  // namespace
}  // namespace mbk
