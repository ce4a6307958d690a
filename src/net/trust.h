#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "net/proxy.h"

namespace mbk {

/// The certificates that are trusted in place of the system's, as PEM text: those of the file that
/// SSL_CERT_FILE names and of all files in the directories (with colons) of SSL_CERT_DIR. nullopt when
/// neither is set. kInvalidArgument, naming the variable, when none can be read: nothing could be trusted
/// then.
Result<std::optional<std::string>> TrustOfEnvironment(const ReadVariable& variable);

}  // namespace mbk
