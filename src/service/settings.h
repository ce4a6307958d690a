#pragma once

#include <string>

#include "base/status.h"
#include "config/config.h"

namespace mbk::service {

/// The names that the user's file has for the settings of one store.
struct StoreSettings {
  std::string address;
  std::string port;
  std::string access_key;  ///< or where keys come from, when they are not in the file
  std::string secret_key;  ///< likewise
  std::string bucket;
  std::string root;
  std::string ca_cert;
};

enum class Side { kMilvus, kBackup };
StoreSettings SettingsOf(Side side, int schema_version, config::AuthType auth = config::AuthType::kStatic);

/// The error of a store with the settings to look at appended: address and port when nothing answers,
/// keys when it refuses, bucket otherwise.
Status PointAtSettings(Status failure, const StoreSettings& settings);

}  // namespace mbk::service
