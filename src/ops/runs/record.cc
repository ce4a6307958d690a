#include "ops/runs/record.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "manifest/keys.h"

namespace mbk::runs {
namespace {

using nlohmann::json;

constexpr std::int64_t kVersion = 1;
// A second that a calendar can show (9999-12-31), a process that Linux can have (2^22).
constexpr std::int64_t kLastSecond = 253'402'300'799;
constexpr std::int64_t kLastPid = 1 << 22;
// One that no run reaches, so that it can be counted up.
constexpr std::int64_t kLastHeartbeat = std::int64_t{1} << 53;
constexpr std::int64_t kAnyNumber = std::numeric_limits<std::int64_t>::max();

json ToJsonValue(const RecordedCollection& collection) {
  return {{"db", collection.target.db},
          {"name", collection.target.name},
          {"temporary", collection.temporary},
          {"collection_id", collection.collection_id},
          {"aside", collection.aside},
          {"old_id", collection.old_id},
          {"old_aliases", collection.old_aliases},
          {"drop_first", collection.drop_first},
          {"created", collection.created},
          {"filled", collection.filled},
          {"proved", collection.proved},
          {"done", collection.done}};
}

Status NotReadable(const std::string& why) {
  return DataLoss(fmt::format("the record of a run is not readable: {}", why));
}

Result<std::int64_t> NumberUpTo(std::int64_t last, const json& object, const char* key) {
  const json& number = object.at(key);
  const bool fits =
      number.is_number_integer() &&
      (number.is_number_unsigned() ? number.get<std::uint64_t>() <= static_cast<std::uint64_t>(last)
                                   : number.get<std::int64_t>() >= 0);
  if (fits) return number.get<std::int64_t>();
  return NotReadable(fmt::format("{} is not a number from 0 to {}", key, last));
}

Result<RecordedCollection> CollectionFrom(const json& object) {
  RecordedCollection collection{.target = {.db = object.at("db"), .name = object.at("name")},
                                .temporary = object.at("temporary"),
                                .aside = object.at("aside"),
                                .old_aliases = object.at("old_aliases"),
                                // Records of before have no such keys.
                                .drop_first = object.value("drop_first", false),
                                .created = object.at("created"),
                                .filled = object.value("filled", false),
                                .proved = object.at("proved"),
                                .done = object.at("done")};
  MBK_TRY_ASSIGN(collection.collection_id, NumberUpTo(kAnyNumber, object, "collection_id"));
  MBK_TRY_ASSIGN(collection.old_id, NumberUpTo(kAnyNumber, object, "old_id"));
  return collection;
}

Result<Record> RecordFrom(const json& object) {
  MBK_TRY_ASSIGN(const std::int64_t version, NumberUpTo(kAnyNumber, object, "version"));
  if (version > kVersion)
    return Status(Code::kUnimplemented,
                  fmt::format("the record of a run is of version {}, this program reads {}: use a newer one",
                              version, kVersion));
  const json& process = object.at("process");
  Record record{.run_id = object.at("run_id"),
                .holder = object.at("holder"),
                .verb = object.at("verb"),
                .server = object.at("server"),
                .root = object.at("root"),
                .process = {.host = process.at("host"),
                            .boot_id = process.at("boot_id"),
                            .pid_namespace = process.at("pid_namespace")},
                .staging = object.at("staging")};
  if (!IsRunId(record.run_id)) return NotReadable("run_id is not twelve hexadecimal digits");
  MBK_TRY_ASSIGN(record.process.pid, NumberUpTo(kLastPid, process, "pid"));
  MBK_TRY_ASSIGN(record.process.start_ticks, NumberUpTo(kAnyNumber, process, "start_ticks"));
  MBK_TRY_ASSIGN(record.started_s, NumberUpTo(kLastSecond, object, "started_s"));
  MBK_TRY_ASSIGN(record.heartbeat, NumberUpTo(kLastHeartbeat, object, "heartbeat"));
  for (const json& collection : object.at("collections")) {
    MBK_TRY_ASSIGN(RecordedCollection read, CollectionFrom(collection));
    record.collections.push_back(std::move(read));
  }
  for (const json& job : object.at("jobs")) {
    if (!job.is_number_integer()) return NotReadable("jobs holds what is no number");
    record.jobs.push_back(job.get<std::int64_t>());
  }
  return record;
}

}  // namespace

std::string Record::Describe() const {
  const bool is_of_the_run =
      holder == run_id;  // the process is that of the last one which put something right
  if (!is_of_the_run)
    return fmt::format("{} {}, since {:%Y-%m-%d %H:%M:%S} UTC", verb, run_id,
                       fmt::gmtime(static_cast<std::time_t>(started_s)));
  return fmt::format("{} {} on host {}, pid {}, since {:%Y-%m-%d %H:%M:%S} UTC", verb, run_id, process.host,
                     process.pid, fmt::gmtime(static_cast<std::time_t>(started_s)));
}

std::string ToJson(const Record& record) {
  json collections = json::array();
  for (const RecordedCollection& collection : record.collections)
    collections.push_back(ToJsonValue(collection));
  const json object{{"version", kVersion},
                    {"run_id", record.run_id},
                    {"holder", record.holder},
                    {"verb", record.verb},
                    {"server", record.server},
                    {"root", record.root},
                    {"process",
                     {{"host", record.process.host},
                      {"boot_id", record.process.boot_id},
                      {"pid_namespace", record.process.pid_namespace},
                      {"pid", record.process.pid},
                      {"start_ticks", record.process.start_ticks}}},
                    {"started_s", record.started_s},
                    {"heartbeat", record.heartbeat},
                    {"collections", std::move(collections)},
                    {"staging", record.staging},
                    {"jobs", record.jobs}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Record> RecordFromJson(std::string_view text) {
  try {
    return RecordFrom(json::parse(text));
  } catch (const json::exception& error) {
    return NotReadable(error.what());
  }
}

}  // namespace mbk::runs
