#include "manifest/json_writer.h"
#include "manifest/manifest.h"
#include "manifest/model_json.h"

namespace mbk::manifest {
namespace {

void WriteCollectionBrief(JsonWriter& json, const Collection& collection) {
  json.BeginObject();
  json.NonZero("id", collection.task_id);
  json.NonZero("collection_id", collection.collection_id);
  json.NonZero("db_name", collection.db_name);
  json.NonZero("collection_name", collection.name);
  json.Key("schema");
  WriteSchema(json, collection.schema);
  json.NonZero("shards_num", collection.shards_num);
  json.NonZero("backup_timestamp", collection.backup_timestamp);
  json.Member("size", collection.size);
  json.Member("has_index", collection.has_index);
  WriteIndexes(json, collection.indexes);
  json.Member("load_state", LoadStateName(collection.load_state));
  json.NonZero("backup_physical_timestamp", collection.backup_physical_timestamp);
  WriteTextMap(json, "channel_checkpoints", collection.channel_checkpoints);
  WriteKeyValues(json, "properties", collection.properties);
  json.EndObject();
}

/// Without `ezk`: the Go tool prints that key, but a secret does not belong on a screen.
void WriteDatabaseBrief(JsonWriter& json, const Database& database) {
  json.BeginObject();
  json.NonZero("db_name", database.name);
  json.NonZero("db_id", database.id);
  WriteKeyValues(json, "properties", database.properties);
  json.EndObject();
}

}  // namespace

std::string BriefJson(const Backup& backup, std::int64_t meta_size) {
  std::string text;
  const TextSink append = [&text](std::string_view piece) {
    text += piece;
    return Status();
  };
  JsonWriter json(append, JsonStyle::kIndented);
  json.BeginObject();
  // The id and these two belong to a running task; `get` reads a finished backup and prints zeros.
  json.Member("state_code", 0);
  json.Member("progress", 0);
  json.NonZero("name", backup.name);
  json.NonZero("backup_timestamp", backup.backup_timestamp);
  WriteList(json, "collection_backups", backup.collections, WriteCollectionBrief);
  json.Member("size", backup.size);
  json.NonZero("milvus_version", backup.milvus_version);
  WriteRpcChannel(json, backup.rpc_channel);
  WriteList(json, "database_backups", backup.databases, WriteDatabaseBrief);
  json.Member("meta_size", meta_size);
  json.NonZero("format", backup.format);
  json.EndObject();
  (void)json.Finish();  // appending to a string does not fail
  return text;
}

}  // namespace mbk::manifest
