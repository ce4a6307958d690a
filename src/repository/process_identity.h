#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

/// Which process wrote something into a store, and whether it still runs: what may be judged by process ids,
/// and what may not. Facts: proc(5), pid_namespaces(7).
namespace mbk {

/// A process, told apart from all others of its machine, of other boots and of other containers. Empty
/// strings and zeros are what the system, or an older version of this program, did not say.
struct ProcessIdentity {
  std::string host;           ///< its name; containers often have one of their own
  std::string boot_id;        ///< of the kernel: containers of one machine share it
  std::string pid_namespace;  ///< "pid:[4026531836]": where `pid` means something
  std::int64_t pid = 0;
  std::int64_t start_ticks = 0;  ///< when it began, in clock ticks since the boot: a pid is given out again
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// How the processes of this machine are looked at.
struct ProcessTable {
  /// The content of /proc/PID/stat; nullopt where it cannot be read: with `hidepid=2` (ProtectProc=invisible)
  /// the processes of other users seem not to be there at all.
  std::function<std::optional<std::string>(std::int64_t pid)> stat;
  /// What kill(pid, 0) fails with, 0 when it does not. It sees hidden processes, too.
  std::function<int(std::int64_t pid)> kill_error;
};
const ProcessTable& RealProcessTable();

/// This process. Reads /proc; what cannot be read stays empty.
ProcessIdentity ThisProcessIdentity();

enum class ProcessState {
  kAlive,    ///< it runs, under this kernel and where we can see it
  kGone,     ///< it certainly does not run any more
  kUnknown,  ///< of another host, boot or pid namespace, or not all of it was written down
};
/// What `here` (ThisProcessIdentity) can tell of `process`. A process id is believed only with equal host,
/// boot and pid namespace; it is that process only when it began at the same time. A process is gone when
/// another one has its id, or the kernel knows none of it (ESRCH): that /proc does not show it is no proof.
ProcessState StateOf(const ProcessIdentity& process, const ProcessIdentity& here,
                     const ProcessTable& table = RealProcessTable());

}  // namespace mbk
