#pragma once

#include "base/reach.h"
#include "config/schema.h"
#include "config/sources.h"

/// How a loaded configuration is loaded again.
namespace mbk::config {

/// The Reach with which a command has, as its --config, what `options` loads with these rows and overrides.
/// Of --to that is another form than it had: the file becomes --config, --set-to becomes --set, a variable
/// TO_X is given as X, and variables X that were not meant for this side are taken out. Overrides that name
/// no row have no effect and are left out; secret ones are named in Reach::secret_flags only.
Reach ReachOf(const LoadOptions& options, const std::vector<Row>& rows,
              const std::vector<Override>& overrides);

}  // namespace mbk::config
