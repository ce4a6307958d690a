"""`make demo STORE=local`, the small form of the demo, and that each form gets along with the tools that demo/set_up
installs. (`make demo` itself is the walkthrough, which has tests of its own.)"""

import os
import re
import subprocess
import sys

import pytest
from program import REPOSITORY
from server_process import accepts_connections
from tools import tool

TOOLS_OF_DEMO = {"local": ["milvus-2.3.5"], "minio": ["milvus-2.3.5", "bin/minio"]}


def run_with_tools_of_demo(form, tmp_path, *arguments):
    for name in TOOLS_OF_DEMO[form]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(tool(name))
    command = [sys.executable, "-W", "ignore", *arguments]
    env = os.environ | {"MBK_TOOLS": str(tmp_path)}
    shown = subprocess.run(
        command, cwd=REPOSITORY / "demo", env=env, capture_output=True, text=True, timeout=200, check=False
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    return shown.stdout


@pytest.mark.skipif(not (REPOSITORY / "milvus-backup").exists(), reason="the demo shows what `make build` has made")
def test_the_small_form_ends_equal_and_leaves_nothing_running(tmp_path):
    shown = run_with_tools_of_demo("local", tmp_path, "demo.py", "local")
    assert "EQUAL: coll_bak on milvus_B is coll on milvus_A, row by row" in shown
    ports = [int(port) for port in re.findall(r"milvus_[AB] on 127\.0\.0\.1:(\d+)", shown)]
    assert len(ports) == 2
    assert not any(accepts_connections(port) for port in ports)


def test_the_servers_and_buckets_of_the_large_form_need_no_other_tools(tmp_path):
    script = "import demo\nwith demo.Rig() as rig: demo.FORMS['minio'].start(rig)"
    shown = run_with_tools_of_demo("minio", tmp_path, "-c", script)
    for side in ("A", "B"):
        assert re.search(rf"milvus_{side} on \S+, its data in http://\S+/bucket-{side.lower()}/files", shown), shown
