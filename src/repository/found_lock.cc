#include "repository/found_lock.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"

namespace mbk {
namespace {

constexpr std::int64_t kMaxLockBytes = 64 << 10;
constexpr Milliseconds kLook{10'000};
// A clock that is a little ahead of ours.
constexpr std::int64_t kSkewSeconds = 60;

}  // namespace

std::string FoundLock::Describe() const {
  return owner ? owner->Describe() : fmt::format("a lock that cannot be read, {}", key.str());
}

Result<FoundLock> ReadFoundLock(ObjectReader& store, const ObjectKey& key, const CallContext& context) {
  FoundLock lock{.key = key};
  auto append = [&](std::string_view bytes) -> Status {
    if (static_cast<std::int64_t>(lock.content.size() + bytes.size()) > kMaxLockBytes)
      return DataLoss(fmt::format("read {}: too large for a lock", store.identity().Url(key)));
    lock.content.append(bytes);
    return {};
  };
  MBK_TRY_ASSIGN(ObjectInfo info, store.Get({.key = key}, append, context));
  lock.etag = std::move(info.etag);
  lock.last_modified_ms = info.last_modified_ms;
  if (Result<LockOwner> owner = LockFromJson(lock.content); owner.ok()) lock.owner = *std::move(owner);
  return lock;
}

Result<std::vector<FoundLock>> FindLocks(ObjectReader& store, const BackupLayout& layout,
                                         const CallContext& context) {
  std::vector<FoundLock> found;
  MBK_TRY(ForEachObject(store, layout.LockPrefix(), context, [&](const ObjectInfo& object) -> Status {
    if (!layout.IsLock(object.key) || !object.key.str().ends_with(".json")) return {};
    Result<FoundLock> lock = ReadFoundLock(store, object.key, context);
    if (lock.status().code() == Code::kNotFound) return {};  // released since it was listed
    MBK_TRY(lock.status());
    found.push_back(*std::move(lock));
    return {};
  }));
  return found;
}

LockState JudgeLock(const FoundLock& lock, const ProcessIdentity& here, std::int64_t now_s) {
  if (!lock.owner) return LockState::kDoubtful;
  if (StateOf(lock.owner->process, here) == ProcessState::kGone) return LockState::kDead;
  const std::int64_t age_s = now_s - lock.owner->heartbeat_s;
  const bool recent = age_s >= -kSkewSeconds && age_s * 1'000 <= kLockLease.count();
  return recent ? LockState::kLive : LockState::kDoubtful;
}

Result<bool> StaysSilent(ObjectReader& store, const FoundLock& lock, Milliseconds duration, LockClock& clock,
                         const CallContext& context) {
  Milliseconds watched{0};
  while (watched < duration) {
    const Milliseconds pause = std::min(kLook, duration - watched);
    const Milliseconds began = clock.Awake();
    MBK_TRY(clock.Sleep(pause, context));
    Result<FoundLock> now = ReadFoundLock(store, lock.key, context);
    if (now.status().code() == Code::kNotFound) return false;
    MBK_TRY(now.status());
    if (!now->SameAs(lock)) return false;
    // More than was asked for: we were suspended, and perhaps the other run with us.
    watched += std::min(clock.Awake() - began, 2 * pause);
  }
  return true;
}

void SayThatLockIsWatched(const BackupLayout& layout, const FoundLock& lock, Milliseconds duration) {
  log::Warn(
      "backup \"{}\" has a lock that was not renewed for a while: {}; waiting {} s to see whether its run is "
      "over",
      layout.name(), lock.Describe(), duration.count() / 1'000);
}

Status LockedBy(const BackupLayout& layout, const FoundLock& lock) {
  return {Code::kLocked, fmt::format("backup \"{}\" is locked by another run: {}; wait for it to end",
                                     layout.name(), lock.Describe())};
}

}  // namespace mbk
