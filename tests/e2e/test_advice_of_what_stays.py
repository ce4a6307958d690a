"""Each advice about what a restore needs or leaves, taken as printed: it does what it says, and touches nothing else.

On a Milvus Lite behind a proxy that refuses calls, with a backup that lies on the disk.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import Future

import collections_of as milvus
import grpc
import pytest
from advice import command_behind, commands_behind, takes
from datasets import field, make
from milvus_lite_server import MilvusLite
from program import DONE, FAILED, PARTLY, Outcome, Program, Running, unpack_golden_backups, yaml_text
from pymilvus import Collection, DataType
from pymilvus.grpc_gen import milvus_pb2
from rpc_proxy import AFTER, BEFORE, Call, Point, Refusal, RpcProxy
from tools import tool

ENDS_WITHIN_S = 60
BACKUP = "spec516"
SMALL, LOADED = "default.growing", "db1.indb"  # of the backup; the second is loaded when it is restored
OVER = ("--drop_exist_collection", "--rebuild_index", "--restore_load_state")
NOT_ALLOWED = Refusal(code=grpc.StatusCode.PERMISSION_DENIED, details="refused by the test")
BYSTANDER = "default.bystander"  # of the user's
PYMILVUS = re.compile(r"with pymilvus: (MilvusClient\(….*?\)\.\w+\(.*?\))")

Refuses = Callable[[Call], Refusal | None]


class Laptop:
    """A Milvus Lite, with a collection of the user's in it, and a program that reaches it through a proxy."""

    def __init__(self, server: MilvusLite, proxy: RpcProxy, program: Program) -> None:
        self.server, self.proxy, self.program = server, proxy, program
        home = program.directory
        program.environment["XDG_STATE_HOME"] = str(home / "state")
        (home / "data").mkdir()
        unpack_golden_backups(home / "backups")
        store = {"storageType": "local", "rootPath": str(home / "data"), "backupRootPath": str(home / "backups")}
        program.configure(yaml_text({"milvus": {"address": "127.0.0.1", "port": proxy.port}, "minio": store}))
        program.ok(*restored(SMALL, BYSTANDER))

    # ------------------------------------------------------------------------------------------- running

    def run(self, *args: str, refuses: Refuses | None = None, env: dict[str, str] | None = None) -> Outcome:
        self.proxy.refuse(refuses or (lambda _: None))
        outcome = self.program.run(*args, env=env)
        self.proxy.only_pass_on()
        return outcome

    def killed(self, *args: str, at: Point) -> None:
        running: Future[Running] = Future()
        self.proxy.cut_at(at, lambda: running.result().interrupt(signal.SIGKILL))
        with self.program.start(*args) as started:
            running.set_result(started)
            outcome = started.finish(within_s=ENDS_WITHIN_S)
        assert self.proxy.struck, str(outcome)
        self.proxy.only_pass_on()

    def killed_at_its_rows(self, *args: str) -> None:
        """Under its own name, as nothing may be renamed."""
        running: Future[Running] = Future()

        def refuses(call: Call) -> Refusal | None:
            if call.method == "Insert":
                running.result().interrupt(signal.SIGKILL)
                assert running.result().is_gone(within_s=ENDS_WITHIN_S)
            return NOT_ALLOWED if call.method in ("Insert", "RenameCollection") else None

        self.proxy.refuse(refuses)
        with self.program.start(*args) as started:
            running.set_result(started)
            outcome = started.finish(within_s=ENDS_WITHIN_S)
        assert outcome.exit_code == -signal.SIGKILL, str(outcome)
        self.proxy.only_pass_on()

    def take(self, command: str, exit_code: int = DONE) -> Outcome:
        return done(self.program.shell(command), exit_code)

    def by_hand(self, said: str) -> str:
        """Runs the one line of pymilvus that was printed; what stands for the address is filled in. The line."""
        [line] = PYMILVUS.findall(said)
        address = f'"http://{self.server.address}:{self.server.port}"'
        code = f"from pymilvus import MilvusClient; {line.replace('…', address)}"
        python = tool("lite-venv/bin/python")  # with the pymilvus that is installed beside Milvus Lite
        ran = subprocess.run([python, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{code}\n{ran.stderr}"
        return line

    # ------------------------------------------------------------------------------------------- looking

    def names(self) -> set[str]:
        return {f"{db}.{name}" for db, name in milvus.all_names(self.server)}

    def books(self) -> Collection:
        return milvus.collection(self.server, "books", "db1")

    def is_it(self, source: str, name: str, *load: str) -> bool:
        """Whether all rows of a collection are those of the backup."""
        sides = ("--filter", source, "-r", f"{source}:{name}")
        return self.program.run("verify", "-n", BACKUP, "--live", *sides, *load).exit_code == DONE

    def nothing_is_left(self) -> None:
        assert "No leftovers" in self.program.ok("check", "--leftovers").stdout
        assert not list((self.program.directory / "state").rglob("*.json"))

    def the_users_stands(self) -> None:
        assert self.is_it(SMALL, BYSTANDER, "--load")


def restored(source: str, name: str, *more: str) -> list[str]:
    return ["restore", "-n", BACKUP, "-c", source, "-r", f"{source}:{name}", "--via", "insert", *OVER, *more]


def done(outcome: Outcome, exit_code: int = DONE) -> Outcome:
    assert outcome.exit_code == exit_code, f"expected exit code {exit_code}\n{outcome}"
    return outcome


def refusing(*methods: str) -> Refuses:
    return lambda call: NOT_ALLOWED if call.method in methods else None


@pytest.fixture(scope="module")
def laptop(rig, tmp_path_factory):
    server = rig.milvus_lite("lite_of_what_stays")
    server.wait_ready()
    with RpcProxy(server.address, server.port) as proxy:
        made = Laptop(server, proxy, Program(tmp_path_factory.mktemp("laptop")))
        assert made.names() == {BYSTANDER}
        yield made
    rig.stop_one("lite_of_what_stays")


@pytest.fixture
def books(laptop):
    """A name of the second database, which nothing has; dropped behind the test."""
    yield "db1.books"
    if "db1.books" in laptop.names():
        milvus.drop(laptop.server, "books", "db1")
    assert laptop.names() == {BYSTANDER}


# Where what a failed run made cannot be dropped: whether it may rename, and whether it has a record.
BEHIND = {
    "by its record": (True, True),
    "by its name": (True, False),
    "by the record": (False, True),
    "by nothing": (False, False),
}


@pytest.mark.parametrize(("renames", "records"), BEHIND.values(), ids=BEHIND.keys())
@takes("ops/restore/run.cc", "put right with")
@takes("ops/restore/run.cc", "how to remove it by hand shows")
@takes("ops/runs/by_hand.cc", "with pymilvus")
@takes("ops/runs/leftovers.cc", "let it be forgotten with")
def test_what_could_not_be_dropped_goes_as_it_is_said(laptop, books, renames, records):
    (laptop.program.directory / "a file").touch()
    refused = refusing("Insert", "DropCollection", *([] if renames else ["RenameCollection"]))
    env = {} if records else {"XDG_STATE_HOME": str(laptop.program.directory / "a file")}
    failed = done(laptop.run(*restored(LOADED, books), refuses=refused, env=env), FAILED)
    [made] = laptop.names() - {BYSTANDER}
    assert (made == books) != renames
    assert f"{made} of this run could not be dropped" in failed.stderr, str(failed)

    cleans = commands_behind("put right with", failed)
    lists = commands_behind("how to remove it by hand shows", failed)
    assert (len(cleans), len(lists)) == (records and renames, records != renames), str(failed)
    if cleans:
        laptop.take(cleans[0])
    elif lists:
        listed = laptop.take(lists[0])
        assert made in listed.stdout, str(listed)
        laptop.by_hand(listed.stdout)
        assert laptop.names() == {BYSTANDER}
        forgets = commands_behind("when that is done, let it be forgotten with", listed)
        assert len(forgets) == records, str(listed)
        for command in forgets:
            laptop.take(command)
    else:
        laptop.by_hand(failed.stderr)
    assert laptop.names() == {BYSTANDER}
    laptop.nothing_is_left()
    laptop.the_users_stands()


@takes("ops/runs/decide.cc", "or restore over it with")
def test_what_a_killed_run_made_under_its_own_name_is_restored_over(laptop, books):
    laptop.killed_at_its_rows(*restored(LOADED, books))
    listed = laptop.program.ok("check", "--leftovers")
    flags = re.search(r"or restore over it with ((?:--\w+ ?)+)", listed.stdout)[1].split()
    assert flags == ["--drop_exist_collection", "--drop_first"]
    assert laptop.names() == {BYSTANDER, books}, "a list changes nothing"

    plainly = [word for word in restored(LOADED, books) if word != "--drop_exist_collection"]
    assert laptop.run(*plainly, refuses=refusing("RenameCollection")).exit_code == FAILED
    done(laptop.run(*plainly, *flags, refuses=refusing("RenameCollection")))
    assert laptop.names() == {BYSTANDER, books}
    assert laptop.is_it(LOADED, books)
    laptop.nothing_is_left()
    laptop.the_users_stands()


@takes("ops/runs/put_right.cc", "drop that with")
def test_an_old_collection_that_a_run_may_not_drop_is_dropped_as_it_says(laptop, books):
    laptop.program.ok(*restored(SMALL, books))
    laptop.killed(*restored(LOADED, books), at=Point("DropCollection", 1, BEFORE))
    before = laptop.names()
    assert len(before) == 3, "the old one stands aside"
    into_it = [word for word in restored(LOADED, books) if word not in OVER]
    told = done(laptop.run(*into_it, "--skip_create_collection", "--meta_only"))
    assert laptop.names() == before
    laptop.take(command_behind("drop that with", told))
    assert laptop.names() == {BYSTANDER, books}
    assert laptop.is_it(LOADED, books, "--load")
    laptop.nothing_is_left()
    laptop.the_users_stands()


def test_an_old_collection_gets_its_name_back_by_hand_where_a_third_has_it(laptop, books):
    laptop.program.ok(*restored(SMALL, books))
    laptop.killed(*restored(LOADED, books), at=Point("RenameCollection", 2, AFTER))
    fields = [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=4)]
    make("books", milvus.connection(laptop.server, "db1"), fields)
    before = laptop.names()
    listed = laptop.program.ok("check", "--leftovers")
    assert "to get it back rename or drop what has the name, then rename it" in listed.stdout, str(listed)
    assert laptop.names() == before
    milvus.drop(laptop.server, "books", "db1")
    assert "rename_collection" in laptop.by_hand(listed.stdout)
    assert laptop.is_it(SMALL, books, "--load")
    laptop.take(command_behind("when that is done, let it be forgotten with", listed))
    assert laptop.names() == {BYSTANDER, books}
    assert laptop.is_it(SMALL, books, "--load")
    laptop.nothing_is_left()
    laptop.the_users_stands()


@takes("ops/load/builder.cc", "load it beside the old one")
def test_where_memory_for_both_is_missing_each_of_the_two_ways_out_works(laptop, books):
    def no_room(call: Call) -> Refusal | None:
        if call.method != "LoadCollection":
            return None
        asked = milvus_pb2.LoadCollectionRequest.FromString(call.request)
        return NOT_ALLOWED if "_mbk_" in asked.collection_name else None

    def fails() -> str:
        failed = done(laptop.run(*restored(LOADED, books), refuses=no_room), FAILED)
        assert "load it beside the old one" in failed.stderr, str(failed)
        assert laptop.names() == {BYSTANDER, books}
        assert laptop.is_it(LOADED, books), "the old one is loaded still"
        return failed.stderr

    laptop.program.ok(*restored(LOADED, books))
    flag = re.search(r"say (--restore_load_state=\w+)", fails())[1]
    said = [flag if word == "--restore_load_state" else word for word in restored(LOADED, books)]
    done(laptop.run(*said, refuses=no_room))
    assert not laptop.is_it(LOADED, books)
    assert laptop.is_it(LOADED, books, "--load")

    laptop.program.ok(*restored(LOADED, books))
    assert "release the old one" in fails()
    laptop.books().release()
    done(laptop.run(*restored(LOADED, books), refuses=no_room))
    assert laptop.is_it(LOADED, books)
    laptop.nothing_is_left()
    laptop.the_users_stands()


@takes("ops/rows/live_rows.cc", "load it, or let --load load and release it")
def test_what_is_not_loaded_is_read_in_either_way_that_is_said(laptop, books):
    laptop.program.ok(*[word for word in restored(LOADED, books) if word != "--restore_load_state"])
    verify = ("verify", "-n", BACKUP, "--live", "--filter", LOADED, "-r", f"{LOADED}:{books}")

    def cannot() -> None:
        refused = laptop.program.run(*verify)
        assert refused.exit_code in (FAILED, PARTLY), str(refused)
        assert "load it, or let --load load and release it" in refused.stdout + refused.stderr, str(refused)

    cannot()
    laptop.program.ok(*verify, "--load")
    cannot()
    laptop.books().load()
    laptop.program.ok(*verify)
    assert laptop.names() == {BYSTANDER, books}
