#pragma once

#include "config/resolve.h"

/// Keys that no parameter has. A mistyped bucketName is not an unknown key among others: it backs up the
/// wrong bucket without a word.
namespace mbk::config {

/// v1: ignored as the Go tool does, but warned of, each with the key that does what it was to do. A file of
/// which no key names a store, and some are unknown, is a problem: defaults would be taken for it.
void CheckV1Keys(const Sources& sources, Resolution& resolution);

/// v2: the same; a v1 key that has a v2 name is a problem, it was pasted from the
/// documentation of v1 and would be without effect.
void CheckV2Keys(const Sources& sources, Resolution& resolution);

/// kInvalidArgument for a file that is known to be of another program (Helm's values of Milvus, a Compose
/// file, an object of Kubernetes, Milvus's own milvus.yaml) and holds no key that is ours alone: it shares
/// the names of a few keys, and would be read as if it had left out the rest.
Status CheckIsOurs(const FileValues& file);

}  // namespace mbk::config
