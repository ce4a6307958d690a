"""Ctrl-C and SIGTERM: the program ends within 5 s, and nothing half-made is ever listed."""

import signal

import collections_of as milvus
import pytest
from program import FAILED, INTERRUPTED, backup_store, documented_config
from stalling_proxy import StallingProxy

STOP_SECONDS = 5
REACHED_SECONDS = 60


@pytest.fixture
def stuck_create(a, minio_b, program, backup_root):
    """Runs create until its first binlog (or what `stall_at` names) hangs on the way into the backup store."""

    def run(then, stall_at="binlogs/"):
        with StallingProxy(minio_b.port, stall_at=f"{backup_root}/half/{stall_at}".encode()) as proxy:
            store = backup_store(minio_b, "bucket-b") | {"backupPort": proxy.port}
            program.configure(documented_config(a.server, backup_root=backup_root, minio=store), "stuck.yaml")
            with program.start("create", "-c", "coll", "-n", "half", "--config", "stuck.yaml") as running:
                assert proxy.stalled.wait(REACHED_SECONDS), str(running.finish(within_s=0))
                return then(running)

    program.configure(documented_config(a.server, backup_root=backup_root, minio=backup_store(minio_b, "bucket-b")))
    return run


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda sent: sent.name)
def test_create_stops_and_lists_nothing(stuck_create, program, minio_b, backup_root, sent):
    def interrupt(running):
        running.interrupt(sent)
        return running.finish(within_s=STOP_SECONDS)

    outcome = stuck_create(interrupt)
    assert outcome.exit_code == INTERRUPTED, str(outcome)
    assert outcome.stdout == ""
    assert program.backups() == []
    program.run("delete", "-n", "half")
    assert minio_b.keys(f"bucket-b/{backup_root}") == []


def test_what_a_killed_create_leaves_can_be_deleted(stuck_create, program, minio_b, backup_root):
    """kill -9, or a lost machine: no chance to clean up."""

    def kill(running):
        running.interrupt(signal.SIGKILL)
        return running.finish(within_s=STOP_SECONDS)

    stuck_create(kill, stall_at="meta/objects.json")
    assert program.backups() == []
    assert minio_b.keys(f"bucket-b/{backup_root}/half"), "there is something to clean up"

    again = program.ends_with(FAILED, "create", "-c", "coll", "-n", "half")
    assert "delete -n half" in again.stderr, "create over an unfinished backup names the way out"

    program.ok("delete", "-n", "half")
    assert minio_b.keys(f"bucket-b/{backup_root}") == []
    program.ok("create", "-c", "coll", "-n", "half")
    assert program.backups() == ["half"]


def test_restore_stops_within_five_seconds(a, b, minio_a, minio_b, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root))
    program.ok("create", "-c", "coll", "-n", "whole")
    with StallingProxy(minio_a.port, stall_at=f"{backup_root}/whole/binlogs/".encode()) as proxy:
        store = backup_store(minio_a, "bucket-a") | {"backupPort": proxy.port}
        program.configure(documented_config(b, backup_root=backup_root, minio=store), "stuck.yaml")
        with program.start("restore", "-n", "whole", "-s", "_bak", "--config", "stuck.yaml") as running:
            assert proxy.stalled.wait(REACHED_SECONDS), str(running.finish(within_s=0))
            running.interrupt()
            outcome = running.finish(within_s=STOP_SECONDS)
    assert outcome.exit_code == INTERRUPTED, str(outcome)
    left = milvus.all_names(b)
    assert not left or "coll_bak" in outcome.stderr, "what is left behind is said"
    assert [key for key in minio_b.keys("bucket-b") if key.startswith("restore-temp-")] == []
