"""Run one command and say what it cost: wall time, CPU time and peak memory, as one line of JSON on stdout.

A process of its own, because Linux hands the peak memory of the process that forks on to the child: measured
from the benchmark itself, which has pymilvus loaded, every command would seem to need 150 MiB. This script
needs about 10 MiB, which is the least that it can report.

    python -I -S child.py OUTPUT_FILE CMD [ARG…]      OUTPUT_FILE takes stdout and stderr of CMD
"""

import json
import os
import sys
import time


def main(output: str, command: list[str]) -> int:
    out = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        for ours, theirs in ((nothing, 0), (out, 1), (out, 2)):
            os.dup2(ours, theirs)
        try:
            os.execvp(command[0], command)
        except OSError as error:
            os.write(2, f"{command[0]}: {error}\n".encode())
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - began
    print(json.dumps({"exit_code": os.waitstatus_to_exitcode(status), "wall_s": wall,
                      "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mib": usage.ru_maxrss / 1024}))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
