"""Locks between processes: one that was suspended past its lease, one that was killed, one in another container."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from program import DONE, INTERRUPTED, LOCKED, unpack_golden_backups, yaml_text

BACKUP = "spec516"
REACHED_SECONDS = 60
SUCCESSOR_SECONDS = 180
LEASE_SECONDS = 300


@pytest.fixture
def places(program):
    """A with a backup of the Go tool and a large file beside it, so that a copy takes its time; B, empty."""
    for name in ("A", "B"):
        (program.directory / name).mkdir()
        settings = {
            "storageType": "local",
            "rootPath": str(program.directory / "milvus"),
            "backupStorageType": "local",
            "backupRootPath": str(program.directory / name),
        }
        program.configure(yaml_text({"minio": settings}), f"{name}.yaml")
    unpack_golden_backups(program.directory / "A")
    big = program.directory / "A" / BACKUP / "extra" / "big.bin"
    big.parent.mkdir()
    with big.open("wb") as file:
        file.truncate(400 << 20)
    return program.directory / "A" / BACKUP, program.directory / "B" / BACKUP


@pytest.fixture
def stopped_copy(program, places):
    """A copy from A to B that is suspended in the middle of it."""
    _, target = places
    copy = program.start("copy", "-n", BACKUP, "--config", "A.yaml", "--to", "B.yaml", "--set", "minio.crossStorage=true")
    with copy as running:
        deadline = time.monotonic() + REACHED_SECONDS
        while not (target / "binlogs").exists():
            assert not running.ended(), str(running.finish(within_s=1))
            assert time.monotonic() < deadline
        running.interrupt(signal.SIGSTOP)
        assert not (target / "meta" / "backup_meta.json").exists()
        yield running
        running.interrupt(signal.SIGCONT)


def age(lock):
    """As if its run had not renewed it for a lease, nor written an object."""
    content = json.loads(lock.read_text())
    content["heartbeat_s"] -= LEASE_SECONDS + 1
    lock.write_text(json.dumps(content))
    long_ago = time.time() - LEASE_SECONDS - 1
    for file in lock.parents[1].rglob("*"):
        os.utime(file, (long_ago, long_ago))


def contents(directory):
    """Without the files that have no names yet: those of a suspended run are its own, and go with it."""
    named = (path for path in sorted(directory.rglob("*")) if path.is_file() and not path.name.startswith(".mbk-"))
    return {path: path.read_bytes() for path in named}


def empty_directories(directory):
    return [path for path in directory.rglob("*") if path.is_dir() and not any(path.iterdir())]


@pytest.mark.parametrize("interrupted", [True, pytest.param(False, marks=pytest.mark.torture)])
def test_a_run_that_lost_its_lock_while_suspended_touches_nothing(program, places, stopped_copy, interrupted):
    """Ctrl-Z, a suspended laptop; the others took it for dead, and wrote their own backup."""
    source, target = places
    age(target / "meta" / "lock.json")
    deleted = program.run("delete", "-n", BACKUP, "--config", "B.yaml")
    assert deleted.exit_code == DONE, str(deleted)
    assert empty_directories(target) == [], "those that it made for files that never came go, too"
    assert "waiting" in deleted.stderr, "the watching is said"
    shutil.rmtree(source / "extra")
    program.ok("copy", "-n", BACKUP, "--config", "A.yaml", "--to", "B.yaml")
    before = contents(target)

    if interrupted:
        stopped_copy.interrupt()
    stopped_copy.interrupt(signal.SIGCONT)
    outcome = stopped_copy.finish(within_s=SUCCESSOR_SECONDS)
    assert outcome.exit_code == (INTERRUPTED if interrupted else LOCKED), str(outcome)
    assert "the lock of this run" in outcome.stderr
    assert contents(target) == before, "the successor's backup is as it was"
    program.ok("verify", "-n", BACKUP, "--config", "B.yaml")


def test_delete_after_kill_9_works_at_once(program, places, stopped_copy):
    _, target = places
    stopped_copy.interrupt(signal.SIGKILL)
    stopped_copy.finish(within_s=REACHED_SECONDS)
    began = time.monotonic()
    program.ok("delete", "-n", BACKUP, "--config", "B.yaml")
    assert time.monotonic() - began < 20
    assert not target.exists(), "the directories that it made for files that never came, too"


def test_a_live_run_is_not_taken_for_dead_in_another_pid_namespace(program, places, stopped_copy):
    """As from another container of the host: its process id means nothing there."""
    _, target = places
    apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no pid namespace can be made here")
    program.wrapper = apart
    outcome = program.run("delete", "-n", BACKUP, "--config", "B.yaml")
    program.wrapper = []
    assert outcome.exit_code == LOCKED, str(outcome)
    assert (target / "meta" / "lock.json").exists()
