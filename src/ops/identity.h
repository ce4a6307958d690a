#pragma once

#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "milvus/client.h"
#include "ops/environment.h"

/// Whether two sides are one. Asked of the servers and stores themselves: one of them may be reached by many
/// addresses, and two may stand behind one.
namespace mbk {

/// What the answers about two collections say of whether they are one.
enum class Sameness {
  kDifferent,
  kSame,     ///< one id and one time of creation: the same, or one server was made from the other's volumes
  kUnknown,  ///< of one name, on servers that give no ids (Milvus Lite)
};

/// Two requests. kNotFound when one of them is not there.
Result<Sameness> CompareIdentity(MilvusClient& left, const CollectionName& left_name, MilvusClient& right,
                                 const CollectionName& right_name, const CallContext& context);

/// Whether two clients reach one server, where collections have no ids (Milvus Lite): a collection with a
/// random name is made in `target`, looked for in `source` and removed.
Result<bool> AreOneServer(MilvusClient& source, MilvusClient& target, const CallContext& context);

/// kInvalidArgument when one of `changed`, which are to be dropped or written to in `target`, is one of
/// `sources`, or may be one: rows that are to be read would be destroyed. Those that are not there are of no
/// matter. Changes nothing, but on Milvus Lite: there a collection with a random name is made in `target`,
/// looked for in `source` and removed. About as many requests as there are collections.
Status RefuseToChangeSources(MilvusClient& source, const std::vector<CollectionName>& sources,
                             MilvusClient& target, const std::vector<CollectionName>& changed,
                             const CallContext& context);

/// kInvalidArgument when `to` of one store is the very backup `from` of the other, by whatever name either
/// store is reached: an object with a random name is put beside the one, looked for beside the other, and
/// removed. One request when there is no backup at `to`.
Status RefuseSamePlace(BackupSide& source, const BackupLayout& from, BackupSide& target,
                       const BackupLayout& to, const CallContext& context);

}  // namespace mbk
