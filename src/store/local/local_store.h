#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "store/object_store.h"

namespace mbk {

struct LocalOptions {
  /// Keys are paths below this directory. Empty: keys are paths as they are, absolute or relative to the
  /// working directory.
  std::string base_directory;
  /// Where keys are paths: the directory that all of them begin with, the rootPath. Empty: any path is a key,
  /// and nothing keeps them in one place.
  std::string root_directory;
};

/// A directory tree as an object store.
///
/// * Writes are atomic and durable: a hidden temporary file beside the target, fsync, rename, fsync of
///   the directory. What is being written, or what a killed run left behind, begins with ".mbk-" and is never
///   listed. As long as its process lives it is locked (flock), which tells the one from the other.
/// * Copy shares the blocks of the source where the file system can (reflink), else copies inside the kernel.
/// * Listings are in byte order of the keys and take any string prefix; directories are no objects, and
///   empty ones do not show. Symbolic links are neither listed nor, below the base or root, followed.
/// * Delete removes directories that have become empty, up to the base or root, and what killed runs left in
///   them.
/// * if_match and DeleteIfMatch compare and act while no other process does (flock of a hidden file); they
///   are kUnimplemented on a file system without locks.
/// * An etag is made of size, modification time and inode: good for If-Match, worthless as a digest. There
///   are no digests: what a write could tell is no more than its caller knows of the same memory.
/// * An upload is one file that its parts are appended to, in order, and is known to this store alone.
/// * Refused keys (kInvalidArgument): a component "..", one that begins with ".mbk-", NUL, a "/" at the
///   end; below a base or root also "." and empty components, which would give one file two keys; a key that
///   does not begin with the root.
///
/// CopySource::bucket names the base or root of the source store, as identity() says it. Thread-safe; several
/// processes may work in one tree.
std::unique_ptr<ObjectStore> MakeLocalStore(LocalOptions options);

}  // namespace mbk
