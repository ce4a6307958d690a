#pragma once

#include "base/call_context.h"
#include "base/status.h"
#include "ops/load/load.h"

/// What is held against the source before a collection takes its name.
namespace mbk::load {

/// Hold what the server says that it stores against what the jobs brought: it counts a little late, so it is
/// asked for up to ten seconds. Fewer are right only where deletes of L0 explain them, which is counted as in
/// CheckImportedRows, or where rows run out (a warning; none at all replace no collection). Else kDataLoss. A
/// server that does not tell this user, or cannot, is noted in the outcome. Nothing is asked where rows were
/// added to others.
Status CheckStoredRows(MilvusClient& client, const ObjectSource& source, const CollectionPlan& plan,
                       Outcome& outcome, Sleeper& sleeper, const CallContext& context);

/// Where deletes are applied during the import, and no record says how many they hit: count in the files of
/// the source how many rows they leave, and hold what the jobs brought against it, also where that is all of
/// them. A directory that Milvus does not see is imported as one without rows, or without deletes, and the
/// job succeeds. kDataLoss when they brought other rows, or the files hold others than the metadata promise;
/// where the files cannot be decoded, kFailedPrecondition when they brought none, else that is noted. Decodes
/// keys, timestamps and deletes.
Status CheckImportedRows(const ObjectSource& source, const CollectionPlan& plan, Outcome& outcome,
                         const CallContext& context);

/// Compare the rows of the collection, as it is built, with those of its source, by fingerprints: kDataLoss
/// with the first keys that differ. Loads it, and releases it again unless it was loaded. Where rows cannot
/// be read the outcome says `unproven` besides, and the error says why.
Status VerifyRows(MilvusClient& client, const ObjectSource& source, const CollectionPlan& plan,
                  Outcome& outcome, const RunServices& run, const CallContext& context);

/// Wait until the server has built the indexes of a collection that is to take the place of another, which
/// has its own. kFailedPrecondition when it cannot, when nothing has moved for 30 minutes, or when it names
/// fewer than were made. A server that does not tell this user is noted in the outcome.
Status WaitUntilIndexed(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome, Sleeper& sleeper,
                        const CallContext& context);

/// Name the indexes that the server calls finished, or failed, though rows are not in them, as warnings,
/// where `source` can tell with the command for another type; it is given five minutes to begin. Those that
/// it goes on building are noted.
Status CheckIndexes(MilvusClient& client, const ObjectSource& source, const CollectionPlan& plan,
                    Outcome& outcome, Sleeper& sleeper, const CallContext& context);

}  // namespace mbk::load
