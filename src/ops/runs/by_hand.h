#pragma once

#include <string>
#include <string_view>

#include "milvus/client.h"

/// What a person can do where nothing proves that it is ours to do.
namespace mbk::runs {

/// A call of pymilvus in its own database, e.g. `with pymilvus: MilvusClient(…,
/// db_name="db1").drop_collection("x")`; "…" stands for the address and the credentials.
std::string DropByHand(const CollectionName& name);
std::string RenameByHand(const CollectionName& from, std::string_view to);

}  // namespace mbk::runs
