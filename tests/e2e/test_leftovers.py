"""What kill -9 leaves of a restore: named by check --leftovers, put right by --clean, and in nobody's way."""

import signal
import time
from concurrent.futures import Future

import collections_of as milvus
import grpc
import pytest
from advice import command_behind, takes
from program import DONE, FAILED, INTERRUPTED, NOT_FOUND, PARTLY, backup_store, documented_config
from pymilvus import BulkInsertState, utility
from rpc_proxy import AFTER, Point, Refusal, RpcProxy
from stalling_proxy import StallingProxy

REACHED_SECONDS = 60
STOP_SECONDS = 5
CLEANINGS = 5  # of a minute at most


def marks(minio_b):
    return [key for key in minio_b.keys("bucket-b") if key.startswith(("restore-temp-", "mbk-runs/"))]


@pytest.fixture
def whole(a, b, program, backup_root):
    """A backup of one collection, and a configuration of the other side in b.yaml."""
    program.configure(documented_config(a.server, backup_root=backup_root))
    program.ok("create", "-c", "coll", "-n", "whole")
    return "whole"


@pytest.fixture
def config_b(b, minio_a, program, backup_root):
    text = documented_config(b, backup_root=backup_root, minio=backup_store(minio_a, "bucket-a"))
    program.configure(text, "b.yaml")
    return "b.yaml"


@pytest.fixture
def killed_while_staging(whole, b, minio_a, program, backup_root):
    with StallingProxy(minio_a.port, stall_at=f"{backup_root}/{whole}/binlogs/".encode()) as proxy:
        store = backup_store(minio_a, "bucket-a") | {"backupPort": proxy.port}
        program.configure(documented_config(b, backup_root=backup_root, minio=store), "stuck.yaml")
        with program.start("restore", "-n", whole, "-s", "_bak", "--config", "stuck.yaml") as running:
            assert proxy.stalled.wait(REACHED_SECONDS), str(running.finish(within_s=0))
            running.interrupt(signal.SIGKILL)
            running.finish(within_s=STOP_SECONDS)


@pytest.fixture
def killed_while_importing(whole, b, minio_a, minio_b, program, backup_root):
    """Killed as soon as files are staged: the server imports them, or is about to.

    The proxy sees calls through whose client is gone: Milvus 2.3.5 ends itself where a GetImportState is cut off.
    """
    with RpcProxy(b.address, b.port) as proxy:
        store = backup_store(minio_a, "bucket-a")
        text = documented_config(b, backup_root=backup_root, milvus={"port": proxy.port}, minio=store)
        program.configure(text, "killed.yaml")
        with program.start("restore", "-n", whole, "-s", "_bak", "--config", "killed.yaml") as running:
            deadline = time.monotonic() + REACHED_SECONDS
            while not any(key.startswith("restore-temp-") for key in minio_b.keys("bucket-b")):
                assert not running.ended() and time.monotonic() < deadline, str(running.finish(within_s=0))
            running.interrupt(signal.SIGKILL)
            running.finish(within_s=STOP_SECONDS)


@takes("cli/leftovers_report.cc", "look at it with")
@takes("ops/capture/select.cc", "which of the two shows")
@takes("ops/runs/leftovers.cc", "put right with")
@pytest.mark.parametrize("killed", ["killed_while_staging", "killed_while_importing"])
def test_what_a_killed_restore_leaves_is_listed_and_put_right(request, killed, whole, config_b, b, minio_b, program):
    request.getfixturevalue(killed)
    names, keys = sorted(milvus.all_names(b)), marks(minio_b)
    assert names and all("_mbk_" in name for _, name in names), "nothing stands under the final name"
    assert any(key.startswith("mbk-runs/") for key in keys)

    listed = program.ok("check", "--leftovers", "--config", config_b)
    assert "coll_bak" in listed.stdout and "_mbk_" in listed.stdout, str(listed)
    command = command_behind("put right with", listed)
    assert (sorted(milvus.all_names(b)), marks(minio_b)) == (names, keys), "a list changes nothing"
    told = program.ok("check", "--config", config_b)
    # There is nothing on that side but what was left: a create says of it where it comes from.
    passed_over = program.ends_with(NOT_FOUND, "create", "-n", "all_of_b", "--config", config_b)
    for look in (command_behind("look at it with", told), command_behind("which of the two shows", passed_over)):
        assert program.shell(look).stdout == listed.stdout
    assert (sorted(milvus.all_names(b)), marks(minio_b)) == (names, keys), "to look at it changes nothing"

    taken = program.shell(f"{command} --json")
    assert taken.exit_code == DONE, str(taken)
    cleaned = taken.json()
    assert [run["verb"] for run in cleaned["runs"]] == ["restore"]
    assert cleaned["runs"][0]["done"] and not cleaned["runs"][0]["left"]
    assert (milvus.all_names(b), marks(minio_b)) in (([], []), (set(), []))
    assert "No leftovers" in program.ok("check", "--leftovers", "--config", config_b).stdout

    program.ok("restore", "-n", whole, "-s", "_bak", "--config", config_b)
    assert marks(minio_b) == []


def test_the_same_restore_again_cleans_up_and_works(killed_while_staging, whole, config_b, b, minio_b, program):
    again = program.ok("restore", "-n", whole, "-s", "_bak", "--config", config_b)
    assert "had left something" in again.stderr, str(again)
    assert marks(minio_b) == []
    assert not any("_mbk_" in name for _, name in milvus.all_names(b))


@pytest.fixture
def of_others(b, minio_b, tmp_path):
    """What no cleaning may touch: a staged file of somebody else."""
    (tmp_path / "theirs").write_text("x")
    key = "restore-temp-3f2a-default-theirs/x"
    minio_b.mc("cp", str(tmp_path / "theirs"), f"{minio_b.name}/bucket-b/{key}")
    yield {key}
    minio_b.mc("rm", f"{minio_b.name}/bucket-b/{key}")


def take(program, command):
    """As often as it says so itself: jobs of a Milvus go on without their collection."""
    for _ in range(CLEANINGS):
        outcome = program.shell(command)
        left = [line for line in outcome.stdout.splitlines() if line.startswith("  left: ")]
        if not left:
            break
        assert "of the server still reads them" in left[0], str(outcome)
        assert command_behind("when it is over they go with", outcome) == command
    assert outcome.exit_code == PARTLY and not left, f"what others staged is named, and nothing else\n{outcome}"


@takes("ops/load/import.cc", "they go with")
def test_staged_files_that_a_hanging_store_keeps_go_as_is_said(
    whole, b, minio_a, minio_b, of_others, program, backup_root
):
    with StallingProxy(minio_b.port, stall_at=b"PUT /bucket-b/restore-temp-", times=2) as proxy:
        store = backup_store(minio_a, "bucket-a") | {"port": proxy.port}
        program.configure(documented_config(b, backup_root=backup_root, minio=store), "stuck.yaml")
        with program.start("restore", "-n", whole, "-s", "_bak", "--config", "stuck.yaml") as running:
            assert proxy.stalled.wait(REACHED_SECONDS), str(running.finish(within_s=0))
            running.interrupt()
            stopped = running.finish(within_s=REACHED_SECONDS)
        assert stopped.exit_code == INTERRUPTED, str(stopped)
        proxy.resume()
        take(program, command_behind("they go with", stopped))
    assert set(marks(minio_b)) == of_others


@takes("ops/load/import.cc", "when they are over, remove those with")
@takes("ops/load/import.cc", "when Milvus has no job any more, remove them with")
def test_staged_files_that_a_job_may_read_go_as_is_said(
    whole, b, minio_a, minio_b, of_others, program, backup_root
):
    # Without jobs under way no cleaning has to wait for them: of a collection that is gone they take a minute.
    using = milvus.connection(b)
    before = {task.task_id for task in utility.list_bulk_insert_tasks(using=using)}

    def await_jobs():
        deadline = time.monotonic() + REACHED_SECONDS
        over = {BulkInsertState.ImportCompleted, BulkInsertState.ImportFailed, BulkInsertState.ImportFailedAndCleaned}
        while True:
            jobs = [task for task in utility.list_bulk_insert_tasks(using=using) if task.task_id not in before]
            if jobs and all(job.state in over for job in jobs):
                return
            assert time.monotonic() < deadline, str(jobs)
            time.sleep(0.1)

    def refuses(call):
        if call.method != "GetImportState":
            return None
        await_jobs()
        return Refusal(code=grpc.StatusCode.PERMISSION_DENIED, details="refused by the test")

    def stop():
        await_jobs()
        running.result().interrupt()
        assert running.result().is_gone(within_s=REACHED_SECONDS), "it waits for the answer, which does not come"

    def left(outcome, exit_code):
        proxy.only_pass_on()
        assert outcome.exit_code == exit_code, str(outcome)
        assert set(marks(minio_b)) > of_others
        return outcome

    with RpcProxy(b.address, b.port) as proxy:
        store = backup_store(minio_a, "bucket-a")
        text = documented_config(b, backup_root=backup_root, milvus={"port": proxy.port}, minio=store)
        program.configure(text, "b.yaml")
        restore = ("restore", "-n", whole, "-s", "_bak", "--config", "b.yaml")

        running = Future()
        proxy.act_at(Point("GetImportState", 1, AFTER), stop)
        with program.start(*restore) as started:
            running.set_result(started)
            stopped = started.finish(within_s=2 * REACHED_SECONDS)
        take(program, command_behind("when they are over, remove those with", left(stopped, INTERRUPTED)))
        assert set(marks(minio_b)) == of_others

        proxy.refuse(refuses)
        doubtful = left(program.run(*restore), FAILED)
        take(program, command_behind("when Milvus has no job any more, remove them with", doubtful))
        assert set(marks(minio_b)) == of_others
    assert not any("coll_bak" in name or "_mbk_" in name for _, name in milvus.all_names(b))
