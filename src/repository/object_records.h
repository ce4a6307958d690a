#pragma once

#include <optional>
#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "manifest/manifest.h"
#include "repository/object_stream.h"
#include "store/object_store.h"

namespace mbk {

/// Reads meta/objects.json record by record. Not thread-safe.
class ObjectRecordReader {
 public:
  /// `store` outlives the reader. Nothing is read yet.
  ObjectRecordReader(ObjectReader& store, const BackupLayout& layout, const CallContext& context);

  /// The next record; nothing at the end. kNotFound when the backup has no such file (Go tool), kDataLoss
  /// for a line that is no record, and for one whose key does not come after that of the line before.
  Result<std::optional<manifest::ObjectRecord>> Next();

 private:
  Result<bool> ReadLine();

  const std::string url_;
  ObjectInputBuf buffer_;
  std::string line_;
  std::string last_key_;
};

/// What a record says of an object's bytes; kNone where it says nothing that is computed here
/// (store/content_hash.h).
Digest DigestOnRecord(const manifest::ObjectRecord& record);

/// The records of a backup, asked for in rising order of their keys. Not thread-safe.
class ObjectRecordLookup {
 public:
  ObjectRecordLookup(ObjectReader& store, const BackupLayout& layout, const CallContext& context);

  /// The record of `key`, which is relative as those of records; just the key when the backup has none of it.
  Result<manifest::ObjectRecord> Find(const std::string& key);

 private:
  Status Advance();

  ObjectRecordReader reader_;
  std::optional<manifest::ObjectRecord> now_;  ///< empty when there are no more
};

}  // namespace mbk
