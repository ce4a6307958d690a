#include "manifest/whole.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "manifest/object_index.h"
#include "model/storage_version.h"
#include "model/version.h"

namespace mbk {
namespace {

// Row id and timestamp, which Milvus adds to every row.
constexpr std::int64_t kSystemFields[] = {0, 1};
constexpr std::size_t kNamedInAnError = 3;

std::string FullName(const Collection& collection) {
  return fmt::format("{}.{}", collection.db_name, collection.name);
}

std::string Place(const Collection& collection, const std::string& partition, const Segment& segment) {
  return partition.empty() ? fmt::format("{}, segment {}", FullName(collection), segment.segment_id)
                           : fmt::format("{}, partition {}, segment {}", FullName(collection), partition,
                                         segment.segment_id);
}

// ---- doubles

/// Says which of what it is shown was there before.
template <class Key>
class Seen {
 public:
  bool Again(const Key& key) { return !keys_.insert(key).second; }

 private:
  std::set<Key> keys_;
};

// A server that gives no ids says 0.
bool IsAgain(Seen<std::int64_t>& seen, std::int64_t id) { return id != 0 && seen.Again(id); }

void FindDoubleSegments(const Collection& collection, Findings& findings) {
  Seen<std::int64_t> ids;
  ForEachSegment(collection, [&](const Segment& segment) {
    if (ids.Again(segment.segment_id))
      findings.Add(fmt::format("{}: segment {} is named twice", FullName(collection), segment.segment_id));
  });
}

void FindDoublePartitions(const Collection& collection, Findings& findings) {
  Seen<std::string> names;
  Seen<std::int64_t> ids;
  for (const Partition& partition : collection.partitions) {
    if (names.Again(partition.name))
      findings.Add(fmt::format("{}: two partitions are called {}", FullName(collection), partition.name));
    if (IsAgain(ids, partition.partition_id))
      findings.Add(
          fmt::format("{}: two partitions have the id {}", FullName(collection), partition.partition_id));
  }
}

void FindDoubleFields(const Collection& collection, Findings& findings) {
  Seen<std::int64_t> ids;
  auto look = [&](const FieldSchema& field) {
    if (IsAgain(ids, field.field_id))
      findings.Add(
          fmt::format("{}: two fields of the schema have the id {}", FullName(collection), field.field_id));
  };
  for (const FieldSchema& field : collection.schema.fields) look(field);
  for (const StructArrayField& group : collection.schema.struct_array_fields)
    for (const FieldSchema& field : group.fields) look(field);
}

// ---- gaps

/// Whether a Milvus of this version adds fields to a collection that has rows: 2.6 and later, and one that is
/// not known.
bool AddsFieldsLater(std::string_view version) {
  const std::optional<MajorMinor> parsed = ParseMajorMinor(version);
  return !parsed || *parsed >= MajorMinor{2, 6};
}

/// Whether a field may be younger than rows, where fields can be added to those: they then have null, a
/// default, or what is made of other fields.
bool MayBeLate(const FieldSchema& field) {
  return field.nullable || !field.default_value.empty() || field.is_dynamic || field.is_function_output;
}

/// Whether a Milvus of this version drops fields, whose files stay in old segments: 3 and later, and one that
/// is not known.
bool DropsFields(std::string_view version) {
  const std::optional<MajorMinor> parsed = ParseMajorMinor(version);
  return !parsed || *parsed >= MajorMinor{3, 0};
}

bool HidesDynamicField(const CollectionSchema& schema) {
  return schema.enable_dynamic_field &&
         std::none_of(schema.fields.begin(), schema.fields.end(),
                      [](const FieldSchema& field) { return field.is_dynamic; });
}

/// All fields that a segment may have files of; empty where that cannot be told: fields were dropped, or
/// Milvus hides another one than the dynamic field.
std::set<std::int64_t> AllFields(const CollectionSchema& schema, bool drops_fields) {
  if (drops_fields || schema.enable_namespace) return {};
  // Enabled behind a struct array, the dynamic field has an id that does not follow from the others.
  if (HidesDynamicField(schema) && !schema.struct_array_fields.empty()) return {};
  std::set<std::int64_t> fields(std::begin(kSystemFields), std::end(kSystemFields));
  for (const FieldSchema& field : schema.fields) fields.insert(field.field_id);
  for (const StructArrayField& group : schema.struct_array_fields) {
    fields.insert(group.field_id);
    for (const FieldSchema& field : group.fields) fields.insert(field.field_id);
  }
  if (HidesDynamicField(schema)) fields.insert(DynamicFieldId(schema));
  return fields;
}

class GapFinder {
 public:
  GapFinder(const Backup& backup, const Collection& collection, Findings& findings)
      : collection_(collection),
        fields_(RequiredFields(collection.schema, backup.milvus_version)),
        all_fields_(AllFields(collection.schema, DropsFields(backup.milvus_version))),
        findings_(findings) {}

  void LookAt(const Partition& partition) {
    for (const Segment& segment : partition.segments) {
      const std::string place = Place(collection_, partition.name, segment);
      if (segment.partition_id != partition.partition_id)
        findings_.Add(fmt::format("{} says that it is of partition {}, and stands in {}", place,
                                  segment.partition_id, partition.partition_id));
      segment.is_l0 ? LookAtDeletes(place, segment) : LookAtRows(place, segment);
    }
  }

  // Deletes of all partitions. Those that are not marked as such are not taken for it by a restore.
  void LookAtL0() {
    for (const Segment& segment : collection_.l0_segments) {
      const std::string place = Place(collection_, "", segment);
      if (!segment.is_l0) findings_.Add(place + " stands among the L0 segments and is not marked as one");
      if (segment.partition_id != kAllPartitions)
        findings_.Add(
            fmt::format("{} stands among the L0 segments of all partitions, and says that it is of {}", place,
                        segment.partition_id));
      LookAtDeletes(place, segment);
    }
  }

 private:
  void LookAtRows(const std::string& place, const Segment& segment) {
    if (segment.insert_logs.empty()) {
      if (segment.num_rows > 0)
        findings_.Add(fmt::format("{} has {} rows and no insert logs", place, segment.num_rows));
      return;
    }
    if (segment.num_rows == 0)
      findings_.Add(fmt::format("{} has {} insert logs and 0 rows", place, segment.insert_logs.size()));
    if (segment.storage_version < kFirstPackedStorageVersion) LookAtFields(place, segment);
    LookForUnknownFields(place, segment);
  }

  // A field that the schema has lost: its files would be passed over. (Packed files bear the id of one of
  // their fields, or a small number.)
  void LookForUnknownFields(const std::string& place, const Segment& segment) {
    if (all_fields_.empty()) return;
    std::set<std::int64_t> unknown;
    for (const Binlog& log : segment.insert_logs) {
      const bool is_group =
          segment.storage_version >= kFirstPackedStorageVersion && log.field_id < kFirstFieldId;
      if (!is_group && !all_fields_.contains(log.field_id)) unknown.insert(log.field_id);
    }
    for (const std::int64_t field : unknown)
      findings_.Add(
          fmt::format("{} has insert logs of field {}, which the schema does not have", place, field));
  }

  void LookAtFields(const std::string& place, const Segment& segment) {
    std::map<std::int64_t, std::size_t> files;
    for (const Binlog& log : segment.insert_logs) ++files[log.field_id];
    for (const auto& [id, name] : fields_) {
      if (!files.contains(id))
        findings_.Add(fmt::format("{} has no insert logs of field {} ({})", place, id, name));
    }
    const auto& [first_field, first_count] = *files.begin();
    for (const auto& [field, count] : files) {
      if (count == first_count) continue;
      findings_.Add(fmt::format("{} has {} insert logs of field {}, and {} of field {}", place, count, field,
                                first_count, first_field));
    }
  }

  void LookAtDeletes(const std::string& place, const Segment& segment) {
    if (segment.delta_logs.empty()) findings_.Add(place + ", of L0, has no delta logs");
    if (!segment.insert_logs.empty() || segment.num_rows > 0)
      findings_.Add(fmt::format("{}, of L0, has {} insert logs and {} rows", place,
                                segment.insert_logs.size(), segment.num_rows));
  }

  const Collection& collection_;
  const std::map<std::int64_t, std::string> fields_;
  const std::set<std::int64_t> all_fields_;  ///< empty: not known
  Findings& findings_;
};

// ---- level files

/// What full_meta.json and the level files both say of one segment.
struct SegmentFacts {
  std::int64_t partition_id = 0;
  std::int64_t rows = 0;
  std::size_t insert_logs = 0;
  std::size_t delta_logs = 0;
  friend bool operator==(const SegmentFacts&, const SegmentFacts&) = default;
  std::string Text() const {
    return fmt::format("{} rows, {} insert and {} delta logs in partition {}", rows, insert_logs, delta_logs,
                       partition_id);
  }
};

// The level files of the Go tool do not name the segments of all partitions.
std::map<std::int64_t, SegmentFacts> FactsOf(const Collection& collection) {
  std::map<std::int64_t, SegmentFacts> facts;
  for (const Partition& partition : collection.partitions) {
    for (const Segment& segment : partition.segments)
      facts.emplace(segment.segment_id, SegmentFacts{segment.partition_id, segment.num_rows,
                                                     segment.insert_logs.size(), segment.delta_logs.size()});
  }
  return facts;
}

std::map<std::int64_t, const Partition*> PartitionsById(const Collection& collection) {
  std::map<std::int64_t, const Partition*> partitions;
  for (const Partition& partition : collection.partitions)
    partitions.emplace(partition.partition_id, &partition);
  return partitions;
}

std::map<std::int64_t, const Collection*> ById(const Backup& backup) {
  std::map<std::int64_t, const Collection*> collections;
  for (const Collection& collection : backup.collections)
    collections.emplace(collection.collection_id, &collection);
  return collections;
}

/// Visits what either of two maps has, by key; null for what one of them has not.
template <class Map, class Visit>
void ForEachOfBoth(const Map& full, const Map& levels, Visit visit) {
  for (const auto& [key, value] : full) {
    const auto other = levels.find(key);
    visit(key, &value, other == levels.end() ? nullptr : &other->second);
  }
  for (const auto& [key, value] : levels)
    if (!full.contains(key)) visit(key, decltype(&value){nullptr}, &value);
}

std::string OnlyIn(bool in_full, std::string_view what) {
  return fmt::format("{} is {}", what,
                     in_full ? "in full_meta.json, and not in the level files"
                             : "in the level files, and not in full_meta.json");
}

void ComparePartitions(const Collection& collection, const Partition& full, const Partition& levels,
                       Findings& findings) {
  if (full.name != levels.name)
    findings.Add(fmt::format("{}: partition {} is called {} in full_meta.json, and {} in partition_meta.json",
                             FullName(collection), full.partition_id, full.name, levels.name));
  if (full.load_state != levels.load_state)
    findings.Add(fmt::format(
        "{}: the load state of partition {} is {} in full_meta.json, and {} in partition_meta.json",
        FullName(collection), full.partition_id, LoadStateName(full.load_state),
        LoadStateName(levels.load_state)));
  if (full.rows_record != levels.rows_record)
    findings.Add(
        fmt::format("{}: the recorded rows of partition {} are others in full_meta.json than in "
                    "partition_meta.json",
                    FullName(collection), full.partition_id));
}

// What a restore makes a collection from. Not compared: what follows from the segments, and where its
// channels were.
void CompareModels(const Collection& full, const Collection& levels, Findings& findings) {
  auto compare = [&](std::string_view what, const auto& member) {
    if (full.*member != levels.*member)
      findings.Add(fmt::format("{}: {} in full_meta.json and in collection_meta.json are not the same",
                               FullName(full), what));
  };
  compare("the schemas", &Collection::schema);
  compare("the indexes", &Collection::indexes);
  compare("the aliases", &Collection::aliases);
  compare("the properties", &Collection::properties);
  compare("the load states", &Collection::load_state);
  compare("the numbers of shards", &Collection::shards_num);
  compare("the consistency levels", &Collection::consistency_level);
  compare("the recorded rows", &Collection::rows_record);
}

void CompareCollections(const Collection& full, const Collection& levels, Findings& findings) {
  if (std::tie(full.db_name, full.name) != std::tie(levels.db_name, levels.name))
    findings.Add(fmt::format("collection {} is called {} in full_meta.json, and {} in collection_meta.json",
                             full.collection_id, FullName(full), FullName(levels)));
  CompareModels(full, levels, findings);
  ForEachOfBoth(
      PartitionsById(full), PartitionsById(levels),
      [&](std::int64_t id, const Partition* const* here, const Partition* const* there) {
        if (here == nullptr || there == nullptr)
          findings.Add(OnlyIn(here != nullptr, fmt::format("{}: partition {}", FullName(full), id)));
        else
          ComparePartitions(full, **here, **there, findings);
      });
  ForEachOfBoth(
      FactsOf(full), FactsOf(levels),
      [&](std::int64_t id, const SegmentFacts* here, const SegmentFacts* there) {
        if (here == nullptr || there == nullptr)
          findings.Add(OnlyIn(here != nullptr, fmt::format("{}: segment {}", FullName(full), id)));
        else if (*here != *there)
          findings.Add(fmt::format("{}: segment {} has {} in full_meta.json, and {} in segment_meta.json",
                                   FullName(full), id, here->Text(), there->Text()));
      });
}

}  // namespace

std::map<std::int64_t, std::string> RequiredFields(const CollectionSchema& schema,
                                                   std::string_view milvus_version) {
  const bool adds_fields_later = AddsFieldsLater(milvus_version);
  std::map<std::int64_t, std::string> required{{kSystemFields[0], "row id"}, {kSystemFields[1], "timestamp"}};
  const auto add = [&](const std::vector<FieldSchema>& fields) {
    for (const FieldSchema& field : fields) {
      const bool may_lack = !field.external_field.empty() || (adds_fields_later && MayBeLate(field));
      if (!may_lack) required.emplace(field.field_id, field.name);
    }
  };
  add(schema.fields);
  for (const StructArrayField& group : schema.struct_array_fields)
    if (!group.nullable || !adds_fields_later) add(group.fields);
  if (HidesDynamicField(schema) && !adds_fields_later)
    required.emplace(DynamicFieldId(schema), kDynamicFieldName);
  return required;
}

void FindDoubles(const Backup& backup, Findings& findings) {
  Seen<std::pair<std::string, std::string>> names;
  Seen<std::int64_t> ids;
  for (const Collection& collection : backup.collections) {
    if (names.Again({collection.db_name, collection.name}))
      findings.Add(fmt::format("two collections are called {}", FullName(collection)));
    if (IsAgain(ids, collection.collection_id))
      findings.Add(fmt::format("{}: another collection has the id {} too", FullName(collection),
                               collection.collection_id));
    FindDoubleFields(collection, findings);
    FindDoublePartitions(collection, findings);
    FindDoubleSegments(collection, findings);
  }
}

void FindGaps(const Backup& backup, const Collection& collection, Findings& findings) {
  // Its rows lie elsewhere.
  if (!collection.schema.external_source.empty()) return;
  if (backup.format.empty() && collection.snapshot)
    findings.Add(
        fmt::format("{} lies in a snapshot, and the metadata do not say that the backup is of that format",
                    FullName(collection)));
  GapFinder finder(backup, collection, findings);
  for (const Partition& partition : collection.partitions) finder.LookAt(partition);
  finder.LookAtL0();
}

Findings FindUnwhole(const Backup& backup) {
  Findings findings;
  if (!backup.format.empty()) return findings;
  FindDoubles(backup, findings);
  for (const Collection& collection : backup.collections) FindGaps(backup, collection, findings);
  return findings;
}

Status CheckWhole(const Backup& backup) {
  const Findings findings = FindUnwhole(backup);
  if (findings.empty()) return {};
  return DataLoss(
      fmt::format("the metadata are not those of a whole backup: {}", findings.Summary(kNamedInAnError)));
}

void FindHeadContradictions(const Backup& full, const Backup& head, Findings& findings) {
  if (full.id != head.id)
    findings.Add(
        fmt::format("full_meta.json is of backup \"{}\", backup_meta.json of \"{}\"", full.id, head.id));
  if (full.format != head.format)
    findings.Add(fmt::format("the format is \"{}\" in full_meta.json, and \"{}\" in backup_meta.json",
                             full.format, head.format));
}

Findings FindContradictions(const Backup& full, const Backup& levels) {
  Findings findings;
  ForEachOfBoth(ById(full), ById(levels),
                [&](std::int64_t id, const Collection* const* here, const Collection* const* there) {
                  if (here == nullptr || there == nullptr)
                    findings.Add(OnlyIn(here != nullptr, fmt::format("collection {} ({})", id,
                                                                     FullName(**(here ? here : there)))));
                  else
                    CompareCollections(**here, **there, findings);
                });
  return findings;
}

}  // namespace mbk
