"""One server under test: started with its output in a log file, watched while it comes up, ended by pid."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# How long one look at a server that is coming up waits for the next.
POLL_SECONDS = 0.05
# Above this a server that was asked to end is killed. Milvus takes up to 18 s when it flushes first, and
# what the tests leave in it is not worth that.
STOP_SECONDS = 5.0
LOG_TAIL_LINES = 25


class ServerError(RuntimeError):
    """A server did not come up or died. The message carries the end of its log."""


class Ports:
    """Hands out loopback ports that are free now, each to one taker alone, whichever process that is.

    They come from below the kernel's ephemeral range (32768 up), so that no outgoing connection takes one
    between the moment it is chosen and the moment its server binds it. In that time the port is reserved by
    a socket with an abstract name: such names belong to the network namespace, as ports do, and go with the
    process that bound them.
    """

    FIRST, LAST = 20000, 32000

    def __init__(self) -> None:
        self._next = self.FIRST
        self._reservations: list[socket.socket] = []

    def take(self, preferred: int | None = None) -> int:
        if preferred and self._reserve(preferred):
            return preferred
        while self._next < self.LAST:
            port, self._next = self._next, self._next + 1
            if self._reserve(port):
                return port
        raise ServerError(f"no free port between {self.FIRST} and {self.LAST} on 127.0.0.1")

    def _reserve(self, port: int) -> bool:
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f"\0milvus-backup-port-{port}")
        except OSError:  # somebody else's
            reservation.close()
            return False
        if not _is_free(port):
            reservation.close()
            return False
        self._reservations.append(reservation)
        return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class ServerProcess:
    """A started process. It is ended by `stop`, and by the kernel should this program die first.

    The kernel's signal comes when the *thread* that started the process ends: start servers from the main
    thread.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._started = time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as out:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,  # Ctrl-C at the terminal ends the tests, and they end the servers
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Return once `ready` answers true. ServerError if the process ends first or the time is up."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            try:
                code = self._process.wait(timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise ServerError(f"{self.name} was not ready within {timeout_s:.0f} s{self.log_tail()}") from None
                continue
            raise ServerError(f"{self.name} ended with code {code} while starting{self.log_tail()}")

    def check_alive(self) -> None:
        if self._process.poll() is not None:
            raise ServerError(f"{self.name} has died with code {self._process.returncode}{self.log_tail()}")

    def ask_to_end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def stop(self, *, grace_s: float = STOP_SECONDS) -> None:
        """SIGTERM, then SIGKILL after `grace_s`. Safe to call again."""
        self.ask_to_end()
        try:
            self._process.wait(timeout=grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # what it has started, in its session

    def log_tail(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        except OSError as error:
            return f"; its log cannot be read: {error}"
        return f"; the end of {self.log}:\n  " + "\n  ".join(lines or ["(empty)"])


def require_loopback_only() -> None:
    """ServerError unless this process sits in a network namespace with nothing but loopback."""
    interfaces = [line.split(":")[0].strip() for line in Path("/proc/self/net/dev").read_text().splitlines()[2:]]
    others = [name for name in interfaces if name != "lo"]
    if others:
        raise ServerError(
            f"a Milvus started here would be open to the network through {', '.join(others)}: "
            "run this inside testing/servers/in_loopback"
        )


def http_ok(url: str) -> bool:
    """Whether a GET of `url` answers 2xx. Any certificate will do: this asks about health, not identity."""
    anyone = ssl.create_default_context()
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(url, timeout=2, context=anyone) as answer:
            return 200 <= answer.status < 300
    except (urllib.error.URLError, OSError):
        return False


def accepts_connections(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
