"""A Milvus Lite on loopback: Milvus's API in one Python process, without segments, imports, users and roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server_process import Ports, ServerProcess, accepts_connections
from tools import tool

START_SECONDS = 60


class MilvusLite:
    """A Milvus Lite that is starting; `wait_ready` returns when it takes calls. Its data end with it."""

    def __init__(self, name: str, directory: Path, ports: Ports) -> None:
        self.name = name
        self.address = "127.0.0.1"
        self.port = ports.take()
        home = directory / name
        home.mkdir(parents=True, exist_ok=True)
        self.process = ServerProcess(
            name,
            [str(tool("lite-venv/bin/milvus-lite")), "server", "--data-dir", str(home / "data"),
             "--host", self.address, "--port", str(self.port)],
            log=home / "logs" / "console.log",
            cwd=home,
        )  # fmt: skip

    def wait_ready(self) -> None:
        self.process.wait_until(lambda: accepts_connections(self.port), timeout_s=START_SECONDS)

    def connection(self) -> dict[str, Any]:
        """Arguments for pymilvus's connections.connect."""
        return {"host": self.address, "port": str(self.port)}
