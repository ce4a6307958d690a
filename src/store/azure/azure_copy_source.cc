#include "store/azure/azure_copy_source.h"

#include <fmt/core.h>

#include "store/azure/azure_xml.h"

namespace mbk::azure {
namespace {

// As the Go tool has them: longer than any copy takes, and a little into the past for clocks that go late.
constexpr std::chrono::hours kSasLifetime{48};
constexpr std::chrono::seconds kSasHeadStart{10};

}  // namespace

CopySources::CopySources(Client& client)
    : client_(client),
      account_sas_([this](const CallContext&) { return SignForAccount(); }, client.options().now),
      delegation_key_([this](const CallContext& context) { return FetchDelegationKey(context); },
                      client.options().now) {}

SasPeriod CopySources::Period() const {
  const auto now = client_.options().now();
  return {.start = now - kSasHeadStart, .expiry = now + kSasLifetime};
}

bool CopySources::IsPlainHttp() const { return client_.address().origin.starts_with("http://"); }

Result<Expiring<std::string>> CopySources::SignForAccount() const {
  const SasPeriod period = Period();
  return Expiring<std::string>{
      .value = AccountReadSas(client_.options().account, client_.account_key(), period, IsPlainHttp()),
      .expires = period.expiry};
}

Result<Expiring<UserDelegationKey>> CopySources::FetchDelegationKey(const CallContext& context) {
  const SasPeriod period = Period();
  const std::string body = DelegationKeyBody(SasTime(period.start), SasTime(period.expiry));
  const Request request{.operation = "GetUserDelegationKey",
                        .method = "POST",
                        .resource = Resource::kService,
                        .query = {{"restype", "service"}, {"comp", "userdelegationkey"}},
                        .headers = {{"Content-Type", "application/xml"}},
                        .body = body};
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context));
  Result<UserDelegationKey> key = ParseDelegationKey(response.body);
  if (!key.ok()) return key.status().WithContext("GetUserDelegationKey");
  return Expiring<UserDelegationKey>{.value = *std::move(key), .expires = period.expiry};
}

Result<std::string> CopySources::Sas(const BucketName& container, const CallContext& context) {
  if (!client_.options().credentials.sas_token.empty()) return client_.options().credentials.sas_token;
  if (!client_.account_key().empty()) return account_sas_.Get(context);
  MBK_TRY_ASSIGN(UserDelegationKey key, delegation_key_.Get(context));
  return ContainerReadSas(client_.options().account, container.str(), key, IsPlainHttp());
}

Result<std::string> CopySources::UrlOf(const CopySource& source, const CallContext& context) {
  MBK_TRY_ASSIGN(std::string sas, Sas(source.bucket, context));
  return fmt::format("{}{}?{}", client_.address().origin,
                     BlobPath(client_.address(), source.bucket.str(), source.key.str()), sas);
}

}  // namespace mbk::azure
