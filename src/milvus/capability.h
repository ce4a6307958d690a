#pragma once

#include <compare>
#include <span>
#include <string_view>

namespace mbk {

/// Something a Milvus server may or may not be able to do. Callers ask for these, never for versions;
/// the one table that knows versions is in capability.cc (spec/milvus-protocol.md §2).
enum class Capability {
  kMultiDatabase,      ///< decided by asking: ListDatabases is implemented
  kImport,             ///< all servers, not Milvus Lite
  kSegments,           ///< GetPersistentSegmentInfo: all servers, not Milvus Lite
  kCollectionDetails,  ///< keeps shards, descriptions, index names and numbers of partitions behind a key:
                       ///< all servers; Milvus Lite drops them without a word
  kLoadStates,         ///< tells what is loaded at 0 % yet from what is not: all servers, not Milvus Lite
  kRenameCollection,   ///< >= 2.2.9, and Milvus Lite; may be refused to this user
  kCountByQuery,       ///< count(*), >= 2.3.0, and Milvus Lite
  kShowsOnlyGranted,   ///< lists of databases and collections hold what the user has rights on
  kDescribeDatabase,   ///< >= 2.4.3, and Milvus Lite
  kDescribeSegments,   ///< REST /v2/vectordb/segments/describe, >= 2.5.8
  kMultiL0InOneJob,    ///< >= 2.6.5
  kCollectionLevelGcControl,  ///< >= 2.6.8
  kFunctionRuntimeCheck,      ///< >= 2.6.8
  kFlushAll,                  ///< >= 2.6.11
  kInsertAutoIds,             ///< collection property allow_insert_auto_id, >= 2.6.3 (milvus-sdk-java #1710)
  kReplicateMessage,          ///< >= 2.5.0, < 2.6.0
  kSnapshot,                  ///< >= 3.0.0
};

/// A Milvus version as far as capabilities depend on it. A pre-release counts as its release: 2.6.11-rc1
/// can what 2.6.11 can. Milvus Lite, which runs inside a Python program, counts its own versions and can
/// what the table says of it.
struct MilvusVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;
  bool is_lite = false;
  friend auto operator<=>(const MilvusVersion&, const MilvusVersion&) = default;
};

/// Whether `text` is a semantic version, leniently: an optional "v", one to three numbers, a suffix after
/// '-' or '+'. If it is not, what Connect calls the build tag is not the version and GetVersion is asked.
bool LooksLikeVersion(std::string_view text);

/// The version that `reported` (build tag first, then GetVersion's answer) stands for. In this order:
///   "2.6.1", "v2.6.1-rc1", "2.3.22.6"  an exact version; the fourth part, a hotfix, is dropped
///   "2.6-20260101", "Milvus 2.6 (…)"   a line, taken at its head: patch 9999
///   "milvus_lite-3.2.2"                Milvus Lite
///   "master-20260101", ""              taken for the newest there can be: 99.0.0
MilvusVersion ParseMilvusVersion(std::span<const std::string_view> reported);

/// Whether a server of this version has `capability`; false for kMultiDatabase, which no version decides.
bool VersionHas(const MilvusVersion& version, Capability capability);

}  // namespace mbk
