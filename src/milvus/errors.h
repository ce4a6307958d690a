#pragma once

#include <grpcpp/support/status.h>

#include "base/status.h"
#include "mbk/common.pb.h"

/// What a Milvus server says went wrong, as our codes. Milvus reports on three levels: the gRPC status, the
/// numbered status inside an answer (`code` since 2.3, `error_code` before), and, where a component hides
/// the number of another, only words.
namespace mbk {

/// The failure of the call itself; the message is the server's or gRPC's own. Ok for an ok status.
Status FromGrpcStatus(const grpc::Status& status);

/// The verdict inside an answer: ok when code and error_code are both 0. The message is the server's reason
/// and its number.
Status FromMilvusStatus(const ::milvus::proto::common::Status& status);

/// Whether the status says that the collection has no index, in any of the ways Milvus does.
bool SaysNoIndex(const ::milvus::proto::common::Status& status);

/// Whether the status says that the collection or partition is not loaded.
bool SaysNotLoaded(const ::milvus::proto::common::Status& status);

}  // namespace mbk
