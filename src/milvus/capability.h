#pragma once

namespace mbk {

/// Something a Milvus server may or may not be able to do. Callers ask for these, never for versions;
/// the one table that knows versions is in capability.cc (spec/milvus-protocol.md §2).
enum class Capability {
  kMultiDatabase,             ///< decided by asking: ListDatabases is implemented
  kDescribeDatabase,          ///< >= 2.4.3
  kDescribeSegments,          ///< REST /v2/vectordb/segments/describe, >= 2.5.8
  kMultiL0InOneJob,           ///< >= 2.6.5
  kCollectionLevelGcControl,  ///< >= 2.6.8
  kFunctionRuntimeCheck,      ///< >= 2.6.8
  kFlushAll,                  ///< >= 2.6.11
  kReplicateMessage,          ///< >= 2.5.0, < 2.6.0
  kSnapshot,                  ///< >= 3.0.0
};

}  // namespace mbk
