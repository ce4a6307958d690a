#pragma once

#include <memory>
#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "config/config.h"
#include "milvus/client.h"
#include "store/object_store.h"
#include "zilliz/cloud_client.h"

/// From configuration to concrete stores and clients. Nothing else in the program names them.
namespace mbk::service {

inline constexpr std::chrono::seconds kStoreSilence{115};

/// A store that retries. kInvalidArgument for providers and kinds of credentials that this version does
/// not have. No request is made. `settings` name the server, in the words of the user's file; a service that
/// takes requests and says nothing is given up after `silence`.
Result<std::shared_ptr<ObjectStore>> MakeStore(const config::Storage& storage,
                                               const std::string& settings = "",
                                               std::chrono::seconds silence = kStoreSilence);

/// A local directory, made when something is written to it; keys are paths below it.
std::shared_ptr<ObjectStore> MakeDirectoryStore(const std::string& path);

/// How the control plane of Zilliz Cloud is reached.
zilliz::CloudOptions CloudOptionsOf(const config::Config& config);

/// The bucket of a volume of Zilliz Cloud, which retries. Always over TLS; `ca_file` is for a proxy or a
/// double in between, empty for the system's CAs. No request is made.
Result<std::shared_ptr<ObjectStore>> MakeVolumeStore(const zilliz::Volume& volume, zilliz::FetchKeys fetch,
                                                     const std::string& ca_file);

/// rootPath as keys begin with it: without leading slash on object stores, a path on local ones.
std::string KeyRoot(const config::Storage& storage);

Result<std::unique_ptr<MilvusClient>> ConnectMilvus(const config::Milvus& milvus, const CallContext& context);

}  // namespace mbk::service
