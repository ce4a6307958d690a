"""`create` and `compare` on servers that go on living: what was not taken, or cannot be proved, is said."""

import threading
import time

import collections_of as milvus
import pytest
from advice import takes
from datasets import FLAT_IP, books, field, flush, make, vectors
from program import DIFFERENT, DONE, FAILED, NOT_FOUND, PARTLY, documented_config, only_collection
from pymilvus import DataType, db, utility
from rpc_proxy import BEFORE, Point, RpcProxy

REMADE = "remade"


@pytest.fixture
def here(b, program, backup_root):
    """Server B, on which there is what the test makes."""
    program.configure(documented_config(b, backup_root=backup_root))
    return program


@takes("ops/capture/select.cc", "if a backup of nothing is meant, say --allow-empty")
@takes("ops/load/plan.cc", "there is nothing to restore: ")
def test_a_backup_of_nothing_is_an_error_unless_it_is_meant(here, b):
    refused = here.ends_with(NOT_FOUND, "create", "-n", "nothing")
    assert "if a backup of nothing is meant, say --allow-empty" in refused.stderr
    assert here.backups() == []
    here.ok("create", "-n", "nothing", "--allow-empty")
    assert here.backups() == ["nothing"]
    refused = here.ends_with(NOT_FOUND, "restore", "-n", "nothing")
    assert "If that is meant, say --allow-empty: its databases are made" in refused.stderr
    here.ok("restore", "-n", "nothing", "--allow-empty")
    assert milvus.all_names(b) == set()
    milvus.create_database(b, "bare")
    books(b, "one", range(10))
    try:
        here.ends_with(NOT_FOUND, "create", "-n", "bare", "--filter", "bare.*")
    finally:
        db.drop_database("bare", using=milvus.connection(b))


@pytest.fixture
def remade_all_the_time(b):
    """A collection that is dropped and made again in a loop, beside others that stay."""
    for i in range(6):
        books(b, f"stays_{i}", range(50))
    over = threading.Event()

    def remake():
        using = milvus.connection(b)
        while not over.is_set():
            made = make(REMADE, using, [field("id", DataType.INT64, is_primary=True),
                                        field("v", DataType.FLOAT_VECTOR, dim=8)])  # fmt: skip
            made.insert([list(range(50)), vectors(3, 50, 8)])
            over.wait(0.05)
            utility.drop_collection(REMADE, using=using)

    thread = threading.Thread(target=remake)
    thread.start()
    yield
    over.set()
    thread.join()


def test_the_others_are_saved_when_one_is_made_again_all_the_time(here, b, remade_all_the_time):
    for attempt in range(3):
        outcome = here.run("create", "-n", f"kept_{attempt}", "--skip-vanished", "--json")
        report = outcome.json()
        held = {one["collection_name"]: one["rows"] for one in report["collections"]}
        assert {name: rows for name, rows in held.items() if name != REMADE} == {f"stays_{i}": 50 for i in range(6)}
        left_out = {one["collection"]: one["reason"] for one in report["left_out"]}
        if REMADE in held:  # it stood still for as long as it was looked at
            assert held[REMADE] in (0, 50)
        else:
            assert left_out in ({f"default.{REMADE}": "vanished"}, {})
        assert outcome.exit_code == (PARTLY if left_out else 0)


@takes("ops/capture/each_captured.cc", "nothing is kept. Run it again, or with --skip-vanished")
def test_without_leave_to_skip_it_fails_and_keeps_nothing_and_goes_on_as_it_says(here, b, backup_root):
    rows = {name: milvus.read_all_rows(books(b, name, range(50))) for name in ("stays_0", "stays_1")}
    with RpcProxy(b.address, b.port) as proxy:
        here.configure(documented_config(b, backup_root=backup_root, milvus={"port": proxy.port}), "by_proxy.yaml")

        def one_vanishes():
            """When the run has seen it, and before anything is flushed."""
            books(b, "vanishes", range(50))
            gone = lambda: utility.drop_collection("vanishes", using=milvus.connection(b))  # noqa: E731
            proxy.act_at(Point("Flush", 1, BEFORE), gone)

        def kept(exit_code, *args):
            outcome = here.ends_with(exit_code, "create", "-n", "all", "--json", "--config", "by_proxy.yaml", *args)
            report = outcome.json()
            assert {one["collection_name"]: one["rows"] for one in report["collections"]} == {name: 50 for name in rows}
            here.ok("verify", "-n", "all", "--level", "rows")
            here.ok("delete", "-n", "all")
            return report

        one_vanishes()
        failed = here.ends_with(FAILED, "create", "-n", "all", "--config", "by_proxy.yaml")
        assert proxy.struck
        assert "default.vanishes" in failed.stderr
        assert "nothing is kept. Run it again, or with --skip-vanished, which takes the others" in failed.stderr
        assert here.backups() == []

        proxy.only_pass_on()
        assert kept(DONE)["left_out"] == []
        one_vanishes()
        [left_out] = kept(PARTLY, "--skip-vanished")["left_out"]
        assert (left_out["collection"], left_out["reason"]) == ("default.vanishes", "vanished")
    assert {name: milvus.rows(b, name) for name in rows} == rows


def test_one_partition_that_is_loaded_is_loaded_alone_again(here, b):
    partly = books(b, "partly", range(100))
    partly.release()
    for name in ("east", "west"):
        partly.create_partition(name)
    partly.load(["east"])
    here.ok("create", "-n", "partly")
    here.ok("restore", "-n", "partly", "-s", "_bak", "--rebuild_index", "--restore_load_state")
    using = milvus.connection(b)
    states = {
        name: str(utility.load_state("partly_bak", [name], using=using)) for name in ("_default", "east", "west")
    }
    assert states == {"_default": "NotLoad", "east": "Loaded", "west": "NotLoad"}


def test_rows_in_another_partition_are_a_difference(here, b):
    for name, partition in (("left", "east"), ("right", "west")):
        made = books(b, name, range(10, 20))
        made.release()
        for other in ("east", "west"):
            made.create_partition(other)
        made.insert([[1, 2, 3], ["a", "b", "c"], vectors(5, 3, 8)], partition_name=partition)
        flush(made)
        made.load()
    one = only_collection(here.ends_with(DIFFERENT, "compare", "-c", "left:right", "--json"))
    assert one["result"] == "DIFFERENT"
    assert one["partition_differences"] == [
        {"partition": "east", "rows_left": 3, "rows_right": 0},
        {"partition": "west", "rows_left": 0, "rows_right": 3},
    ]


def test_keys_that_were_inserted_several_times_are_named_as_the_reason(here, b):
    made = books(b, "repeated", range(10))
    for round_ in range(3):
        made.insert([[7], [f"round {round_}"], vectors(round_, 1, 8)])
        flush(made)
    here.ok("create", "-n", "repeated")
    outcome = here.ends_with(PARTLY, "verify", "-n", "repeated", "--live")
    assert "inserted more than once" in outcome.stdout
    assert "DIFFERENT" not in outcome.stdout
    restored = here.ends_with(PARTLY, "restore", "-n", "repeated", "-s", "_v", "--rebuild_index", "--verify")
    assert "inserted more than once" in restored.stderr, "no proof, and no damage either"
    assert "repeated_v" not in milvus.names(b)


def test_a_collection_without_an_index_is_named_and_the_others_are_compared(here, b):
    make("raw", milvus.connection(b),
         [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=8)])  # fmt: skip
    for name in ("left", "right"):
        books(b, name, range(20))
    outcome = here.ends_with(PARTLY, "compare", "-c", "raw:left,left:right", "--load", "--json")
    collections = outcome.json()["collections"]
    [raw] = [one for one in collections if one["result"] != "equal"]
    [others] = [one for one in collections if one["result"] == "equal"]
    assert raw["result"] == "not read"
    assert "cannot be loaded" in raw["unproven"][0]
    assert others["result"] == "equal"


def test_many_partitions_are_compared_in_seconds(here, b):
    for name in ("left", "right"):
        made = make(name, milvus.connection(b),
                    [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=8)])  # fmt: skip
        made.create_index("v", FLAT_IP)
        for i in range(63):
            made.create_partition(f"p{i}")
        for i in range(0, 63, 8):
            made.insert([list(range(i * 10, i * 10 + 8)), vectors(i, 8, 8)], partition_name=f"p{i}")
        flush(made)
        made.load()
    started = time.monotonic()
    here.ok("compare", "-c", "left:right")
    assert time.monotonic() - started < 20
