"""The rig itself: several of them run side by side in one network namespace."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import server_process
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
