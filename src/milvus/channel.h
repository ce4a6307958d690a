#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "base/status.h"
#include "milvus/grpc_client.h"

namespace mbk {

/// "host:port", an IPv6 address in brackets. kInvalidArgument when the two cannot be an address.
Result<std::string> TargetOf(const std::string& address, int port);

/// A channel as `options` describe it; does not connect yet. Reads the certificate files.
Result<std::shared_ptr<grpc::Channel>> MakeChannel(const ConnectOptions& options, const std::string& target);

/// What a person should look at after a call ended with `status`: a sentence to append, or "".
std::string AdviceFor(const Status& status, const ConnectOptions& options);

}  // namespace mbk
