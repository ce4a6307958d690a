"""`compare` and `verify --live` on collections in states that keep them from being a proof."""

import re
import threading

import collections_of as milvus
import pytest
from advice import takes
from datasets import INT64_MAX, books, vectors
from program import DIFFERENT, PARTLY, USAGE, documented_config, only_collection
from pymilvus import utility

WRITER_SECONDS = 60  # the comparison is over long before


@pytest.fixture
def server(restores_into_a):
    """Server A; what a test makes in it is dropped behind the test."""
    return restores_into_a


@pytest.fixture
def compare(server, program, backup_root):
    program.configure(documented_config(server, backup_root=backup_root))
    return program


def test_rows_that_are_counted_and_never_returned_are_reported(server, compare):
    books(server, "topmost", [1, 2, 3, INT64_MAX])
    books(server, "without", [1, 2, 3])
    outcome = compare.ends_with(PARTLY, "compare", "-c", "topmost:without")
    assert f"counts 1 row(s) of key {INT64_MAX} and returns them to no query" in outcome.stdout
    assert "not proved" in outcome.stdout
    assert "equal" not in outcome.stdout
    assert "DIFFERENT" not in outcome.stdout


def test_a_key_that_no_query_returns_is_no_difference_from_a_backup_that_has_it(server, compare):
    books(server, "topmost", [1, 2, 3, INT64_MAX])
    compare.ok("create", "-n", "top", "-c", "topmost")
    outcome = compare.ends_with(PARTLY, "--json", "verify", "-n", "top", "--live")
    one = only_collection(outcome)
    assert (one["result"], one["equal"]) == ("not proved", False)
    assert (one["left"]["rows"], one["right"]["rows"]) == (3, 3)
    [told] = one["unproven"]
    assert f"of key {INT64_MAX}" in told


def test_a_collection_that_is_not_loaded_is_reported_and_the_others_compared(server, compare):
    idle = books(server, "idle", range(100))
    idle.release()
    books(server, "left", range(100))
    books(server, "right", range(100))
    outcome = compare.ends_with(PARTLY, "--json", "compare", "-c", "idle:right,left:right")
    results = {one["left"]["name"].split(": ")[-1]: one for one in outcome.json()["collections"]}
    assert results["default.idle"]["result"] == "not read"
    assert "is not loaded" in results["default.idle"]["unproven"][0]
    assert results["default.left"]["result"] == "equal"
    assert milvus.load_state(idle) == "NotLoad"


def test_with_load_it_is_loaded_and_released_again(server, compare):
    idle, loaded = books(server, "idle", range(100)), books(server, "serving", range(100))
    idle.release()
    compare.ok("compare", "-c", "idle:serving", "--load")
    assert milvus.load_state(idle) == "NotLoad"
    assert milvus.load_state(loaded) == "Loaded"


def test_a_collection_of_which_a_partition_is_not_loaded_is_left_as_it_is(server, compare):
    partly = books(server, "partly", range(100))
    partly.release()
    partly.create_partition("east")
    partly.load(["east"])
    books(server, "serving", range(100))
    outcome = compare.ends_with(PARTLY, "compare", "-c", "partly:serving", "--load")
    assert "not loaded" in outcome.stdout
    assert "DIFFERENT" not in outcome.stdout
    using = milvus.connection(server)
    states = {name: str(utility.load_state("partly", [name], using=using)) for name in ("_default", "east")}
    assert states == {"_default": "NotLoad", "east": "Loaded"}


def test_changed_rows_name_their_fields(server, compare):
    books(server, "left", range(100))
    right = books(server, "right", range(100))
    right.upsert([[7], ["another"], vectors(22, 1, 8)])
    right.upsert([[8], ["another"], vectors(21, 100, 8)[8:9]])
    outcome = compare.ends_with(DIFFERENT, "--json", "compare", "-c", "left:right")
    one = only_collection(outcome)
    assert (one["missing"], one["extra"], one["changed"]) == (0, 0, 2)
    assert one["differences"] == [
        {"kind": "changed", "key": "7", "fields": ["tag", "v"]},
        {"kind": "changed", "key": "8", "fields": ["tag"]},
    ]


@takes("cli/compare_report.cc", "of them are named (--max_differences)")
def test_no_more_keys_are_named_than_asked_for(server, compare):
    books(server, "left", range(100))
    books(server, "right", range(40, 120), tag="other")
    outcome = compare.ends_with(DIFFERENT, "--json", "compare", "-c", "left:right", "--max-differences", "5")
    one = only_collection(outcome)
    assert (one["missing"], one["extra"], one["changed"]) == (40, 20, 60)
    assert len(one["differences"]) == 5
    told = compare.ends_with(DIFFERENT, "compare", "-c", "left:right").stdout
    named, flag = re.search(r"; (\d+) of them are named \((--\w+)\)", told).groups()
    assert int(named) < 120
    all_of_them = compare.ends_with(DIFFERENT, "compare", "-c", "left:right", flag, "120").stdout
    assert "are named" not in all_of_them
    for kind, keys in (("missing", range(40)), ("extra", range(100, 120)), ("changed", range(40, 100))):
        assert {int(key) for key in re.findall(rf"^  {kind} (\d+)", all_of_them, re.MULTILINE)} == set(keys)


@takes("ops/compare/run.cc", "has the same id and time of creation")
def test_what_is_compared_with_itself_is_not_when_another_is_named_or_that_is_meant(server, b, compare, backup_root):
    compare.configure(documented_config(b, backup_root=backup_root), "b.yaml")
    for there, name in ((server, "left"), (server, "right"), (b, "left")):
        books(there, name, range(100))
    itself = ("compare", "-c", "left:left")
    refused = compare.ends_with(USAGE, *itself)
    assert "is compared with itself" in refused.stderr
    assert "name another server or collection" in refused.stderr and "add --same-id-ok" in refused.stderr, str(refused)
    compare.ok("compare", "-c", "left:right")
    compare.ok(*itself, "--to", "b.yaml")
    meant = compare.ok(*itself, "--same-id-ok")
    assert "have one id and one time of creation" in meant.stderr


def test_a_collection_that_is_written_to_proves_nothing(server, compare):
    busy = books(server, "busy", range(100))
    books(server, "calm", range(100))
    over = threading.Event()

    def write():
        key = 1000
        while not over.wait(0.1):
            busy.insert([[key], ["new"], vectors(key, 1, 8)])
            key += 1

    writer = threading.Thread(target=write)
    limit = threading.Timer(WRITER_SECONDS, over.set)
    limit.start()
    writer.start()
    try:
        outcome = compare.run("compare", "-c", "busy:calm")
    finally:
        over.set()
        limit.cancel()
        writer.join()
    assert outcome.exit_code == PARTLY, str(outcome)
    assert "default.busy is being written to" in outcome.stdout
