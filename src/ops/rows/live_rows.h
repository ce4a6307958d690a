#pragma once

#include <memory>
#include <string>
#include <vector>

#include "milvus/client.h"
#include "ops/rows/row_source.h"

namespace mbk::rows {

struct LiveRowsOptions {
  /// Load a collection that is not loaded, and release it again at the end. One that somebody else is loading
  /// already is waited for, and stays.
  bool load = false;
  int readers = 4;  ///< key ranges read at a time
};

/// The rows of a live collection, read through Query in the order of their keys: partition by partition, or
/// all at once where a partition key says where a row lies. A pass begins with a count of strong consistency,
/// which waits until the server has what was written last; the pages behind it do not wait again.
class LiveRows : public RowSource {
 public:
  /// kNotFound when there is no such collection; kFailedPrecondition when it is not loaded, or cannot be.
  /// What had been loaded before an error is released again; where that fails, the error says so. `client`
  /// and `sleeper` outlive this.
  static Result<std::unique_ptr<LiveRows>> Open(MilvusClient& client, const CollectionName& collection,
                                                const LiveRowsOptions& options, Sleeper& sleeper,
                                                const CallContext& context);
  ~LiveRows() override;
  /// Release what was loaded for this; "" or what stays loaded, and why. Otherwise the destructor does it,
  /// and warns.
  std::string Close();
  LiveRows(const LiveRows&) = delete;
  LiveRows& operator=(const LiveRows&) = delete;

  const std::string& name() const override { return name_; }
  const CollectionSchema& schema() const override { return schema_; }
  bool may_change() const override { return true; }
  /// kFailedPrecondition when more rows come than there were at the beginning. One count more than the reads.
  Status ForEachBatch(const Visit& visit, const CallContext& context) override;

  /// One count for each key.
  Result<std::vector<bool>> FindRepeated(const std::vector<PlacedKey>& keys,
                                         const CallContext& context) override;

  /// After how many seconds its rows run out; 0: never.
  std::int64_t ttl_seconds() const { return ttl_seconds_; }
  /// What the server counts: rows that are not deleted, repeats of a key included. One RPC.
  Result<std::int64_t> Count(const CallContext& context);
  /// How many of them no query returns: those of the largest key (rows/largest_key.h), 0 on servers that
  /// return it. At most two RPCs.
  Result<std::int64_t> CountHidden(const CallContext& context);

 private:
  /// A range of keys of one partition.
  struct Piece {
    std::string partition;
    KeyRange range;
  };

  LiveRows(MilvusClient& client, CollectionName collection, CollectionDescription described,
           const LiveRowsOptions& options);
  Status MakeReadable(Sleeper& sleeper, const CallContext& context);
  Status ReadPiece(const Piece& piece, const Visit& take, const CallContext& context);

  MilvusClient& client_;
  const CollectionName collection_;
  const std::string name_;
  const CollectionSchema schema_;
  const std::int64_t ttl_seconds_;
  const LiveRowsOptions options_;
  std::vector<std::string> partitions_;  ///< that are asked one by one; one "" for all at once
  bool release_ = false;
};

}  // namespace mbk::rows
