#pragma once

#include <memory>
#include <string>
#include <vector>

#include "milvus/client.h"
#include "ops/rows/row_source.h"

namespace mbk::rows {

struct LiveRowsOptions {
  /// Load a collection that is not loaded, and release it again at the end.
  bool load = false;
  int readers = 4;  ///< key ranges read at a time
};

/// The rows of a live collection, read through Query in the order of their keys, with strong consistency:
/// partition by partition, or all at once where a partition key says where a row lies.
class LiveRows : public RowSource {
 public:
  /// kNotFound when there is no such collection; kFailedPrecondition when it is not loaded. `client` and
  /// `sleeper` outlive this.
  static Result<std::unique_ptr<LiveRows>> Open(MilvusClient& client, const CollectionName& collection,
                                                const LiveRowsOptions& options, Sleeper& sleeper,
                                                const CallContext& context);
  ~LiveRows() override;
  LiveRows(const LiveRows&) = delete;
  LiveRows& operator=(const LiveRows&) = delete;

  const std::string& name() const override { return name_; }
  const CollectionSchema& schema() const override { return schema_; }
  bool may_change() const override { return true; }
  /// kFailedPrecondition when more rows come than there were at the beginning. One count more than the reads.
  Status ForEachBatch(const Visit& visit, const CallContext& context) override;

  /// What the server counts: rows that are not deleted, repeats of a key included. One RPC.
  Result<std::int64_t> Count(const CallContext& context);
  /// How many of them no query returns: those of the largest key (rows/largest_key.h), 0 on servers that
  /// return it. At most two RPCs.
  Result<std::int64_t> CountHidden(const CallContext& context);

 private:
  LiveRows(MilvusClient& client, CollectionName collection, CollectionSchema schema,
           const LiveRowsOptions& options);
  Status Load(Sleeper& sleeper, const CallContext& context);

  MilvusClient& client_;
  const CollectionName collection_;
  const std::string name_;
  const CollectionSchema schema_;
  const LiveRowsOptions options_;
  std::vector<std::string> partitions_;  ///< that are asked one by one; one "" for all at once
  bool release_ = false;
};

}  // namespace mbk::rows
