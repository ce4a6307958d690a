#pragma once

#include <cstdint>
#include <vector>

#include "model/rows.h"

/// How many bytes rows take in a message, so that a batch can be cut into messages that servers take. A
/// Milvus's proxy takes 64 MiB in one call as it comes (proxy.grpc.serverMaxRecvSize).
namespace mbk {

/// What a message of rows should not exceed: well below what a server takes, and small enough for several
/// to be under way.
inline constexpr std::int64_t kInsertBytes = 8 << 20;

/// At least the bytes of row `row` in a message, without what the message itself adds (a few dozen bytes a
/// column).
std::int64_t EncodedRowSize(const RowBatch& batch, std::int64_t row);

/// The same for a batch.
std::int64_t EncodedSize(const RowBatch& batch);

/// `batch` in pieces of at most `max_bytes` encoded and `max_rows` rows each, in order; a row that is larger
/// makes a piece of its own. No piece is empty.
std::vector<RowBatch> SplitRows(const RowBatch& batch, std::int64_t max_bytes, std::int64_t max_rows);

}  // namespace mbk
