#include "repository/lock_owner.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

namespace mbk {
namespace {

// What a lock may say: a second that a calendar can show (9999-12-31), a process that Linux can have (2^22),
// and no number that arithmetic could overflow with.
constexpr std::int64_t kLastSecond = 253'402'300'799;
constexpr std::int64_t kLastPid = 1 << 22;
constexpr std::int64_t kLargest = std::int64_t{1} << 53;

std::string RandomId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

Result<std::int64_t> NumberUpTo(std::int64_t last, const nlohmann::json& number, const char* key) {
  if (number.is_number_integer() && number >= 0 && number <= last) return number.get<std::int64_t>();
  return DataLoss(fmt::format("the lock object is not readable: {} is not a number from 0 to {}", key, last));
}

Result<std::int64_t> NumberIfThere(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return std::int64_t{0};
  return NumberUpTo(kLargest, *found, key);
}

}  // namespace

std::string LockOwner::Describe() const {
  return fmt::format("{} on host {}, pid {}, since {:%Y-%m-%d %H:%M:%S} UTC", verb, process.host, process.pid,
                     fmt::gmtime(static_cast<std::time_t>(started_s)));
}

std::string LockToJson(const LockOwner& owner) {
  return nlohmann::json{{"id", owner.id},
                        {"verb", owner.verb},
                        {"host", owner.process.host},
                        {"boot_id", owner.process.boot_id},
                        {"pid_namespace", owner.process.pid_namespace},
                        {"pid", owner.process.pid},
                        {"start_ticks", owner.process.start_ticks},
                        {"started_s", owner.started_s},
                        {"heartbeat_s", owner.heartbeat_s},
                        {"beat", owner.beat},
                        {"holds", owner.holds},
                        {"replaces", owner.replaces}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<LockOwner> LockFromJson(std::string_view text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    LockOwner owner{.id = json.at("id"),
                    .verb = json.at("verb"),
                    .process = {.host = json.at("host"),
                                .boot_id = json.at("boot_id"),
                                .pid_namespace = json.value("pid_namespace", "")},
                    .holds = json.value("holds", true),
                    .replaces = json.value("replaces", std::vector<std::string>())};
    MBK_TRY_ASSIGN(owner.process.pid, NumberUpTo(kLastPid, json.at("pid"), "pid"));
    MBK_TRY_ASSIGN(owner.started_s, NumberUpTo(kLastSecond, json.at("started_s"), "started_s"));
    MBK_TRY_ASSIGN(owner.heartbeat_s, NumberUpTo(kLastSecond, json.at("heartbeat_s"), "heartbeat_s"));
    MBK_TRY_ASSIGN(owner.process.start_ticks, NumberIfThere(json, "start_ticks"));
    MBK_TRY_ASSIGN(owner.beat, NumberIfThere(json, "beat"));
    return owner;
  } catch (const nlohmann::json::exception& error) {
    return DataLoss(fmt::format("the lock object is not readable: {}", error.what()));
  }
}

LockOwner ThisProcess(std::string_view verb, std::int64_t now_s) {
  return {.id = RandomId(),
          .verb = std::string(verb),
          .process = ThisProcessIdentity(),
          .started_s = now_s,
          .heartbeat_s = now_s};
}

LockOwner ThisProcess(std::string_view verb) {
  return ThisProcess(verb, std::chrono::duration_cast<std::chrono::seconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count());
}

}  // namespace mbk
