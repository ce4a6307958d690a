#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "store/object_store.h"

namespace mbk {

struct LocalOptions {
  /// Keys are paths below this directory. Empty: keys are paths as they are, absolute or relative to the
  /// working directory, and nothing keeps them in one place.
  std::string base_directory;
  /// Never removed when it becomes empty; of use with an empty base_directory (the rootPath, say).
  std::string keep_directory;
};

/// A directory tree as an object store.
///
/// * Writes are atomic and durable: a hidden temporary file beside the target, fsync, rename, fsync of
///   the directory. What a crash leaves behind begins with ".mbk-" and is never listed.
/// * Listings are in byte order of the keys and take any string prefix; directories are no objects, and
///   empty ones do not show. Symbolic links are neither listed nor, below a base directory, followed.
/// * Delete removes directories that have become empty, up to the base.
/// * An etag is made of size, modification time and inode: good for If-Match, worthless as a digest. There
///   are no digests: what a write could tell is no more than its caller knows of the same memory.
/// * An upload is one file that its parts are appended to, in order, and is known to this store alone.
/// * Refused keys (kInvalidArgument): a component "..", one that begins with ".mbk-", NUL, a "/" at the
///   end; below a base directory also "." and empty components, which would give one file two keys.
///
/// CopySource::bucket names the base directory of the source store. Thread-safe; several processes may
/// work in one tree.
std::unique_ptr<ObjectStore> MakeLocalStore(LocalOptions options);

}  // namespace mbk
