#include "ops/identity.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/uuid.h"
#include "ops/load/swap.h"
#include "ops/load/temporary_name.h"

namespace mbk {
namespace {

// Also of a run that was stopped, which must be gone within five seconds.
constexpr std::chrono::seconds kRemovalTimeout{3};

// Who a collection is to its server, whatever it was asked for by: an alias answers for its collection.
struct Identity {
  std::int64_t id = 0;
  std::uint64_t created = 0;
  CollectionName name;
};

Result<Identity> Ask(MilvusClient& client, const CollectionName& name, const CallContext& context) {
  MBK_TRY_ASSIGN(const CollectionDescription described, client.DescribeCollection(name, context));
  return Identity{.id = described.collection_id,
                  .created = described.created_timestamp,
                  .name = {name.db.empty() ? "default" : name.db,
                           described.collection_name.empty() ? name.name : described.collection_name}};
}

Sameness Judge(const Identity& left, const Identity& right) {
  if (left.id != 0 && right.id != 0)
    return left.id == right.id && left.created == right.created ? Sameness::kSame : Sameness::kDifferent;
  return left.name == right.name ? Sameness::kUnknown : Sameness::kDifferent;
}

// A collection without rows, made to be looked for. It is dropped when this object goes, with a warning where
// that fails; by its name it is found after a kill, too.
class ProbeCollection {
 public:
  explicit ProbeCollection(MilvusClient& client)
      : client_(client), name_{"default", load::TemporaryName(load::NewRunId(), 1)} {}
  ProbeCollection(const ProbeCollection&) = delete;
  ProbeCollection& operator=(const ProbeCollection&) = delete;
  ~ProbeCollection() {
    if (!made_) return;
    Status dropped = load::DropById(client_, name_, 0, {.deadline = Deadline::After(kRemovalTimeout)});
    if (!dropped.ok())
      log::Warn("the empty collection {}, made to find out whether two servers are one, stays behind: {}",
                name_.Full(), dropped.message());
  }

  Status Make(const CallContext& context) {
    CollectionSchema schema{.name = name_.name};
    schema.fields.resize(2);
    schema.fields[0] = {.field_id = 100, .name = "id", .is_primary_key = true, .data_type = DataType::kInt64};
    schema.fields[1] = {.field_id = 101, .name = "v", .data_type = DataType::kFloatVector};
    schema.fields[1].type_params = {{"dim", "2"}};
    made_ = true;  // also when no answer comes
    return client_.CreateCollection({.target = name_, .schema = schema, .shards_num = 1}, context);
  }
  const CollectionName& name() const { return name_; }

 private:
  MilvusClient& client_;
  const CollectionName name_;
  bool made_ = false;
};

Status Refusal(const Identity& source, const MilvusClient& at, const CollectionName& changed,
               const MilvusClient& in) {
  return InvalidArgument(fmt::format(
      "{} of Milvus {} is itself what would be read, {} of Milvus {}{}: it would be dropped or written to; "
      "give it another name there (--suffix or --rename), or another server in the --to file; nothing was "
      "changed",
      changed.Full(), in.address(), source.name.Full(), at.address(),
      source.id != 0 ? fmt::format(" (both have the id {} and one time of creation)", source.id) : ""));
}

// An object without content, put to be looked for. It is removed when this object goes, with a warning where
// that fails.
class ProbeObject {
 public:
  ProbeObject(ObjectStore& store, ObjectKey key) : store_(store), key_(std::move(key)) {}
  ProbeObject(const ProbeObject&) = delete;
  ProbeObject& operator=(const ProbeObject&) = delete;
  ~ProbeObject() {
    const ObjectKey keys[] = {key_};
    Status removed = store_.Delete(keys, {.deadline = Deadline::After(kRemovalTimeout)});
    if (!removed.ok())
      log::Warn("the object {}, put to find out whether two places are one, stays behind: {}",
                store_.identity().Url(key_), removed.message());
  }
  Status Put(const CallContext& context) {
    return store_.Put({.key = key_, .body = "", .condition = PutCondition::kNone}, context).status();
  }

 private:
  ObjectStore& store_;
  const ObjectKey key_;
};

}  // namespace

Result<Sameness> CompareIdentity(MilvusClient& left, const CollectionName& left_name, MilvusClient& right,
                                 const CollectionName& right_name, const CallContext& context) {
  MBK_TRY_ASSIGN(const Identity here, Ask(left, left_name, context));
  MBK_TRY_ASSIGN(const Identity there, Ask(right, right_name, context));
  return Judge(here, there);
}

Result<bool> AreOneServer(MilvusClient& source, MilvusClient& target, const CallContext& context) {
  ProbeCollection probe(target);
  MBK_TRY(
      probe.Make(context).WithContext("a collection to find out whether source and target are one server"));
  return source.HasCollection(probe.name(), context);
}

Status RefuseToChangeSources(MilvusClient& source, const std::vector<CollectionName>& sources,
                             MilvusClient& target, const std::vector<CollectionName>& changed,
                             const CallContext& context) {
  std::vector<Identity> read;
  for (const CollectionName& name : sources) {
    MBK_TRY_ASSIGN(Identity identity, Ask(source, name, context));
    read.push_back(std::move(identity));
  }
  std::optional<bool> one_server;
  for (const CollectionName& name : changed) {
    MBK_TRY_ASSIGN(const bool there, target.HasCollection(name, context));
    if (!there) continue;
    MBK_TRY_ASSIGN(const Identity identity, Ask(target, name, context));
    for (const Identity& one : read) {
      const Sameness sameness = Judge(one, identity);
      if (sameness == Sameness::kUnknown && !one_server) {
        MBK_TRY_ASSIGN(one_server, AreOneServer(source, target, context));
      }
      if (sameness == Sameness::kSame || (sameness == Sameness::kUnknown && *one_server))
        return Refusal(one, source, name, target);
    }
  }
  return {};
}

Status RefuseSamePlace(BackupSide& source, const BackupLayout& from, BackupSide& target,
                       const BackupLayout& to, const CallContext& context) {
  if (from.name() != to.name()) return {};
  // Where the source's backup lies there is one: without it this is another place. What else is wrong with
  // the target, others say.
  if (!target.store.Head(to.Meta(kBackupMeta), context).ok()) return {};
  const std::string name = "milvus_backup_probe_" + NewUuid();
  ProbeObject probe(target.store, ObjectKey(JoinKey(target.root, name)));
  if (!probe.Put(context).ok()) return context.Check();
  const Result<ObjectInfo> seen = source.store.Head(ObjectKey(JoinKey(source.root, name)), context);
  if (seen.status().code() == Code::kNotFound) return {};
  MBK_TRY(seen.status());
  return InvalidArgument(
      fmt::format("{} and {} are the same place: backup {} would be copied onto itself; nothing "
                  "was changed. Give the copy another name (--as) or another root",
                  source.store.identity().Url(ObjectKey(from.prefix())),
                  target.store.identity().Url(ObjectKey(to.prefix())), from.name()));
}

}  // namespace mbk
