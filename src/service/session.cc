#include "service/session.h"

#include <fmt/core.h>

#include <filesystem>
#include <system_error>

#include "base/log.h"
#include "manifest/keys.h"
#include "service/settings.h"
#include "service/state_directory.h"
#include "service/wire.h"
#include "zilliz/cloud_client.h"

namespace mbk::service {
namespace {

CopyMode ModeOf(config::TransferMode mode) {
  switch (mode) {
    case config::TransferMode::kDirect:
      return CopyMode::kDirect;
    case config::TransferMode::kStreaming:
      return CopyMode::kStreaming;
    case config::TransferMode::kAuto:
      break;
  }
  return CopyMode::kAuto;
}

// The key of the user's file for the address that pauses the garbage collection; empty when it was not given.
std::string GcAddressSetting(const config::Loaded& loaded) {
  for (const config::Parameter& parameter : loaded.parameters) {
    if (parameter.path == "Milvus.Management.Endpoint" && parameter.source != config::Source::kDefault)
      return loaded.schema_version == 1 ? "backup.gcPause.address" : "milvus.management.endpoint";
  }
  return "";
}

// Ask for one key: the cheapest request that needs address, credentials and bucket to be right.
Status Probe(ObjectReader& store, const std::string& root, const CallContext& context) {
  return store.List({.prefix = root.empty() ? "" : JoinKey(root, "/"), .max_keys = 1}, context).status();
}

// What Milvus opens itself: the key, or on a local disk the path under which Milvus sees it.
std::function<std::string(const std::string&)> ImportPath(const config::Storage& storage) {
  if (storage.provider != config::Provider::kLocal || storage.local_path.empty())
    return [](const std::string& key) { return key; };
  const std::string here = KeyRoot(storage), there = JoinKey(storage.local_path, "");
  return [here, there](const std::string& key) {
    return key.starts_with(here) ? there + key.substr(here.size()) : key;
  };
}

// What of other stores Milvus opens besides: of its own bucket everything; on a local disk everything too,
// unless localPath says that it sees the disk in another way, and then it sees its root.
std::function<bool(const StoreIdentity&, const std::string&)> Opens(const config::Storage& storage,
                                                                    const StoreIdentity& own) {
  if (storage.provider != config::Provider::kLocal) {
    return [own](const StoreIdentity& store, const std::string&) {
      return store.SameService(own) && store.bucket == own.bucket;
    };
  }
  const std::string below = storage.local_path.empty() ? "" : JoinKey(KeyRoot(storage), "/");
  return [own, below](const StoreIdentity& store, const std::string& prefix) {
    return store.SameService(own) && prefix.starts_with(below);
  };
}

// Whether the directory of a local root is there. One that is not there is no empty one: `missing` says so,
// and what only reads does not make it; a store that makes it says that it did.
Result<bool> LocalRootIsThere(const config::Storage& storage, BackupAccess access, std::string& missing) {
  if (storage.provider != config::Provider::kLocal) return true;
  const std::string root = KeyRoot(storage);
  std::error_code error;
  const std::filesystem::file_status found = std::filesystem::status(root, error);
  if (std::filesystem::is_directory(found)) return true;
  if (std::filesystem::exists(found))
    return FailedPrecondition(fmt::format("{} is a file, and the backup root must be a directory", root));
  if (found.type() != std::filesystem::file_type::not_found || access != BackupAccess::kRead) return false;
  missing = fmt::format(
      "the backup root {} is not there{}", root,
      storage.root_path.starts_with('~') ? "; ~ stands for no directory here, write the whole path" : "");
  log::Warn("{}", missing);
  return false;
}

}  // namespace

Status CheckCloud(const config::Config& config) { return zilliz::CheckOptions(CloudOptionsOf(config)); }

Result<std::unique_ptr<Session>> Session::Open(const config::Loaded& loaded, const Needs& needs,
                                               const CallContext& context) {
  std::unique_ptr<Session> session(new Session(loaded));
  if (needs.milvus || needs.server) MBK_TRY(session->ConnectServer(context));
  if (needs.milvus) MBK_TRY(session->OpenMilvusStore(context));
  if (needs.cloud) {
    MBK_TRY_ASSIGN(session->cloud_, zilliz::MakeCloud(CloudOptionsOf(loaded.config)));
  }
  if (needs.backups != BackupAccess::kNone) MBK_TRY(session->OpenBackupStore(needs.backups, context));
  return session;
}

MilvusTarget Session::target() {
  return {.client = *client_,
          .open_store = [this](const CallContext& context) -> Result<MilvusSide*> {
            if (milvus_side_ == nullptr) MBK_TRY(OpenMilvusStore(context));
            return milvus_side_.get();
          },
          .state_directory = StateDirectory(),
          .reach = loaded_.reach};
}

Status Session::ConnectServer(const CallContext& context) {
  MBK_TRY_ASSIGN(client_, ConnectMilvus(loaded_.config.milvus, context));
  return {};
}

Status Session::OpenMilvusStore(const CallContext& context) {
  const config::Milvus& milvus = loaded_.config.milvus;
  const StoreSettings settings = SettingsOf(Side::kMilvus, loaded_.schema_version, milvus.storage);
  MBK_TRY_ASSIGN(milvus_store_, MakeStore(milvus.storage, AddressSettings(settings), Silence()));
  const std::string root = KeyRoot(milvus.storage);
  MBK_TRY(PointAtSettings(Probe(*milvus_store_, root, context), settings).WithContext("the store of Milvus"));
  const bool local = milvus.storage.provider == config::Provider::kLocal;
  milvus_side_ =
      std::make_unique<MilvusSide>(MilvusSide{.client = *client_,
                                              .store = *milvus_store_,
                                              .root = root,
                                              .staging_root = local ? root : "",
                                              .import_path = ImportPath(milvus.storage),
                                              .opens = Opens(milvus.storage, milvus_store_->identity()),
                                              .reach = loaded_.reach});
  return {};
}

Status Session::OpenBackupStore(BackupAccess access, const CallContext& context) {
  const config::Storage& storage = loaded_.config.backup_storage;
  const StoreSettings settings = SettingsOf(Side::kBackup, loaded_.schema_version, storage);
  MBK_TRY_ASSIGN(backup_store_, MakeStore(storage, AddressSettings(settings), Silence()));
  const std::string root = KeyRoot(storage);
  const auto explained = [settings](Status status) {
    return PointAtSettings(std::move(status), settings).WithContext("the backup store");
  };
  const Result<bool> there = LocalRootIsThere(storage, access, missing_root_);
  MBK_TRY(explained(there.status()));
  const Status reached = *there ? Probe(*backup_store_, root, context) : Status();
  backup_side_ =
      std::make_unique<BackupSide>(BackupSide{.store = *backup_store_, .root = root, .reach = loaded_.reach});
  // Only where it is missing: policies that are bound to a prefix forbid to look at a whole bucket.
  const bool missing = !*there || reached.code() == Code::kNotFound;
  if (access != BackupAccess::kWrite || !missing) return explained(reached);
  backup_side_->make = [this, explained](const CallContext& inner) {
    return explained(backup_store_->EnsureBucket(inner));
  };
  return {};
}

CloudSide Session::cloud() {
  return {.cloud = *cloud_,
          .open_volume = [ca_file = loaded_.config.cloud_ca_cert_path](const zilliz::Volume& volume,
                                                                       zilliz::FetchKeys fetch) {
            return MakeVolumeStore(volume, std::move(fetch), ca_file);
          }};
}

RunServices Session::run(Progress& progress) const {
  const config::Config& config = loaded_.config;
  return {.settings = {.collection_concurrency = config.backup_concurrency_collections,
                       .import_jobs = config.restore_concurrency_import_jobs,
                       .pause_gc = config.backup_pause_gc && !config.milvus.management_endpoint.empty(),
                       .gc_address_setting = GcAddressSetting(loaded_),
                       .keep_temp_files = config.restore_keep_temp_files,
                       .copy = {.mode = ModeOf(config.transfer_mode),
                                .concurrency = config.transfer_concurrency,
                                .multipart_copy_threshold_bytes = config.transfer_multipart_copy_threshold_mib
                                                                  << 20}},
          .progress = progress,
          .sleeper = RealSleeper()};
}

RunServices Session::restore_run(Progress& progress) const {
  RunServices services = run(progress);
  services.settings.collection_concurrency = loaded_.config.restore_concurrency_collections;
  return services;
}

}  // namespace mbk::service
