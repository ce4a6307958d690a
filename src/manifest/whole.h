#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/findings.h"
#include "base/status.h"
#include "model/backup.h"

/// Whether metadata can be those of a whole backup: what they promise, they must also name. Pure: no store is
/// asked, so that a file which is named but lost is not found here (repository/tree_check.h finds it).
namespace mbk {

/// Names and ids that stand for two things: collections of one (database, name) or id, partitions of one name
/// or id, segments and fields of one id.
void FindDoubles(const Backup& backup, Findings& findings);

/// The fields of which every data segment with a file a field has files, and what they are called: row id,
/// timestamp, and all fields of the schema that were there from the first row on. Up to Milvus 2.5 these are
/// all of them. From 2.6 on, and where the version is not known, fields can be added to rows that are there:
/// those that may be null or have a default, the dynamic field and outputs of functions.
std::map<std::int64_t, std::string> RequiredFields(const CollectionSchema& schema,
                                                   std::string_view milvus_version);

/// What the metadata of one collection promise and do not name:
///   * a data segment with rows has insert logs, one with insert logs has rows;
///   * of storage versions with a file a field it has files of its RequiredFields, and as many of each field;
///   * it has insert logs of no field that the schema does not have (Milvus 3 drops fields whose files stay:
///     of it, and of an unknown version, this is not asked);
///   * an L0 segment has delta logs and no insert logs;
///   * a segment stands in the partition whose id it bears.
void FindGaps(const Backup& backup, const Collection& collection, Findings& findings);

/// Both, of all collections. Nothing is found in a backup of another format than binlogs, whose files the
/// metadata do not name.
Findings FindUnwhole(const Backup& backup);

/// kDataLoss with the first three findings; ok when there are none. For a backup before it is committed.
Status CheckWhole(const Backup& backup);

/// Whether backup_meta.json (`head`) is of the backup and format that full_meta.json is of.
void FindHeadContradictions(const Backup& full, const Backup& head, Findings& findings);

/// Where the other level files contradict full_meta.json: collections, partitions and segments that only one
/// of them has, other names, row counts or numbers of files, and whatever else a restore makes a collection
/// from. `levels` as ReadLevelFiles read them.
Findings FindContradictions(const Backup& full, const Backup& levels);

}  // namespace mbk
