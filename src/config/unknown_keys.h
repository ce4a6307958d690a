#pragma once

#include "config/resolve.h"

/// Keys that no parameter has. A mistyped bucketName is not an unknown key among others: it backs up the
/// wrong bucket without a word.
namespace mbk::config {

/// v1: ignored as the Go tool does, but near misses of known keys, keys of v2 and unknown --set keys are
/// warned of.
void CheckV1Keys(const Sources& sources, Resolution& resolution);

/// v2: unknown keys are warnings; a v1 key that has a v2 name is a problem, it was pasted from the
/// documentation of v1 and would be without effect.
void CheckV2Keys(const Sources& sources, Resolution& resolution);

}  // namespace mbk::config
