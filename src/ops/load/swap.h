#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/client.h"
#include "ops/runs/record.h"

/// A collection that was built under a temporary name takes the name it is to have, and the one that had it
/// goes: only after that. What names mean is asked of the server each time, and ids decide; a call whose
/// answer got lost is not believed to have failed. See docs/adr/0022-a-collection-takes-its-name-last.md.
///
/// In all that follows `collection` is what a run records of one collection. Its ids must be known. Where the
/// server has none (Milvus Lite says 0 of every collection) temporary names, which are random, are all that
/// tells what is this run's.
namespace mbk::load {

using runs::RecordedCollection;

/// What stands under a name.
struct Standing {
  std::string name;                  ///< its own name: another than was asked for when that is an alias
  std::int64_t collection_id = 0;    ///< 0 of Milvus Lite
  std::uint64_t created = 0;         ///< hybrid
  std::vector<std::string> aliases;  ///< all of them

  bool IsAlias(const CollectionName& asked) const { return name != asked.name; }
};

/// One RPC. nullopt: neither a collection nor an alias has the name. An error is never "nothing is there".
Result<std::optional<Standing>> StandingUnder(MilvusClient& client, const CollectionName& name,
                                              const CallContext& context);

/// How far the exchange of an old collection for a new one has come.
enum class ExchangeState {
  kNotBegun,   ///< the old one has the name (or, without an old one, nothing), the new one its temporary name
  kBetween,    ///< the old one is aside, nothing has the name
  kExchanged,  ///< the new one has the name, the old one is still aside
  kDone,       ///< the new one has the name, the old one is gone (or there was none)
  kGivenUp,    ///< the old one has the name (or nothing has), the new one is gone
  kForeign,    ///< the names or ids are none of this run's: somebody else was here
};
/// What names and ids say now. At most three RPCs; changes nothing.
Result<ExchangeState> StateOf(MilvusClient& client, const RecordedCollection& collection,
                              const CallContext& context);

/// Rename the collection `id` from `from` to `to`, where nothing stands. An error means that it has its old
/// name still, unless the server could not be asked. kFailedPrecondition when `from` is not the name of `id`,
/// or something has `to`. Three RPCs and the rename.
Status RenameById(MilvusClient& client, const CollectionName& from, const std::string& to, std::int64_t id,
                  const CallContext& context);

/// The new collection takes its name. With an old one (`aside`): that goes aside, its aliases move to the new
/// one. Between the two renames no stop is obeyed, and an error puts the old one back under its name with its
/// aliases; whether that worked ConfirmUndone says. After success the old one stands aside, whole, without
/// aliases. `collection` is proved; its record is written already.
Status TakeName(MilvusClient& client, const RecordedCollection& collection, const CallContext& context);

/// Behind a TakeName that failed with `why`: ok when all is as it was before, with all aliases, and nothing
/// of it is still to come; what is not back yet is tried once more. Only then the new one may be dropped. An
/// error: nobody knows for sure, or it is not so, and all of it is to stay.
Status ConfirmUndone(MilvusClient& client, const RecordedCollection& collection, const Status& why,
                     const CallContext& context);

/// Undo TakeName, from whatever state: the old one gets back its name and its aliases, the new one its
/// temporary name. The aliases also where it has its name already. ok also when there is nothing to undo.
/// kFailedPrecondition when somebody else has the name by now.
Status GiveNameBack(MilvusClient& client, const RecordedCollection& collection, const CallContext& context);

/// Finish an exchange that came as far as kExchanged: what aliases the old one still has move, then it is
/// dropped. It is not, and that is an error, unless the new one has the name and the old one its name aside,
/// by their ids.
Status DropOld(MilvusClient& client, const RecordedCollection& collection, const CallContext& context);

/// Give `collection` an alias. One that nothing stands behind any more (Milvus 2.3 keeps the aliases of what
/// is dropped) is taken over; one of another collection stays there: kAlreadyExists.
Status GiveAlias(MilvusClient& client, const CollectionName& collection, const std::string& alias,
                 const CallContext& context);

/// Drop the collection `id` under `name`. ok when nothing has the name. kFailedPrecondition, and nothing is
/// dropped, when an alias or a collection of another id has it. With the id 0, not known, only a temporary
/// name is dropped: no other has a random one; and when nothing has it yet, what is still being made under
/// it. Each call is sent once: one that went unanswered is made again, six times at most, when it is known to
/// be over and that same collection still stands. An error that MayBeCarriedOut: whether it is gone, or goes
/// still, is not known.
Status DropById(MilvusClient& client, const CollectionName& name, std::int64_t id,
                const CallContext& context);

/// Behind a drop that failed with `why`: what has the name, now that nothing of it is still to come. An
/// error: nobody knows.
Result<std::optional<Standing>> StandingBehindDrop(MilvusClient& client, const CollectionName& name,
                                                   const Status& why, const CallContext& context);

}  // namespace mbk::load
