#pragma once

#include <string>

#include "base/status.h"
#include "config/config.h"

namespace mbk::service {

/// The names that the user's file has for the settings of one store.
struct StoreSettings {
  std::string address;
  std::string port;
  std::string access_key;  ///< or what else opens the store: an account, a key file, where keys come from
  std::string secret_key;  ///< likewise; empty when one setting is all there is
  std::string bucket;      ///< on a local disk the root
  std::string root;
  std::string ca_cert;
  std::string client_cert;
};

enum class Side { kMilvus, kBackup };
StoreSettings SettingsOf(Side side, int schema_version, const config::Storage& storage = {});

/// "minio.address and minio.port": where a server is, for messages.
std::string AddressSettings(const StoreSettings& settings);

/// The error of a store with the settings to look at appended: address and port when nothing answers,
/// credentials when it refuses, bucket otherwise.
Status PointAtSettings(Status failure, const StoreSettings& settings);

}  // namespace mbk::service
