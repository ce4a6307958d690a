#include "repository/process_identity.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

namespace mbk {
namespace {

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

std::string FirstLineOf(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string PidNamespace() {
  std::error_code error;
  const auto target = std::filesystem::read_symlink("/proc/self/ns/pid", error);
  return error ? std::string() : target.string();
}

enum class Look { kFound, kNone, kUnreadable };
struct Started {
  Look look = Look::kUnreadable;
  std::int64_t ticks = 0;
};

std::optional<std::string> ReadStat(std::int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  if (!file) return std::nullopt;
  std::string text;
  std::getline(file, text, '\0');
  return text;
}

int KillError(std::int64_t pid) { return ::kill(static_cast<pid_t>(pid), 0) == 0 ? 0 : errno; }

// EPERM, or no error at all: one has the id, and which it is is not to be seen.
Started WithoutStat(std::int64_t pid, const ProcessTable& table) {
  return {.look = table.kill_error(pid) == ESRCH ? Look::kNone : Look::kUnreadable};
}

// Field 22 of /proc/PID/stat. The second field, the name in parentheses, may hold anything, also ")".
Started StartOf(std::int64_t pid, const ProcessTable& table) {
  constexpr int kFieldsBehindName = 20;  // of which the last is the 22nd
  const std::string text = table.stat(pid).value_or("");
  const std::size_t name_end = text.rfind(')');
  // Hidden, ended between the two calls, or no proc of Linux.
  if (name_end == std::string::npos) return WithoutStat(pid, table);
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int i = 0; i < kFieldsBehindName; ++i) fields >> field;
  // The first field behind the name is the state: a zombie has ended, and only waits to be asked how.
  const bool is_zombie =
      text.size() > name_end + 2 && (text[name_end + 2] == 'Z' || text[name_end + 2] == 'X');
  if (is_zombie) return {.look = Look::kNone};
  Started started{.look = Look::kFound};
  const auto [end, failed] = std::from_chars(field.data(), field.data() + field.size(), started.ticks);
  if (failed != std::errc() || end != field.data() + field.size()) return {.look = Look::kUnreadable};
  return started;
}

bool SameAndKnown(const std::string& a, const std::string& b) { return !a.empty() && a == b; }

}  // namespace

const ProcessTable& RealProcessTable() {
  static const ProcessTable table{.stat = ReadStat, .kill_error = KillError};
  return table;
}

ProcessIdentity ThisProcessIdentity() {
  return {.host = HostName(),
          .boot_id = FirstLineOf("/proc/sys/kernel/random/boot_id"),
          .pid_namespace = PidNamespace(),
          .pid = ::getpid(),
          .start_ticks = StartOf(::getpid(), RealProcessTable()).ticks};
}

ProcessState StateOf(const ProcessIdentity& process, const ProcessIdentity& here, const ProcessTable& table) {
  const bool comparable =
      SameAndKnown(process.host, here.host) && SameAndKnown(process.boot_id, here.boot_id) &&
      SameAndKnown(process.pid_namespace, here.pid_namespace) && process.pid > 0 && process.start_ticks > 0;
  if (!comparable) return ProcessState::kUnknown;
  const Started now = StartOf(process.pid, table);
  if (now.look == Look::kUnreadable) return ProcessState::kUnknown;
  const bool runs = now.look == Look::kFound && now.ticks == process.start_ticks;
  return runs ? ProcessState::kAlive : ProcessState::kGone;
}

}  // namespace mbk
