"""Google Cloud Storage on loopback: fake-gcs-server behind our own double of what surrounds it (google_double.py)."""

from __future__ import annotations

import sys
from pathlib import Path

from server_process import Ports, ServerProcess
from tools import tool

START_SECONDS = 60


class FakeGcs:
    """A Cloud Storage that is starting; `wait_ready` returns when it serves. Its objects are in memory."""

    def __init__(self, name: str, directory: Path, ports: Ports) -> None:
        self.name = name
        self.address = "127.0.0.1"
        self.port = ports.take()
        home = directory / name
        home.mkdir()
        self.key_file = home / "key.json"
        self.process = ServerProcess(
            name,
            [sys.executable, "-u", str(Path(__file__).with_name("google_double.py")), "--port", str(self.port),
             "--backend-port", str(ports.take()), "--server", str(tool("bin/fake-gcs-server")),
             "--directory", str(home)],
            log=home / "console.log",
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def wait_ready(self) -> None:
        self.process.wait_until(self.key_file.exists, timeout_s=START_SECONDS)
