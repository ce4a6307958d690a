#pragma once

#include <string>

#include "store/credentials/source.h"

namespace mbk::credentials {

/// A role, and the token of an identity provider that says who may take it.
struct WebIdentityRole {
  std::string token_file;  ///< read at every request: it is renewed while the program runs
  std::string role_arn;    ///< may be empty at MinIO
  std::string session_name;
  std::string region;    ///< picks AWS's endpoint; empty: the global one
  std::string endpoint;  ///< in place of AWS's
};

/// AssumeRoleWithWebIdentity: one request, which needs no signature. kPermissionDenied when the token or the
/// role is refused.
/// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
Result<Keys> AssumeRole(const Tools& tools, const WebIdentityRole& role, const CallContext& context);

}  // namespace mbk::credentials
