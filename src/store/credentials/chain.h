#pragma once

#include <string>
#include <vector>

#include "store/credentials/source.h"

namespace mbk::credentials {

/// Whose chain: what "the credentials of this machine" means depends on whose machine it is.
enum class Cloud { kAws, kAliyun, kTencent, kHuawei };

/// The sources of a cloud, in the order in which its SDKs ask them. With `endpoint` (iamEndpoint), those
/// that can be asked there, which leaves out keys that lie in variables and files.
std::vector<Source> SourcesOf(Cloud cloud, const std::string& endpoint, const Tools& tools);

/// Asks the sources in turn; the first that has keys is the one asked from then on, so that the identity
/// does not change in mid-run. A source that is there and does not work ends the search: its error is the
/// answer. kPermissionDenied when nobody has keys, naming every source and what it lacks.
/// One call at a time, which Refreshing sees to.
Fetch Chain(std::vector<Source> sources);

/// The two above with SystemTools.
Fetch SystemChain(Cloud cloud, const std::string& endpoint, const std::string& ca_file);

}  // namespace mbk::credentials
