#pragma once

#include "manifest/json_writer.h"
#include "model/backup.h"

namespace mbk::manifest {

/// The value of `rbac_meta`.
void WriteRbac(JsonWriter& json, const RbacMeta& rbac);

}  // namespace mbk::manifest
