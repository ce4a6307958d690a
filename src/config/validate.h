#pragma once

#include "config/resolve.h"

namespace mbk::config {

/// Check what no single value shows: ranges, credentials against provider and kind, endpoints. Every problem
/// is added to resolution.problems under the key the user has to change. A value that is only inherited is
/// not blamed a second time.
void Validate(Resolution& resolution);

}  // namespace mbk::config
