#include "repository/lock.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "base/log.h"

namespace mbk {
namespace {

constexpr std::chrono::seconds kHeartbeat{30};
// Ten missed heartbeats: a machine that sleeps or a store that is away for minutes does not lose its lock.
constexpr std::chrono::seconds kLockLease{300};
constexpr std::int64_t kMaxLockBytes = 64 << 10;
// On the way out of a run that may have been told to stop within five seconds.
constexpr std::chrono::seconds kReleaseTimeout{2};
// What a lock may say: a second that a calendar can show (9999-12-31), a process that Linux can have (2^22).
constexpr std::int64_t kLastSecond = 253'402'300'799;
constexpr std::int64_t kLastPid = 1 << 22;

std::int64_t NowSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

// Tells apart two boots of one machine, so that a reused pid is not taken for the old process.
std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

std::string RandomId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

Result<std::int64_t> NumberUpTo(std::int64_t last, const nlohmann::json& json, const char* key) {
  const nlohmann::json& number = json.at(key);
  if (number.is_number_integer() && number >= 0 && number <= last) return number.get<std::int64_t>();
  return DataLoss(fmt::format("the lock object is not readable: {} is not a number from 0 to {}", key, last));
}

Status RemoveLock(ObjectStore& store, const ObjectKey& key) {
  const ObjectKey keys[] = {key};
  return store.Delete(keys, CallContext{.deadline = Deadline::After(kReleaseTimeout)});
}

Status HeldByOther(const BackupLayout& layout, const LockOwner& owner) {
  return {Code::kLocked, fmt::format("backup \"{}\" is locked by another run: {}; wait for it to end",
                                     layout.name(), owner.Describe())};
}

}  // namespace

std::string LockOwner::Describe() const {
  return fmt::format("{} on host {}, pid {}, since {:%Y-%m-%d %H:%M:%S} UTC", verb, host, pid,
                     fmt::gmtime(static_cast<std::time_t>(started_s)));
}

std::string LockToJson(const LockOwner& owner) {
  return nlohmann::json{{"id", owner.id},
                        {"verb", owner.verb},
                        {"host", owner.host},
                        {"boot_id", owner.boot_id},
                        {"pid", owner.pid},
                        {"started_s", owner.started_s},
                        {"heartbeat_s", owner.heartbeat_s}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<LockOwner> LockFromJson(std::string_view text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    LockOwner owner{
        .id = json.at("id"), .verb = json.at("verb"), .host = json.at("host"), .boot_id = json.at("boot_id")};
    MBK_TRY_ASSIGN(owner.pid, NumberUpTo(kLastPid, json, "pid"));
    MBK_TRY_ASSIGN(owner.started_s, NumberUpTo(kLastSecond, json, "started_s"));
    MBK_TRY_ASSIGN(owner.heartbeat_s, NumberUpTo(kLastSecond, json, "heartbeat_s"));
    return owner;
  } catch (const nlohmann::json::exception& error) {
    return DataLoss(fmt::format("the lock object is not readable: {}", error.what()));
  }
}

LockOwner ThisProcess(std::string_view verb) {
  const std::int64_t now = NowSeconds();
  return {.id = RandomId(),
          .verb = std::string(verb),
          .host = HostName(),
          .boot_id = BootId(),
          .pid = ::getpid(),
          .started_s = now,
          .heartbeat_s = now};
}

bool IsStale(const LockOwner& owner, const LockOwner& here) {
  const bool same_boot = owner.host == here.host && owner.boot_id == here.boot_id && !owner.boot_id.empty();
  if (same_boot && owner.pid > 0 && ::kill(static_cast<pid_t>(owner.pid), 0) != 0 && errno == ESRCH)
    return true;
  return here.heartbeat_s - owner.heartbeat_s > kLockLease.count();
}

Result<LockOwner> ReadLock(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  MBK_TRY_ASSIGN(std::string json, ReadObject(store, layout.Meta(kLock), kMaxLockBytes, context));
  return LockFromJson(json);
}

Result<std::unique_ptr<BackupLock>> BackupLock::Acquire(ObjectStore& store, const BackupLayout& layout,
                                                        std::string_view verb, const CallContext& context) {
  LockOwner owner = ThisProcess(verb);
  const ObjectKey key = layout.Meta(kLock);
  const PutCondition condition =
      store.capabilities().conditional_put ? PutCondition::kIfAbsent : PutCondition::kNone;
  Result<LockOwner> holder = ReadLock(store, layout, context);
  if (holder.ok() && !IsStale(*holder, owner)) return HeldByOther(layout, *holder);
  if (!holder.ok() && holder.status().code() != Code::kNotFound &&
      holder.status().code() != Code::kDataLoss) {
    return holder.status();
  }
  if (holder.status().code() != Code::kNotFound) {  // stale or unreadable: nobody is behind it
    const ObjectKey keys[] = {key};
    MBK_TRY(store.Delete(keys, context));
  }
  Result<WriteResult> written =
      store.Put({.key = key, .body = LockToJson(owner), .condition = condition}, context);
  // Between the look and the put another run may have been quicker; the put knows, or a second look does.
  if (!written.ok() && written.status().code() != Code::kAlreadyExists) return written.status();
  Result<LockOwner> now = ReadLock(store, layout, context);
  if (!now.ok()) {
    const bool ours = written.ok() && condition == PutCondition::kIfAbsent;
    Status removed = ours ? RemoveLock(store, key) : Status();
    if (!removed.ok())
      log::Warn("a lock stays behind and expires in {} s: {}", kLockLease.count(), removed.message());
    return now.status();
  }
  if (now->id != owner.id) return HeldByOther(layout, *now);
  return std::unique_ptr<BackupLock>(new BackupLock(store, key, std::move(owner)));
}

BackupLock::BackupLock(ObjectStore& store, ObjectKey key, LockOwner owner)
    : store_(store),
      key_(std::move(key)),
      owner_(std::move(owner)),
      renewer_([this](const std::stop_token& stop) { Renew(stop); }) {}

BackupLock::~BackupLock() {
  if (!held_) return;
  Status released = Release({.deadline = Deadline::After(kReleaseTimeout)});
  if (!released.ok())
    log::Warn("the lock stays behind and expires in {} s: {}", kLockLease.count(), released.message());
}

void BackupLock::Renew(const std::stop_token& stop) {
  const CallContext context{.stop = stop};
  while (RealSleeper().Sleep(kHeartbeat, context).ok()) {
    owner_.heartbeat_s = NowSeconds();
    Status renewed = store_.Put({.key = key_, .body = LockToJson(owner_)}, context).status();
    if (!renewed.ok() && !stop.stop_requested()) log::Warn("could not renew the lock: {}", renewed.message());
  }
}

Status BackupLock::Release(const CallContext& context) {
  renewer_.request_stop();
  if (renewer_.joinable()) renewer_.join();
  held_ = false;
  const ObjectKey keys[] = {key_};
  return store_.Delete(keys, context);
}

}  // namespace mbk
