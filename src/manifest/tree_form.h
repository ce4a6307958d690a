#pragma once

#include "base/named.h"
#include "manifest/keys.h"

/// What a key below a backup's directory says by its form alone.
namespace mbk {

/// Whether `key` has the form of a binlog below `tree`: numbers behind the directory of a kind.
bool HasFormOfBinlog(const BinlogTree& tree, const ObjectKey& key);

/// Whether `key` is one of the files that this program or the Go tool writes into meta/.
bool IsMetaFile(const BackupLayout& layout, const ObjectKey& key);

}  // namespace mbk
