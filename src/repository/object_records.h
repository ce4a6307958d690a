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
  /// for a line that is no record.
  Result<std::optional<manifest::ObjectRecord>> Next();

 private:
  Result<bool> ReadLine();

  const std::string url_;
  ObjectInputBuf buffer_;
  std::string line_;
};

}  // namespace mbk
