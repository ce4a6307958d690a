"""Where testing/servers/install.sh put the servers."""

from __future__ import annotations

import os
from pathlib import Path

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
TOOLS = Path(os.environ.get("MBK_TOOLS") or _CACHE / "milvus-backup-tools")


def tool(path: str) -> Path:
    """An installed file below the tools directory. FileNotFoundError says how to install it."""
    found = TOOLS / path
    if not found.exists():
        raise FileNotFoundError(f"{found} is missing: run testing/servers/install.sh")
    return found
