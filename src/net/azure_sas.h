#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/status.h"

/// Shared access signatures: tokens that stand in a URL's query and allow what they say to whoever holds the
/// URL. Both kinds here allow reading and listing; they are made for the source of a copy, which the service
/// reads in our name. A token is a secret.
namespace mbk {

/// From when to when a token holds; whole seconds count.
struct SasPeriod {
  std::chrono::system_clock::time_point start;
  std::chrono::system_clock::time_point expiry;
};

/// An account SAS for containers and blobs: any container of the account. `key` is the account's key as
/// bytes; `plain_http` allows the token to be used without TLS, which only emulators are asked over.
/// https://learn.microsoft.com/rest/api/storageservices/create-account-sas
std::string AccountReadSas(std::string_view account, std::string_view key, const SasPeriod& period,
                           bool plain_http);

/// A key that the service gives to a user who proved who it is with a bearer token. Signs for at most a week.
/// https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
struct UserDelegationKey {
  std::string object_id;  ///< of the user, skoid
  std::string tenant_id;  ///< sktid
  std::string start;      ///< skt, as the service wrote it
  std::string expiry;     ///< ske, likewise
  std::string service;    ///< sks: "b"
  std::string version;    ///< skv
  std::string key;        ///< secret; bytes, not base64
  friend bool operator==(const UserDelegationKey&, const UserDelegationKey&) = default;
};

/// A user-delegation SAS for the blobs of one container, good as long as `key` is.
/// https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
std::string ContainerReadSas(std::string_view account, std::string_view container,
                             const UserDelegationKey& key, bool plain_http);

/// "2026-11-27T06:00:00Z"
std::string SasTime(std::chrono::system_clock::time_point time);

/// `token` as it is appended to a query: without a leading '?'. kInvalidArgument for what holds no signature,
/// or what a URL cannot hold; the message repeats none of it.
Result<std::string> CheckSasToken(std::string_view token);

}  // namespace mbk
