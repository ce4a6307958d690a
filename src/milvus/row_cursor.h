#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/client.h"
#include "milvus/key_expression.h"
#include "model/rows.h"
#include "model/schema.h"

/// Reads the rows of a loaded collection in the order of their keys, page by page. What is behind it was
/// measured: milvus/README.md, "Reading all rows".
namespace mbk {

struct RowCursorOptions {
  CollectionName collection;
  CollectionSchema schema;                 ///< whose ids the columns bear
  std::vector<std::string> output_fields;  ///< names; empty: all that can be read, the dynamic field too
  std::string partition_name;              ///< "": the whole collection
  KeyRange range;
  std::int64_t page_rows = kMaxQueryRows;  ///< at most, in one page
  std::int64_t page_bytes = 8 << 20;       ///< about, in one page
  bool newest = true;                      ///< as QueryRowsRequest has it
};

/// The names of the fields that a query can return: all but the outputs of functions, which Milvus keeps to
/// itself, and the dynamic field when there is one.
std::vector<std::string> ReadableFields(const CollectionSchema& schema);

/// Not thread-safe; cursors of several ranges may run side by side on one client. What is written meanwhile
/// may or may not be seen.
class RowCursor {
 public:
  /// `client` is not owned. kInvalidArgument for a key that is neither Int64 nor VarChar.
  static Result<RowCursor> Open(MilvusClient& client, RowCursorOptions options);

  /// The next rows, of larger keys than all before and never none; nullopt behind the last. A key that was
  /// inserted more than once comes once, with the values of one of the times: of which is the server's
  /// choice, and 2.3.5 mostly chooses the first. On Milvus 2.3 the row of key 9223372036854775807 does not
  /// come: the server returns it to no query. One RPC, and more when the server refuses a page for its size;
  /// a row that is too large alone is kFailedPrecondition.
  Result<std::optional<RowBatch>> Next(const CallContext& context);

 private:
  RowCursor(MilvusClient& client, RowCursorOptions options, KeyField key);

  Result<RowBatch> Ask(const CallContext& context);
  /// Whether the page is in order and goes on where the last one ended; moves there.
  Status Advance(const RowBatch& page);
  void AdaptPage(const RowBatch& page);

  MilvusClient* client_;
  RowCursorOptions options_;
  KeyField key_;
  std::int64_t limit_ = 0;
  bool ended_ = false;
};

/// The rows of `options.range` in one page, which are `counted` by the server. Nothing when a page does not
/// take them, or when other than so many came (a key that stands twice is counted twice and comes once): then
/// a cursor reads them. At most one RPC.
Result<std::optional<RowBatch>> ReadAtOnce(MilvusClient& client, const RowCursorOptions& options,
                                           std::int64_t counted, const CallContext& context);

/// `range` in at most `parts` pieces, in order, that hold about equally many rows; fewer where keys or rows
/// are few. Found by counting: 10 to 20 queries a piece (on 50,000 rows some 4 ms each), none when `parts`
/// is 1. Not exact while the collection changes, but complete and without overlap.
Result<std::vector<KeyRange>> SplitKeys(MilvusClient& client, const CollectionName& collection,
                                        const CollectionSchema& schema, const std::string& partition_name,
                                        const KeyRange& range, int parts, const CallContext& context);

}  // namespace mbk
