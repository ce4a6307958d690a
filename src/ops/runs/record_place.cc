#include "ops/runs/record_place.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/uuid.h"
#include "manifest/keys.h"
#include "ops/runs/record.h"
#include "store/local/posix.h"
#include "store/store_clock.h"

namespace mbk::runs {
namespace {

using std::chrono::milliseconds;

class InStore : public RecordPlace {
 public:
  InStore(ObjectStore& store, std::string parent) : store_(store), parent_(std::move(parent)) {}

  std::string Where(const std::string& run_id) const override {
    return store_.identity().Url(RunRecordKey(parent_, run_id));
  }

  Result<std::vector<std::string>> List(const CallContext& context) override {
    const std::string prefix = RunRecordPrefix(parent_);
    std::vector<std::string> ids;
    MBK_TRY(ForEachObject(store_, prefix, context, [&](const ObjectInfo& object) -> Status {
      std::string id = RunIdOfRecord(std::string_view(object.key.str()).substr(prefix.size()));
      if (!id.empty()) ids.push_back(std::move(id));
      return {};
    }));
    return ids;
  }

  Result<StoredRecord> Read(const std::string& run_id, const CallContext& context) override {
    const ObjectKey key = RunRecordKey(parent_, run_id);
    StoredRecord record;
    const auto append = [&](std::string_view piece) -> Status {
      if (static_cast<std::int64_t>(record.json.size() + piece.size()) > kMaxRecordBytes)
        return DataLoss(fmt::format("read {}: too large for a record", store_.identity().Url(key)));
      record.json.append(piece);
      return {};
    };
    MBK_TRY_ASSIGN(ObjectInfo info, store_.Get({.key = key}, append, context));
    record.version = std::move(info.etag);
    return record;
  }

  Status Write(const std::string& run_id, const std::string& json, const CallContext& context) override {
    return store_.Put({.key = RunRecordKey(parent_, run_id), .body = json}, context).status();
  }

  Status Replace(const std::string& run_id, const std::string& json, const std::string& seen,
                 const CallContext& context) override {
    if (seen.empty() || !store_.capabilities().conditional_replace) return Write(run_id, json, context);
    Status replaced =
        store_.Put({.key = RunRecordKey(parent_, run_id), .body = json, .if_match = seen}, context).status();
    return replaced.code() == Code::kUnimplemented ? Write(run_id, json, context) : replaced;
  }

  Status Remove(const std::string& run_id, const CallContext& context) override {
    const ObjectKey keys[] = {RunRecordKey(parent_, run_id)};
    return store_.Delete(keys, context);
  }

  Result<std::optional<milliseconds>> Age(const std::string& run_id, const CallContext& context) override {
    MBK_TRY_ASSIGN(const ObjectInfo record, store_.Head(RunRecordKey(parent_, run_id), context));
    MBK_TRY_ASSIGN(const std::int64_t now, StoreNow(store_, RunClockKey(parent_, NewUuid()), context));
    if (record.last_modified_ms == 0 || now == 0) return std::optional<milliseconds>();
    return std::optional(milliseconds(now - record.last_modified_ms));
  }

 private:
  ObjectStore& store_;
  const std::string parent_;
};

// A server's address as one name of a directory.
std::string AsName(const std::string& server) {
  std::string name = server;
  std::replace(name.begin(), name.end(), '/', '_');
  return name.starts_with('.') ? "_" + name : name;
}

// The name by which a server is held against another one.
std::string OneNameOf(std::string_view server) {
  const std::size_t colon = server.rfind(':');
  const std::string_view host = server.substr(0, colon);
  const bool is_loopback = host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "[::1]";
  return (is_loopback ? "localhost" : std::string(host)) +
         std::string(colon == server.npos ? "" : server.substr(colon));
}

milliseconds ModifiedAt(const struct stat& status) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::seconds(status.st_mtim.tv_sec) +
                                                  std::chrono::nanoseconds(status.st_mtim.tv_nsec));
}

// Of a directory that is not there: none.
Result<std::vector<posix::Entry>> EntriesOf(const std::string& path) {
  const posix::Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok() && posix::IsAbsent(errno)) return std::vector<posix::Entry>();
  if (!directory.ok()) return posix::ErrnoStatus(errno, "list", path);
  return posix::ReadDirectory(directory.get(), path);
}

class InDirectory : public RecordPlace {
 public:
  explicit InDirectory(std::string directory) : directory_(std::move(directory)) {}

  std::string Where(const std::string& run_id) const override { return PathOf(run_id); }

  Result<std::vector<std::string>> List(const CallContext&) override {
    MBK_TRY_ASSIGN(const std::vector<posix::Entry> entries, EntriesOf(directory_));
    std::vector<std::string> ids;
    for (const posix::Entry& entry : entries) {
      std::string id = RunIdOfRecord(entry.name);
      if (!id.empty()) ids.push_back(std::move(id));
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  Result<StoredRecord> Read(const std::string& run_id, const CallContext& context) override {
    const std::string path = PathOf(run_id);
    const posix::Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file.ok()) return posix::ErrnoStatus(errno, "read", path);
    MBK_TRY_ASSIGN(const struct stat status, StatusOf(file, path));
    if (status.st_size > kMaxRecordBytes)
      return DataLoss(fmt::format("read {}: {} bytes are more than a record has", path, status.st_size));
    StoredRecord record;
    MBK_TRY(posix::ReadRange(file.get(), 0, status.st_size, path,
                             {.sink = [&](std::string_view piece) -> Status {
                               record.json.append(piece);
                               return {};
                             }},
                             context));
    return record;
  }

  Status Replace(const std::string& run_id, const std::string& json, const std::string&,
                 const CallContext& context) override {
    return Write(run_id, json, context);
  }

  Status Write(const std::string& run_id, const std::string& json, const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY(MakeDirectories());
    const std::string path = PathOf(run_id);
    const std::string pending = fmt::format("{}/.{}", directory_, NewUuid());
    Status written = WriteFile(pending, json);
    if (written.ok() && ::rename(pending.c_str(), path.c_str()) != 0)
      written = posix::ErrnoStatus(errno, "write", path);
    if (!written.ok()) {
      ::unlink(pending.c_str());
      return written;
    }
    return SyncNames();
  }

  Status Remove(const std::string& run_id, const CallContext&) override {
    const std::string path = PathOf(run_id);
    if (::unlink(path.c_str()) != 0 && !posix::IsAbsent(errno))
      return posix::ErrnoStatus(errno, "remove", path);
    ::rmdir(directory_.c_str());  // only where nothing is left in it
    return {};
  }

  // Both times are of one file system, which may be of another host.
  Result<std::optional<milliseconds>> Age(const std::string& run_id, const CallContext&) override {
    struct stat record{};
    if (::stat(PathOf(run_id).c_str(), &record) != 0)
      return posix::ErrnoStatus(errno, "look at", PathOf(run_id));
    const std::string probe = fmt::format("{}/.{}", directory_, NewUuid());
    Status written = WriteFile(probe, "now");
    struct stat now{};
    if (written.ok() && ::stat(probe.c_str(), &now) != 0)
      written = posix::ErrnoStatus(errno, "look at", probe);
    ::unlink(probe.c_str());
    if (!written.ok()) return written;
    return std::optional(ModifiedAt(now) - ModifiedAt(record));
  }

 private:
  std::string PathOf(const std::string& run_id) const { return directory_ + "/" + RecordFileName(run_id); }

  static Result<struct stat> StatusOf(const posix::Fd& file, const std::string& path) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return posix::ErrnoStatus(errno, "read", path);
    return status;
  }

  Status MakeDirectories() const {
    constexpr mode_t kOwnerOnly = 0700;
    for (std::size_t end = directory_.find('/', 1);; end = directory_.find('/', end + 1)) {
      const std::string part = directory_.substr(0, end);
      if (::mkdir(part.c_str(), kOwnerOnly) != 0 && errno != EEXIST)
        return posix::ErrnoStatus(errno, "make the directory", part)
            .WithContext("the state directory (XDG_STATE_HOME)");
      if (end == directory_.npos) return {};
    }
  }

  static Status WriteFile(const std::string& path, std::string_view content) {
    const posix::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.ok()) return posix::ErrnoStatus(errno, "write", path);
    MBK_TRY(posix::WriteAll(file.get(), content, path));
    return ::fsync(file.get()) == 0 ? Status() : posix::ErrnoStatus(errno, "write", path);
  }

  Status SyncNames() const {
    const posix::Fd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.ok()) return posix::ErrnoStatus(errno, "open", directory_);
    return posix::SyncDirectory(directory.get(), directory_);
  }

  const std::string directory_;
};

}  // namespace

std::unique_ptr<RecordPlace> RecordsInStore(ObjectStore& store, std::string staging_root) {
  return std::make_unique<InStore>(store, std::move(staging_root));
}

bool IsSameServer(std::string_view one, std::string_view other) { return OneNameOf(one) == OneNameOf(other); }

Result<std::unique_ptr<RecordPlace>> RecordsInDirectory(const std::string& state_directory,
                                                        const std::string& server) {
  if (!state_directory.starts_with('/'))
    return InvalidArgument(
        "there is no directory for the records of runs: set XDG_STATE_HOME to one that this user can write "
        "to");
  return std::unique_ptr<RecordPlace>(
      std::make_unique<InDirectory>(JoinKey(state_directory, AsName(server))));
}

namespace {

// What the runs whose records are `ids` called their server; "" where none can be read.
std::string ServerOf(RecordPlace& place, const std::vector<std::string>& ids, const CallContext& context) {
  for (const std::string& id : ids) {
    const Result<StoredRecord> stored = place.Read(id, context);
    const Result<Record> record =
        stored.ok() ? RecordFromJson(stored->json) : Result<Record>(stored.status());
    if (record.ok()) return record->server;
  }
  return "";
}

}  // namespace

Result<RecordDirectories> FindRecordDirectories(const std::string& state_directory, const std::string& server,
                                                const CallContext& context) {
  RecordDirectories found;
  MBK_TRY_ASSIGN(std::unique_ptr<RecordPlace> own, RecordsInDirectory(state_directory, server));
  found.of_server.push_back(std::move(own));
  MBK_TRY_ASSIGN(const std::vector<posix::Entry> entries, EntriesOf(state_directory));
  for (const posix::Entry& entry : entries) {
    if (entry.type == posix::Entry::Type::kFile || entry.name == AsName(server)) continue;
    const std::string path = JoinKey(state_directory, entry.name);
    auto place = std::make_unique<InDirectory>(path);
    if (IsSameServer(entry.name, AsName(server))) {
      found.of_server.push_back(std::move(place));
      continue;
    }
    const Result<std::vector<std::string>> ids = place->List(context);
    if (ids.ok() && ids->empty()) continue;
    const std::string address = ids.ok() ? ServerOf(*place, *ids, context) : "";
    found.of_others.push_back({.address = address.empty() ? entry.name : address, .directory = path});
  }
  std::sort(found.of_others.begin(), found.of_others.end(),
            [](const OtherServer& a, const OtherServer& b) { return a.address < b.address; });
  return found;
}

}  // namespace mbk::runs
