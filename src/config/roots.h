#pragma once

#include <string>
#include <string_view>

#include "config/resolve.h"

/// The root paths of the two stores in one normal form, so that what is shown is what is used.
namespace mbk::config {

/// Object stores: elements joined by one slash, none at either end ("" is the bucket itself), without ".".
/// Local disks: the same, a leading slash kept, and "." for the working directory; an empty one is a problem.
/// ".." is a problem: where it leads would not be seen in what is written. Also warned of, because the wish
/// is plain and not fulfilled: an absolute root on an object store, which is a key there, and "~", which only
/// shells expand.
void NormaliseRoots(Resolution& resolution);

}  // namespace mbk::config
