#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ops/capture/capture.h"

namespace mbk::capture {

/// What tells one collection from another of the same name.
struct Identity {
  std::int64_t collection_id = 0;       ///< 0 of Milvus Lite
  std::uint64_t created_timestamp = 0;  ///< hybrid
  friend bool operator==(const Identity&, const Identity&) = default;
};
Identity IdentityOf(const Collection& collection);

/// What happened to a collection that is no longer the one it was: "was dropped …"; empty while it still is.
/// One request.
Result<std::string> WhatHappened(MilvusClient& client, const CollectionName& name, const Identity& known,
                                 const CallContext& context);

/// The error of a run that does not go on without the collection.
Status Vanished(const LeftOut& gone);

/// Runs `step` for the collections of `captured` at `indexes`, several at a time. When it fails, the server
/// is asked whether the collection is still the one that was described: if it is, that failure ends all; if
/// not, `captured.when_vanished` decides, and a collection that is left out is taken out of `captured`.
using CapturedStep = std::function<Status(Collection& collection, std::vector<std::string>& notes,
                                          const CallContext& context)>;
Status ForEachCaptured(MilvusClient& client, Captured& captured, const std::vector<std::size_t>& indexes,
                       const RunServices& run, const CallContext& context, const CapturedStep& step);
/// The same for all of them.
Status ForEachCaptured(MilvusClient& client, Captured& captured, const RunServices& run,
                       const CallContext& context, const CapturedStep& step);

}  // namespace mbk::capture
