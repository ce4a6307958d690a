#pragma once

#include <fmt/core.h>

#include <string>

#include "mbk/common.pb.h"
#include "milvus/testing/mock_state.h"

/// The refusals of Milvus 2.3.5, in its own words and numbers.
namespace mbk::milvustest {

// common.ErrorCode of servers before 2.3, which 2.3.5 still fills.
inline constexpr int kUnexpectedError = 1;
inline constexpr int kCollectionNotExists = 4;
inline constexpr int kMetaFailed = 15;
inline constexpr int kIndexNotExist = 25;

inline pb::common::Status Refuse(int error_code, int code, const std::string& reason) {
  pb::common::Status status;
  status.set_error_code(error_code);
  status.set_code(code);
  status.set_reason(reason);
  status.set_detail(reason);
  return status;
}

inline pb::common::Status NoCollection(const std::string& db, const std::string& name) {
  return Refuse(kCollectionNotExists, 100,
                fmt::format("collection not found[database={}][collection={}]", db, name));
}
inline pb::common::Status NoPartition(const std::string& name) {
  return Refuse(kMetaFailed, 200, fmt::format("partition not found[partition={}]", name));
}
inline pb::common::Status NoIndex(const std::string& collection) {
  return Refuse(kIndexNotExist, 700, fmt::format("index not found[collection={}]", collection));
}
inline pb::common::Status NoDatabase(const std::string& db) {
  return Refuse(kUnexpectedError, 800, fmt::format("database not found[database={}]", db));
}

inline PartitionName* FindPartition(MockCollection& collection, const std::string& name) {
  for (PartitionName& partition : collection.partitions) {
    if (partition.name == name) return &partition;
  }
  return nullptr;
}

}  // namespace mbk::milvustest
