#include "ops/compare/compare.h"

#include <fmt/core.h>

#include <mutex>
#include <utility>

#include "ops/compare/differences.h"

namespace mbk {
namespace {

// By name; outputs of functions are not compared.
std::map<std::string, FieldSchema> FieldsByName(const CollectionSchema& schema) {
  std::map<std::string, FieldSchema> fields;
  const RowHasher hasher(schema);
  for (const FieldSchema& field : hasher.fields()) fields.emplace(field.name, field);
  return fields;
}

std::string ParamOf(const FieldSchema& field, const std::string& key) {
  const std::string* value = FindValue(field.type_params, key);
  return value == nullptr ? "none" : *value;
}

// Of a field that both have; "" when it is the same there.
std::string ParamDifference(const FieldSchema& here, const FieldSchema& there, const std::string& key) {
  const std::string left = ParamOf(here, key), right = ParamOf(there, key);
  return left == right ? "" : fmt::format("field {} has {} {} instead of {}", here.name, key, right, left);
}

}  // namespace

std::string_view DifferenceName(RowDifference::Kind kind) {
  switch (kind) {
    case RowDifference::Kind::kMissing:
      return "missing";
    case RowDifference::Kind::kExtra:
      return "extra";
    case RowDifference::Kind::kChanged:
      return "changed";
  }
  return "";
}

std::vector<std::string> CompareSchemas(const CollectionSchema& left, const CollectionSchema& right) {
  std::vector<std::string> differences;
  const std::map<std::string, FieldSchema> here = FieldsByName(left), there = FieldsByName(right);
  for (const auto& [name, field] : here) {
    const auto other = there.find(name);
    if (other == there.end())
      differences.push_back(fmt::format("field {} is missing", name));
    else if (field.data_type == other->second.data_type && field.element_type != other->second.element_type)
      differences.push_back(fmt::format("field {} has elements of type {} instead of {}", name,
                                        static_cast<int>(other->second.element_type),
                                        static_cast<int>(field.element_type)));
    else if (field.data_type != other->second.data_type)
      differences.push_back(fmt::format("field {} has type {} instead of {}", name,
                                        static_cast<int>(other->second.data_type),
                                        static_cast<int>(field.data_type)));
    else if (field.is_primary_key != other->second.is_primary_key)
      differences.push_back(fmt::format("field {} is the primary key at one side only", name));
    else if (std::string dim = ParamDifference(field, other->second, "dim"); !dim.empty())
      differences.push_back(std::move(dim));
  }
  for (const auto& [name, field] : there)
    if (!here.contains(name)) differences.push_back(fmt::format("field {} is extra", name));
  return differences;
}

std::vector<std::string> CompareLimits(const CollectionSchema& left, const CollectionSchema& right) {
  std::vector<std::string> differences;
  const std::map<std::string, FieldSchema> here = FieldsByName(left), there = FieldsByName(right);
  for (const auto& [name, field] : here) {
    const auto other = there.find(name);
    if (other == there.end()) continue;
    for (const std::string key : {"max_length", "max_capacity"}) {
      // Milvus Lite does not tell those of the elements of an array.
      const bool both_tell = FindValue(field.type_params, key) != nullptr &&
                             FindValue(other->second.type_params, key) != nullptr;
      std::string limit = both_tell ? ParamDifference(field, other->second, key) : "";
      if (!limit.empty()) differences.push_back(std::move(limit));
    }
  }
  return differences;
}

Result<SideFingerprints> FingerprintsOf(rows::RowSource& source, Progress& progress,
                                        const CallContext& context) {
  const RowHasher hasher(source.schema());
  SideFingerprints side{.name = source.name()};
  std::mutex mutex;
  MBK_TRY(source.ForEachBatch(
      [&](const std::string& partition, const RowBatch& batch) -> Status {
        MBK_TRY_ASSIGN(const std::vector<Hash128> hashes, hasher.HashRows(batch));
        Fingerprint sum;
        for (const Hash128& hash : hashes) sum.Add(hash);
        progress.Add(batch.rows, 0);
        std::scoped_lock lock(mutex);
        side.total.Add(sum);
        side.partitions[partition].Add(sum);
        return {};
      },
      context));
  return side;
}

std::vector<PartitionDifference> ComparePartitions(const SideFingerprints& left,
                                                   const SideFingerprints& right) {
  std::map<std::string, std::pair<Fingerprint, Fingerprint>> both;
  for (const auto& [partition, fingerprint] : left.partitions) both[partition].first = fingerprint;
  for (const auto& [partition, fingerprint] : right.partitions) both[partition].second = fingerprint;
  std::vector<PartitionDifference> differences;
  for (const auto& [partition, rows] : both)
    if (rows.first != rows.second) differences.push_back({partition, rows.first.rows, rows.second.rows});
  return differences;
}

namespace {

Result<SideFingerprints> ReadSide(rows::RowSource& source, Comparison& comparison, Progress& progress,
                                  const CallContext& context) {
  MBK_TRY_ASSIGN(SideFingerprints side, FingerprintsOf(source, progress, context));
  if (!source.may_change()) return side;
  MBK_TRY_ASSIGN(const SideFingerprints again, FingerprintsOf(source, progress, context));
  if (again.total != side.total || again.partitions != side.partitions)
    comparison.being_written.push_back(source.name());
  return side;
}

}  // namespace

Result<Comparison> CompareRows(rows::RowSource& left, rows::RowSource& right, const CompareOptions& options,
                               Progress& progress, const CallContext& context) {
  Comparison comparison{.left = {.name = left.name()}, .right = {.name = right.name()}};
  comparison.schema_differences = CompareSchemas(left.schema(), right.schema());
  if (!comparison.schema_differences.empty()) return comparison;
  comparison.schema_differences = CompareLimits(left.schema(), right.schema());
  comparison.rows_compared = true;
  MBK_TRY_ASSIGN(comparison.left, ReadSide(left, comparison, progress, context));
  MBK_TRY_ASSIGN(comparison.right, ReadSide(right, comparison, progress, context));
  // A partition key spreads rows by a hash, over partitions of which another collection may have another
  // number.
  if (!HasPartitionKey(left.schema()) && !HasPartitionKey(right.schema()))
    comparison.partition_differences = ComparePartitions(comparison.left, comparison.right);
  const bool other_rows = comparison.left.total != comparison.right.total;
  if (other_rows && comparison.being_written.empty())
    MBK_TRY(FindDifferences(left, right, options, comparison, context));
  return comparison;
}

}  // namespace mbk
