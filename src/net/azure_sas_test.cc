#include "net/azure_sas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "net/url.h"

namespace mbk {
namespace {

using testing::HasSubstr;
using testing::Not;

// Signatures below are those that Microsoft's azure-storage-blob 12.14.1 for Python makes of the same key,
// period and permissions.
std::string Key() {
  return *Base64Decode(
      "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");
}

SasPeriod Period() {
  const std::chrono::system_clock::time_point now(std::chrono::seconds(1795759200));  // 2026-11-27T06:00:00Z
  return {.start = now - std::chrono::seconds(10), .expiry = now + std::chrono::hours(48)};
}

TEST(AccountReadSas, IsWhatMicrosoftsClientMakes) {
  EXPECT_EQ(
      AccountReadSas("devstoreaccount1", Key(), Period(), /*plain_http=*/false),
      "se=2026-11-29T06%3A00%3A00Z&sig=RsuymLZFK7ko8Fidiml3tKAmWi0J8Ilw6UYhdqFqu%2F4%3D&sp=rl&spr=https&"
      "srt=co&ss=b&st=2026-11-27T05%3A59%3A50Z&sv=2021-08-06");
}

TEST(ContainerReadSas, IsWhatMicrosoftsClientMakes) {
  const UserDelegationKey key{.object_id = "7c3d2a1e-0000-4000-8000-00000000a1b2",
                              .tenant_id = "11111111-2222-4333-8444-555555555555",
                              .start = "2026-11-27T05:59:50Z",
                              .expiry = "2026-11-29T06:00:00Z",
                              .service = "b",
                              .version = "2021-08-06",
                              .key = Key()};
  const std::string sas = ContainerReadSas("devstoreaccount1", "a-bucket", key, false);
  EXPECT_THAT(sas, HasSubstr("sig=" + PercentEncode("BOLnhAkKWt4iUXhKEp/JO4kDfuf/FEuUHICBUC8qQ2M=")));
  for (const char* part : {"sr=c", "skoid=7c3d2a1e-0000-4000-8000-00000000a1b2", "sks=b", "spr=https&",
                           "sktid=11111111-2222-4333-8444-555555555555", "skt=2026-11-27T05%3A59%3A50Z",
                           "ske=2026-11-29T06%3A00%3A00Z", "skv=2021-08-06"}) {
    EXPECT_THAT(sas, HasSubstr(part));
  }
}

TEST(AccountReadSas, AllowsPlainHttpOnlyWhenAsked) {
  EXPECT_THAT(AccountReadSas("a", Key(), Period(), true), HasSubstr("spr=https%2Chttp"));
  EXPECT_THAT(AccountReadSas("a", Key(), Period(), false), Not(HasSubstr("http%")));
}

TEST(CheckSasToken, TakesATokenWithOrWithoutItsQuestionMark) {
  for (const char* token : {"?sv=2021-08-06&sig=a%2Fb%3D", "sv=2021-08-06&sig=a%2Fb%3D"}) {
    auto checked = CheckSasToken(token);
    ASSERT_TRUE(checked.ok()) << checked.status().message();
    EXPECT_EQ(*checked, "sv=2021-08-06&sig=a%2Fb%3D");
  }
}

TEST(CheckSasToken, RefusesWhatIsNoneWithoutRepeatingIt) {
  for (const char* token : {"", "minioadmin", "AQoDYXdzEJr", "sv=2021&sig=hush now", "sig=hush\r\nX: y",
                            "https://a.blob.core.windows.net/c?sig=hush", "sig=hush#x"}) {
    auto checked = CheckSasToken(token);
    EXPECT_EQ(checked.status().code(), Code::kInvalidArgument) << token;
    EXPECT_THAT(checked.status().message(), Not(HasSubstr("hush"))) << token;
  }
}

}  // namespace
}  // namespace mbk
