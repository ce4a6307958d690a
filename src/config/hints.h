#pragma once

#include "config/resolve.h"

/// Values that load, and that nobody can have meant.
namespace mbk::config {

/// Warn of values that begin or end with a blank or line break (a secret that was read from a file with its
/// last line feed), of files named with "~", and of a cloud's host with the port and scheme of a MinIO.
void PointOutOddValues(Resolution& resolution);

}  // namespace mbk::config
