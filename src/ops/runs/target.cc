#include "ops/runs/target.h"

#include <utility>

#include "base/log.h"

namespace mbk::runs {

RecordedTarget RecordsOf(const MilvusTarget& target, MilvusSide* side) {
  return {.client = target.client,
          .side = side,
          .state_directory = target.state_directory,
          .reach = target.reach};
}

RecordPlaces PlacesOf(const RecordedTarget& target, const CallContext& context) {
  RecordPlaces found;
  if (target.side != nullptr)
    found.places.push_back(RecordsInStore(target.side->store, target.side->staging_root));
  Result<RecordDirectories> files =
      FindRecordDirectories(target.state_directory, target.client.address(), context);
  if (files.ok()) {
    for (std::unique_ptr<RecordPlace>& place : files->of_server) found.places.push_back(std::move(place));
    found.others = std::move(files->of_others);
  } else {
    found.unseen.push_back(files.status().message());
  }
  return found;
}

Result<std::unique_ptr<RunRecord>> BeginRecord(const std::string& verb, const RecordedTarget& target,
                                               const CallContext& context) {
  RunStart start{.verb = verb, .server = target.client.address()};
  if (target.side != nullptr) {
    start.root = target.side->root;
    Result<std::unique_ptr<RunRecord>> begun =
        RunRecord::Start(RecordsInStore(target.side->store, target.side->staging_root), start, context);
    // Whoever may write below one prefix only can still be helped by files of this host.
    if (begun.status().code() != Code::kPermissionDenied) return begun;
    log::Info("the record of this run goes to the state directory: {}", begun.status().message());
  }
  MBK_TRY_ASSIGN(std::unique_ptr<RecordPlace> files,
                 RecordsInDirectory(target.state_directory, target.client.address()));
  return RunRecord::Start(std::move(files), start, context);
}

}  // namespace mbk::runs
