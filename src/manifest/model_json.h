#pragma once

#include "manifest/json_writer.h"
#include "model/backup.h"

/// The parts of the model that both the meta files and the brief form of a backup write. Each function
/// writes one value, keys in the order of the Go tool's structs, keys of ours behind them.
namespace mbk::manifest {

void WriteKeyValues(JsonWriter& json, std::string_view key, const KeyValues& pairs);  ///< left out when empty
void WriteTexts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts);  ///< same
void WriteIds(JsonWriter& json, std::string_view key, const std::vector<std::int64_t>& ids);     ///< same
void WriteTextMap(JsonWriter& json, std::string_view key,
                  const std::map<std::string, std::string>& map);  ///< same

void WriteSchema(JsonWriter& json, const CollectionSchema& schema);
void WriteIndexes(JsonWriter& json,
                  const std::vector<IndexInfo>& indexes);  ///< with key; left out when empty
void WriteRpcChannel(JsonWriter& json, const std::optional<RpcChannelInfo>& channel);  ///< with key, if any

/// With key; left out when empty.
template <class T, class WriteOne>
void WriteList(JsonWriter& json, std::string_view key, const std::vector<T>& items, WriteOne write_one) {
  if (items.empty()) return;
  json.Key(key);
  json.BeginArray();
  for (const T& item : items) write_one(json, item);
  json.EndArray();
}

}  // namespace mbk::manifest
