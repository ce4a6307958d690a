#pragma once

#include <string>

#include "store/object_store.h"

namespace mbk {

/// Abort the unfinished uploads below `prefix`, which killed runs began: their parts are in no listing, and
/// cost what objects cost. Only for a prefix below which nobody writes. Not every store tells of them, so
/// that what fails is no error; it is logged.
void AbortUploads(ObjectStore& store, const std::string& prefix, const CallContext& context);

}  // namespace mbk
