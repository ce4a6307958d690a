#include "ops/load/row_gatherer.h"

#include <algorithm>
#include <utility>

#include "milvus/row_size.h"

namespace mbk::load {

std::optional<RowMessage> RowGatherer::Add(const std::string& partition, const RowBatch& batch) {
  const std::int64_t bytes = EncodedSize(batch);
  std::scoped_lock lock(mutex_);
  const auto found = gathered_.try_emplace(partition).first;
  Gathered& gathered = found->second;
  if (gathered.columns.empty())
    for (const Column& column : batch.columns) gathered.columns.emplace_back(column);
  for (std::size_t i = 0; i < batch.columns.size(); ++i)
    for (std::int64_t row = 0; row < batch.rows; ++row) gathered.columns[i].AppendFrom(batch.columns[i], row);
  gathered.rows += batch.rows;
  gathered.bytes += bytes;
  held_bytes_ += bytes;
  if (gathered.bytes >= limits_.message_bytes || gathered.rows >= limits_.message_rows) return Take(found);
  if (held_bytes_ <= limits_.held_bytes) return std::nullopt;
  return Take(std::max_element(gathered_.begin(), gathered_.end(),
                               [](const auto& a, const auto& b) { return a.second.bytes < b.second.bytes; }));
}

std::vector<RowMessage> RowGatherer::TakeAll() {
  std::scoped_lock lock(mutex_);
  std::vector<RowMessage> messages;
  while (!gathered_.empty()) messages.push_back(Take(gathered_.begin()));
  return messages;
}

RowMessage RowGatherer::Take(Map::iterator gathered) {
  RowMessage message{.partition = gathered->first, .rows = {.rows = gathered->second.rows}};
  for (ColumnBuilder& column : gathered->second.columns) message.rows.columns.push_back(column.Finish());
  held_bytes_ -= gathered->second.bytes;
  gathered_.erase(gathered);
  return message;
}

}  // namespace mbk::load
