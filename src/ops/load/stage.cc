#include "ops/load/stage.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "repository/tree_check.h"
#include "transfer/copier.h"

namespace mbk::load {

Status Stage(MilvusSide& server, const ObjectSource& source, const Collection& collection,
             const BinlogTree& staging, const RunServices& run, const CallContext& context) {
  std::vector<Collection> one{collection};
  const ObjectIndex index(one);
  ObjectCopier copier(source.store, server.store, run.settings.copy);
  std::size_t at = 0;
  auto next = [&]() -> Result<std::optional<CopyTask>> {
    if (at == index.size()) return std::optional<CopyTask>();
    const DataObject object = index.at(at++);
    return std::optional(CopyTask{source.key_of(object), object.KeyIn(staging), object.log->size});
  };
  MBK_TRY(copier.CopyAll(next, run.progress, context,
                         [](const CopyTask&, const CopyResult&) { return Status(); }));
  return CheckCollection(server.store, staging, collection.collection_id, index, context).status();
}

Status RemoveStaging(ObjectStore& store, const BinlogTree& staging, const CallContext& context) {
  for (;;) {
    MBK_TRY_ASSIGN(ListPage page, store.List({.prefix = staging.prefix()}, context));
    if (page.objects.empty()) return {};
    std::vector<ObjectKey> keys;
    for (ObjectInfo& object : page.objects) keys.push_back(std::move(object.key));
    MBK_TRY(store.Delete(keys, context));
  }
}

}  // namespace mbk::load
