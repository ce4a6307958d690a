"""`make demo STORE=local`, the small form of the demo. (`make demo` itself is the walkthrough, which has tests of its own.)"""

import re
import subprocess
import sys

import pytest
from program import REPOSITORY
from server_process import accepts_connections


@pytest.mark.skipif(not (REPOSITORY / "milvus-backup").exists(), reason="the demo shows what `make build` has made")
def test_the_small_form_ends_equal_and_leaves_nothing_running():
    command = [sys.executable, "-W", "ignore", str(REPOSITORY / "demo" / "demo.py"), "local"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "EQUAL: coll_bak on milvus_B is coll on milvus_A, row by row" in shown.stdout
    ports = [int(port) for port in re.findall(r"milvus_[AB] on 127\.0\.0\.1:(\d+)", shown.stdout)]
    assert len(ports) == 2
    assert not any(accepts_connections(port) for port in ports)
