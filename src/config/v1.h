#pragma once

#include "config/resolve.h"

/// Reading a file of the first schema into the shape of the second.
namespace mbk::config {

/// Resolve the v1 keys and translate them: provider aliases, the choice of the credentials' kind, TLS
/// numbers, the inherited root path. What v1 cannot say keeps its v2 default. Origins name the v1 keys.
Resolution ResolveV1(const Sources& sources);

}  // namespace mbk::config
