"""The rig itself: several of them run side by side in one network namespace."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import collections_of as milvus
import server_process
from datasets import field, make
from pymilvus import DataType
from rig import Rig
from server_process import Ports

COUNT = 40
TAKER = f"""
import sys
from server_process import Ports
ports = Ports()
print(*(ports.take() for _ in range({COUNT})), flush=True)
sys.stdin.read()
"""


def taker():
    """Another process that takes ports, and keeps them until its stdin ends."""
    return subprocess.Popen(
        [sys.executable, "-c", TAKER],
        cwd=Path(server_process.__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_port_is_given_out_once_whichever_process_asks():
    with ExitStack() as stack:
        others = [stack.enter_context(taker()) for _ in range(3)]
        mine = Ports()
        taken = [mine.take() for _ in range(COUNT)]
        for other in others:
            taken += map(int, other.stdout.readline().split())
        assert len(taken) == len(set(taken)) == 4 * COUNT


def test_a_preferred_port_that_somebody_has_is_not_given_out():
    first, second = Ports(), Ports()
    port = first.take()
    assert second.take(port) != port


def test_a_server_begins_without_the_data_of_one_that_had_its_name():
    fields = [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=8)]
    with Rig() as rig:
        for _ in range(2):
            server = rig.milvus_lite("lite")
            server.wait_ready()
            assert milvus.names(server) == set()
            make("left_behind", milvus.connection(server), fields)
            rig.stop_one("lite")
