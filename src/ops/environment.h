#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/call_context.h"
#include "base/progress.h"
#include "base/reach.h"
#include "base/status.h"
#include "milvus/client.h"
#include "store/object_store.h"
#include "transfer/copier.h"

/// What the verbs work with; built by service/wire.cc, the only place that knows concrete stores and
/// clients. Everything is borrowed and outlives the run.
namespace mbk {

/// A Milvus server and the store it keeps its files in.
struct MilvusSide {
  MilvusClient& client;
  ObjectStore& store;
  std::string root;  ///< rootPath, as keys begin with it
  /// Where staged files go: "" (the bucket's root) on object stores, rootPath for the local provider.
  std::string staging_root;
  /// From a key to the path under which Milvus itself opens it. The two differ only for the local
  /// provider, whose directory Milvus may see under another name (localPath).
  std::function<std::string(const std::string& key)> import_path;
  /// Whether Milvus can open what lies below `prefix` of a store: it opens files of its own bucket only, and
  /// the local provider those of its disk, or below localPath where that is all it sees of ours.
  std::function<bool(const StoreIdentity& store, const std::string& prefix)> opens;
  Reach reach;  ///< of commands that are advised about this side
};

/// A Milvus server that is to be filled. Its store is needed for imports only, and opened for them: where all
/// rows are inserted it may be out of reach, or not be there at all.
struct MilvusTarget {
  MilvusClient& client;
  /// The server with its store. The first call asks the store for one key, the others return what it opened.
  /// Not thread-safe.
  std::function<Result<MilvusSide*>(const CallContext&)> open_store;
  /// Where records of runs lie whose store is not opened or takes none: an absolute path; "": nowhere.
  std::string state_directory;
  Reach reach;  ///< of commands that are advised about this side
};

/// Where backups lie.
struct BackupSide {
  ObjectStore& store;
  std::string root;
  Reach reach;  ///< of commands that are advised about this side
  /// Makes the bucket, or the directory of a local root, which is not there; empty: it is, or nothing is
  /// written.
  std::function<Status(const CallContext&)> make;
};

/// What a run that writes asks for when nothing stands against it any more: see BackupSide::make.
inline Status MakeMissing(const BackupSide& side, const CallContext& context) {
  return side.make ? side.make(context) : Status();
}

/// Numbers a run is bounded by; defaults are the configuration's.
struct RunSettings {
  int collection_concurrency = 4;  ///< collections described or flushed at a time
  int listing_concurrency = 32;    ///< prefixes listed at a time
  int import_jobs = 768;           ///< import jobs the server holds for us at a time
  bool pause_gc = true;
  /// The key by which the user gave the address for pausing; empty when it is the default's.
  std::string gc_address_setting;
  bool keep_temp_files = false;
  CopyOptions copy;
};

struct RunServices {
  RunSettings settings;
  Progress& progress;
  Sleeper& sleeper;
};

}  // namespace mbk
