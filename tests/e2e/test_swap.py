"""Restore over what stands, on a real Milvus: the old rows answer until the new ones do, whatever goes wrong."""

import threading
import time

import collections_of as milvus
import pytest
from advice import command_behind, takes
from datasets import field, fill_partitioned, fill_small, make
from milvus_server import EAGER
from program import DIFFERENT, DONE, FAILED, PARTLY, Program, local_config
from pymilvus import Collection, DataType, utility
from rows import assert_same_rows

QUERY_EVERY_S = 0.02
OLD_ROWS = 200  # of fill_small


@pytest.fixture(scope="module")
def disk(rig):
    server = rig.milvus("milvus_swap", overrides=EAGER)
    server.wait_ready()
    yield server
    rig.stop_one(server.name)


@pytest.fixture(scope="module")
def saved(disk, tmp_path_factory):
    """A backup of two collections, its program, and the rows of one of them."""
    program = Program(tmp_path_factory.mktemp("swap"))
    program.configure(local_config(disk, program.directory / "backups"))
    source = fill_partitioned("partitioned", milvus.connection(disk))
    fill_small("small", milvus.connection(disk))
    program.ok("create", "-n", "saved")
    rows = milvus.read_all_rows(source)
    assert len(rows) != OLD_ROWS
    return program, rows


@pytest.fixture
def rows(saved):
    return saved[1]


@pytest.fixture
def server(disk, saved):
    with milvus.only_for_now(disk) as server:
        yield server


@pytest.fixture
def restore(server, saved):
    """Restores `partitioned` as partitioned_b, and whatever else is told."""
    return lambda *args: saved[0].run("restore", "-n", "saved", "-c", "partitioned", "-s", "_b", *args)


@pytest.fixture
def old(server):
    """What stands under the name: loaded, with an alias."""
    made = fill_small("partitioned_b", milvus.connection(server))
    utility.create_alias("partitioned_b", "of_the_users", using=milvus.connection(server))
    return made


def ends_with(outcome, exit_code):
    assert outcome.exit_code == exit_code, str(outcome)
    return outcome


def state_of_sources(server):
    found = [milvus.collection(server, name) for name in ("partitioned", "small")]
    return [(milvus.indexes_of(one), milvus.load_state(one), milvus.aliases_of(one)) for one in found]


def names(server):
    return {name for name in milvus.names(server)} - {"partitioned", "small"}


class Watch:
    """Counts the rows of a collection all the time, in a thread of its own; remembers each answer that is another."""

    def __init__(self, collection):
        self._collection, self._stop = collection, threading.Event()
        self.answers = []
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._stop.is_set():
            try:
                counted = self._collection.query("", output_fields=["count(*)"], consistency_level="Bounded")
                answer = counted[0]["count(*)"]
            except Exception as error:  # whatever a user would see
                answer = str(error)
            if self.answers[-1:] != [answer]:
                self.answers.append(answer)
            time.sleep(QUERY_EVERY_S)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


OVER = ("--drop_exist_collection", "--rebuild_index", "--restore_load_state")


def test_a_replaced_collection_keeps_its_alias_which_answers_all_the_time(server, restore, rows, old):
    with Watch(Collection("of_the_users", using=milvus.connection(server))) as watch:
        ends_with(restore(*OVER), DONE)
    assert names(server) == {"partitioned_b"}
    assert_same_rows(rows, milvus.rows(server, "partitioned_b"))
    assert milvus.aliases_of(milvus.collection(server, "partitioned_b")) == ["of_the_users"]
    assert watch.answers == [OLD_ROWS, len(rows)]


def test_a_dry_run_names_what_is_replaced_and_which_aliases_move(server, restore, old):
    said = ends_with(restore("--drop_exist_collection", "--dry-run"), DONE).stdout
    assert "default.partitioned_b stands" in said
    assert "of_the_users" in said
    assert len(milvus.rows(server, "partitioned_b")) == OLD_ROWS


@pytest.mark.parametrize("recorded", [True, False], ids=["told by its digest", "told by the import"])
def test_old_rows_stay_when_a_file_is_damaged(server, saved, restore, old, recorded):
    """Safety 1 c. Without a record of digests, as the Go tool leaves it, Milvus meets the damage."""
    backup = saved[0].directory / "backups/saved"
    files = [f for f in (backup / "binlogs/insert_log").rglob("*") if f.is_file()]
    record = backup / "meta/objects.json"
    kept = {file: file.read_bytes() for file in [*files, record]}
    before = milvus.rows(server, "partitioned_b")
    try:
        for file in files:
            file.write_bytes(bytes(file.stat().st_size))
        if not recorded:
            record.unlink()
        ends_with(restore(*OVER), DIFFERENT if recorded else FAILED)
    finally:
        for file, content in kept.items():
            file.write_bytes(content)
    assert names(server) == {"partitioned_b"}
    assert milvus.rows(server, "partitioned_b") == before
    assert milvus.aliases_of(milvus.collection(server, "partitioned_b")) == ["of_the_users"]


def test_restored_twice_is_restored_once(server, restore, rows):
    for _ in range(2):
        ends_with(restore("--drop_exist_collection"), DONE)
    assert names(server) == {"partitioned_b"}
    assert_same_rows(rows, milvus.rows(server, "partitioned_b"))


def test_rows_are_added_to_others_only_when_that_is_said(server, restore, rows):
    """Safety 14."""
    ends_with(restore(), DONE)
    refused = ends_with(restore(), FAILED)
    assert "--drop_exist_collection" in refused.stderr
    assert "--skip_create_collection" not in refused.stderr
    refused = ends_with(restore("--skip_create_collection"), FAILED)
    assert "--append" in refused.stderr
    assert_same_rows(rows, milvus.rows(server, "partitioned_b"))


def test_another_schema_takes_no_rows(server, restore):
    fields = [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=16)]
    make("partitioned_b", milvus.connection(server), fields)
    refused = ends_with(restore("--skip_create_collection", "--append"), FAILED)
    assert "field v: it has the dimension 16 there and 8 in the backup" in refused.stderr


def test_an_alias_is_no_name_to_restore_to(server, saved, old):
    program = saved[0]
    rename = ("-r", "partitioned:of_the_users", "--drop_exist_collection")
    refused = ends_with(program.run("restore", "-n", "saved", "-c", "partitioned", *rename), FAILED)
    assert "alias of the collection partitioned_b" in refused.stderr
    assert len(milvus.rows(server, "partitioned_b")) == OLD_ROWS


def test_verified_before_it_takes_its_name(server, restore, rows):
    ends_with(restore("--rebuild_index", "--verify"), DONE)
    assert_same_rows(rows, milvus.rows(server, "partitioned_b"))


def test_what_cannot_be_read_does_not_take_its_name(server, restore):
    assert "--verify" in ends_with(restore("--verify"), PARTLY).stderr
    assert names(server) == set()


@takes("cli/load_report.cc", "what the source has of it comes with")
def test_the_end_says_what_was_done_and_what_is_missing_and_how_it_comes(server, saved, restore, rows):
    """Field case 72."""
    restored = ends_with(restore(), DONE)
    said = restored.stdout
    assert "1 of 1 collections" in said
    assert "rows/s" in said
    assert "not indexed: default.partitioned_b" in said
    assert "not loaded: default.partitioned_b" in said
    assert said.splitlines()[-1].startswith("duration:")

    before, others = names(server), state_of_sources(server)
    made = milvus.collection(server, "partitioned_b")
    assert (milvus.indexes_of(made), milvus.load_state(made)) == ({}, "NotLoad")
    ends_with(saved[0].shell(command_behind("what the source has of it comes with", restored)), DONE)
    source = milvus.collection(server, "partitioned")
    assert (milvus.indexes_of(made), milvus.load_state(made)) == (milvus.indexes_of(source), "Loaded")
    assert_same_rows(rows, milvus.read_all_rows(made))
    assert (names(server), state_of_sources(server)) == (before, others)
