#pragma once

#include <iosfwd>
#include <string_view>

#include "base/status.h"
#include "manifest/manifest.h"

namespace mbk::manifest {

/// Copy a backup_meta.json or full_meta.json in which the backup has another name. Every other byte stays as
/// it is, so that keys survive which only newer tools know. `name` needs no escapes. kDataLoss for what is no
/// whole JSON object; kUnavailable when the stream itself failed.
Status RenameText(std::istream& json, std::string_view name, const TextSink& sink);

}  // namespace mbk::manifest
