#pragma once

#include <string>

#include "store/credentials/answer.h"
#include "store/credentials/source.h"

namespace mbk::credentials {

/// How the metadata service of a cloud gives out the keys of a virtual machine's role: a session is begun
/// with a PUT, the role's name is asked for, and then its keys. The clouds differ in names only.
struct InstanceMetadata {
  std::string name;                  ///< "EC2 metadata", for messages
  std::string origin;                ///< "http://169.254.169.254"
  std::string session_path;          ///< "/latest/api/token"; empty: there are no sessions
  std::string session_ttl_header;    ///< of the PUT
  std::string session_token_header;  ///< of what follows
  /// Whether to go on without a session where none is given.
  bool session_is_optional = true;
  std::string roles_path;  ///< with '/' at its end: names the role; with the role behind it, its keys
  std::string role;        ///< known beforehand, or empty
  std::string keys_path;   ///< in place of roles_path: where the keys are, whatever the role
  KeyFields fields;
};

/// The keys of the role. kNotFound when the machine has none, kUnavailable when nobody answers.
/// Two or three requests.
Result<Keys> AskInstance(const Tools& tools, const InstanceMetadata& service, const CallContext& context);

/// The source that asks `service`.
Source InstanceSource(const Tools& tools, InstanceMetadata service);

/// A source that cannot ask, for the reason `why`.
Source Unusable(std::string name, Status why);

}  // namespace mbk::credentials
