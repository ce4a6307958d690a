#pragma once

#include <string>
#include <string_view>

#include "base/refreshing.h"
#include "net/azure_sas.h"
#include "store/azure/azure_client.h"
#include "store/object_store.h"

namespace mbk::azure {

/// The URLs under which the service itself reads the source of a copy. The authorization of the copy says
/// nothing of its source, so each URL carries a shared access signature: of the account key, of a user
/// delegation key, or the configured one. Thread-safe. Internal to store/azure/.
class CopySources {
 public:
  /// `client` must outlive it.
  explicit CopySources(Client& client);

  /// The URL of `source`; a secret, as the signature is. Costs nothing but, with bearer tokens and once in
  /// two days, a request for the user delegation key.
  Result<std::string> UrlOf(const CopySource& source, const CallContext& context);

 private:
  Result<std::string> Sas(const BucketName& container, const CallContext& context);
  Result<Expiring<std::string>> SignForAccount() const;
  Result<Expiring<UserDelegationKey>> FetchDelegationKey(const CallContext& context);
  SasPeriod Period() const;
  bool IsPlainHttp() const;

  Client& client_;
  Refreshing<std::string> account_sas_;
  Refreshing<UserDelegationKey> delegation_key_;
};

}  // namespace mbk::azure
