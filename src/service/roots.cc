#include "service/roots.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "net/url.h"
#include "service/settings.h"
#include "service/wire.h"
#include "store/object_store.h"

namespace mbk::service {
namespace {

bool IsOneHost(const std::string& a, const std::string& b) {
  return a == b || (IsLoopback(a) && IsLoopback(b));
}

bool IsOneStore(const config::Storage& a, const config::Storage& b) {
  if (a.provider != b.provider) return false;
  if (a.provider == config::Provider::kLocal) return true;
  return IsOneHost(a.address, b.address) && a.port == b.port && a.bucket_name == b.bucket_name;
}

std::string WhereItLies(const config::Storage& storage) {
  const StoreIdentity store{.service = storage.provider == config::Provider::kLocal ? "local" : ""};
  return store.RealPrefix(KeyRoot(storage));
}

bool MayBeOneStore(const config::Storage& a, const config::Storage& b) {
  const bool a_local = a.provider == config::Provider::kLocal,
             b_local = b.provider == config::Provider::kLocal;
  return a_local == b_local && (a_local || a.bucket_name == b.bucket_name);
}

bool LiesBelow(const std::string& inner, const std::string& outer) {
  return outer.empty() || inner.starts_with(outer.ends_with('/') ? outer : outer + "/");
}

std::string_view HowTheyLie(const std::string& backups, const std::string& milvus) {
  if (backups == milvus) return "is";
  if (LiesBelow(backups, milvus)) return "lies inside";
  return LiesBelow(milvus, backups) ? "contains" : "";
}

// A v1 file without backupRootPath has the rootPath of Milvus.
bool IsInherited(const config::Loaded& loaded) {
  auto source_key = [&](std::string_view path) {
    const auto found = std::find_if(loaded.parameters.begin(), loaded.parameters.end(),
                                    [&](const config::Parameter& p) { return p.path == path; });
    return found == loaded.parameters.end() ? std::string() : found->source_key;
  };
  const std::string of_backups = source_key("Backup.Storage.RootPath");
  return loaded.schema_version == 1 &&
         (of_backups.empty() || of_backups == source_key("Milvus.Storage.RootPath"));
}

}  // namespace

std::string WarningOfRoots(const config::Loaded& loaded) {
  const config::Storage &milvus = loaded.config.milvus.storage, &backups = loaded.config.backup_storage;
  if (!IsOneStore(milvus, backups)) return "";
  const std::string milvus_root = KeyRoot(milvus), backup_root = KeyRoot(backups);
  const std::string_view how = HowTheyLie(WhereItLies(backups), WhereItLies(milvus));
  if (how.empty()) return "";
  const std::string names = SettingsOf(Side::kBackup, loaded.schema_version, backups).root;
  return fmt::format(
      "the backup root \"{}\" {} the root path \"{}\" in which Milvus keeps its own data{}; give backups a "
      "place of their own: {}",
      backup_root, how, milvus_root,
      IsInherited(loaded) ? fmt::format(" ({} is not set, and is then that of Milvus)", names) : "", names);
}

std::optional<std::string> MilvusRootAmongBackups(const config::Loaded& loaded) {
  const config::Storage& milvus = loaded.config.milvus.storage;
  if (!MayBeOneStore(milvus, loaded.config.backup_storage)) return std::nullopt;
  return KeyRoot(milvus);
}

}  // namespace mbk::service
