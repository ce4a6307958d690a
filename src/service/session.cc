#include "service/session.h"

#include <fmt/core.h>

#include "manifest/keys.h"
#include "service/settings.h"
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
  return {.client = *client_, .open_store = [this](const CallContext& context) -> Result<MilvusSide*> {
            if (milvus_side_ == nullptr) MBK_TRY(OpenMilvusStore(context));
            return milvus_side_.get();
          }};
}

Status Session::ConnectServer(const CallContext& context) {
  MBK_TRY_ASSIGN(client_, ConnectMilvus(loaded_.config.milvus, context));
  return {};
}

Status Session::OpenMilvusStore(const CallContext& context) {
  const config::Milvus& milvus = loaded_.config.milvus;
  MBK_TRY_ASSIGN(milvus_store_, MakeStore(milvus.storage));
  const std::string root = KeyRoot(milvus.storage);
  MBK_TRY(PointAtSettings(Probe(*milvus_store_, root, context),
                          SettingsOf(Side::kMilvus, loaded_.schema_version, milvus.storage))
              .WithContext("the store of Milvus"));
  const bool local = milvus.storage.provider == config::Provider::kLocal;
  milvus_side_ =
      std::make_unique<MilvusSide>(MilvusSide{.client = *client_,
                                              .store = *milvus_store_,
                                              .root = root,
                                              .staging_root = local ? root : "",
                                              .import_path = ImportPath(milvus.storage),
                                              .opens = Opens(milvus.storage, milvus_store_->identity())});
  return {};
}

Status Session::OpenBackupStore(BackupAccess access, const CallContext& context) {
  const config::Storage& storage = loaded_.config.backup_storage;
  MBK_TRY_ASSIGN(backup_store_, MakeStore(storage));
  const std::string root = KeyRoot(storage);
  Status reached = access == BackupAccess::kWrite ? backup_store_->EnsureBucket(context)
                                                  : Probe(*backup_store_, root, context);
  MBK_TRY(PointAtSettings(std::move(reached), SettingsOf(Side::kBackup, loaded_.schema_version, storage))
              .WithContext("the backup store"));
  backup_side_ = std::make_unique<BackupSide>(BackupSide{.store = *backup_store_, .root = root});
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
                       .pause_gc = config.backup_pause_gc,
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
