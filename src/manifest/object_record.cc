#include <algorithm>

#include "manifest/json_shapes.h"
#include "manifest/json_writer.h"
#include "manifest/keys.h"
#include "manifest/manifest.h"

/// objects.json: JSON Lines,
///   {"key":…,"source_key":…,"size":…,"etag":…,"digest_kind":…,"digest":…}
/// with empty texts left out. `key` is relative to the backup directory, which may be moved.
namespace mbk::manifest {
namespace {

/// Two keys of 1,024 bytes, the longest S3 allows, escaped six-fold, and the rest.
constexpr std::size_t kMaxLineBytes = 16 * 1024;

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Whether joining `key` to the backup directory stays below it: callers read and delete what it names.
bool StaysBelow(std::string_view key) {
  if (key.empty() || key.front() == '/' || key.find('\0') != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = key.find('/');
    const std::string_view element = key.substr(0, slash);
    if (element.empty() || element == "." || element == "..") return false;
    if (slash == std::string_view::npos) return true;
    key.remove_prefix(slash + 1);
  }
}

Status CheckRecord(ObjectRecord& record) {
  if (!StaysBelow(record.key))
    return DataLoss("key: expected the name of an object below the backup directory");
  if (record.digest.empty() != record.digest_kind.empty()) {
    return DataLoss("digest and digest_kind: expected both or neither");
  }
  if (!IsLowerHex(record.digest)) return DataLoss("digest: expected lower-case hexadecimal digits");
  return {};
}

json::Record<ObjectRecord> DescribeRecord() {
  json::Record<ObjectRecord> record;
  record.OnEnd(CheckRecord)
      .Add("key", &ObjectRecord::key)
      .Add("source_key", &ObjectRecord::source_key)
      .Add("size", &ObjectRecord::size, json::CountShape())
      .Add("etag", &ObjectRecord::etag)
      .Add("digest_kind", &ObjectRecord::digest_kind)
      .Add("digest", &ObjectRecord::digest);
  return record;
}

}  // namespace

std::string ObjectRecordLine(const ObjectRecord& record) {
  std::string line;
  const TextSink append = [&line](std::string_view piece) {
    line += piece;
    return Status();
  };
  JsonWriter json(append, JsonStyle::kCompact);
  json.BeginObject();
  json.Member("key", record.key);
  json.NonZero("source_key", record.source_key);
  json.Member("size", record.size);
  json.NonZero("etag", record.etag);
  json.NonZero("digest_kind", record.digest_kind);
  json.NonZero("digest", record.digest);
  json.EndObject();
  (void)json.Finish();  // appending to a string does not fail
  line += '\n';
  return line;
}

Result<ObjectRecord> ParseObjectRecord(std::string_view line) {
  static const json::Record<ObjectRecord> shape = DescribeRecord();
  if (line.size() > kMaxLineBytes) return DataLoss("a line of objects.json is longer than 16 KiB");
  ObjectRecord record;
  MBK_TRY(
      json::Read(line, kObjects, {.object = &record, .shape = &shape}).WithContext("a line of objects.json"));
  return record;
}

}  // namespace mbk::manifest
