#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/findings.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "manifest/manifest.h"
#include "model/backup.h"
#include "repository/repository.h"
#include "store/object_store.h"

/// The files of meta/ in objects.json: they are recorded before they are written, so that a name, a dimension
/// or a property that changes into another, and stays valid JSON, is found by `verify --level checksum`.
namespace mbk {

/// One of the metadata files of a backup, and how it is written.
struct MetaFile {
  std::string_view name;
  Status (*write)(const Backup&, const manifest::TextSink&);
};
/// In the order in which they are written: a reader finds the backup once the last is there.
inline constexpr std::array kMetaFiles{
    MetaFile{kFullMeta, manifest::WriteFullMeta}, MetaFile{kCollectionMeta, manifest::WriteCollectionMeta},
    MetaFile{kPartitionMeta, manifest::WritePartitionMeta},
    MetaFile{kSegmentMeta, manifest::WriteSegmentMeta}, MetaFile{kBackupMeta, manifest::WriteBackupMeta}};

/// The records of the files that BackupWriter::Commit writes for `backup`, in key order: rendered once for
/// their size and MD5. Without source and ETag, which nobody knows yet.
Result<std::vector<manifest::ObjectRecord>> RecordsOfMeta(const Backup& backup);

/// Whether a file of meta/ holds the name of the backup.
bool HoldsName(const BackupLayout& layout, const ObjectKey& key);

/// Whether an object of meta/ goes along when a backup is copied: what a run of its own writes there, and
/// what says who is at work, does not.
bool IsCarriedMeta(const BackupLayout& layout, const ObjectInfo& object);

/// The record of the one that says that the backup exists.
Result<manifest::ObjectRecord> RecordOfCommit(const Backup& backup);

/// The same of the files that lie in meta/ of a backup, each read once; objects.json, locks and the mark of a
/// delete are not among them. Where `name` is not the backup's own, as the files will be under that name.
Result<std::vector<manifest::ObjectRecord>> RecordsOfStoredMeta(ObjectReader& store,
                                                                const BackupLayout& layout,
                                                                const std::string& name,
                                                                const CallContext& context);

/// Whether the key of a record is of a file that CheckRecordedMeta looks at: one that this program or the Go
/// tool writes into meta/.
bool IsRecordedMetaKey(std::string_view key);

/// What the files of meta/ are, held against what objects.json says of them.
struct MetaRecordFindings {
  Findings changed;                  ///< files that have other bytes, and records that are lost or unreadable
  std::vector<std::string> missing;  ///< files that have a record and are not there: "meta/…"
  std::vector<std::string> unrecorded;  ///< files without a (usable) record though others have one: "meta/…"
  std::int64_t compared = 0;            ///< files that have the bytes that were written
  bool has_records = false;             ///< there is an objects.json; the Go tool writes none
  bool any_recorded = false;            ///< and it has records of files of meta/; earlier versions wrote none
};

/// Hold the files of meta/ against their records. These stand near the end of objects.json, which is in key
/// order: only that end of it is read, and each file of meta/ once. One without a line has lost them, where
/// `opened` has data: earlier versions wrote it so for a backup without any. The error of the call is the
/// store's.
Result<MetaRecordFindings> CheckRecordedMeta(ObjectReader& store, const OpenedBackup& opened,
                                             const CallContext& context);

}  // namespace mbk
