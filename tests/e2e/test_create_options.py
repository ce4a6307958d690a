"""What create can be told, in the words of both lines of the Go tool."""

import json
import re
import time

import collections_of as milvus
import pytest
from advice import takes
from datasets import fill_unflushed
from program import DONE, FAILED, PARTLY, USAGE, documented_config
from rows import assert_same_rows

EVERYTHING_IN_DEFAULT = {"coll", "every_type", "binary_dynamic", "partitioned", "all_deleted", "tenants", "unflushed",
                         "nothing_in_it"}  # fmt: skip


@pytest.fixture
def here(a, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root))
    return program


def held_by(program, name):
    brief = json.loads(program.ok("get", "-n", name).stdout)
    return {(held["db_name"], held["collection_name"]) for held in brief.get("collection_backups") or []}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("-c", "coll"), {("default", "coll")}),
        (("--colls", "coll,archive.coll"), {("default", "coll"), ("archive", "coll")}),
        (("-c", "default.coll"), {("default", "coll")}),
        (("-d", "archive"), {("archive", "coll")}),
        (("--databases", "archive"), {("archive", "coll")}),
        (("-a", '{"archive": []}'), {("archive", "coll")}),
        (("--database_collections", '{"default": ["coll"]}'), {("default", "coll")}),
        (("--database-collections", '{"default": ["coll"]}'), {("default", "coll")}),
        (("--filter", "archive.*"), {("archive", "coll")}),
        (("--filter", "archive.coll,coll"), {("default", "coll"), ("archive", "coll")}),
        (("-c", "coll", "-d", "archive"), {("archive", "coll")}),
        ((), {("default", name) for name in EVERYTHING_IN_DEFAULT} | {("archive", "coll")}),
    ],
    ids=lambda value: " ".join(value) or "everything" if isinstance(value, tuple) else "",
)
def test_selects(here, flags, expected):
    here.ok("create", "-n", "chosen", "--strategy", "meta_only", *flags)
    assert held_by(here, "chosen") == expected


@takes("cli/selection_flags.cc", "for all that they name write --filter {}")
def test_a_filter_is_written_for_whoever_selects_twice(here):
    create = ("create", "-n", "chosen", "--strategy", "meta_only")
    twice = ("-d", "archive", "-c", "default.coll", "-a", '{"default": ["tenants"]}')
    advised = re.search(r"write (--filter .*)", here.ends_with(USAGE, *create, *twice).stderr)[1]
    assert here.backups() == []
    taken = here.shell(f"milvus-backup {' '.join(create)} {advised}")
    assert taken.exit_code == DONE, str(taken)
    assert held_by(here, "chosen") == {("archive", "coll"), ("default", "coll"), ("default", "tenants")}


@pytest.mark.parametrize("flags", [("--strategy", "meta_only"), ("--meta_only",)], ids=" ".join)
def test_meta_only_copies_no_data(here, minio_a, backup_root, flags):
    here.ok("create", "-c", "coll", "-n", "shape", *flags)
    assert not [key for key in minio_a.keys(f"bucket-a/{backup_root}/shape") if "binlogs" in key]


@pytest.mark.parametrize("flags", [("--strategy", "skip_flush"), ("-f",), ("--force",)], ids=" ".join)
def test_skip_flush_backs_up_what_is_in_files(a, here, restores_into_a, flags):
    made = fill_unflushed("fresh", milvus.connection(a.server))
    try:
        told = "default.fresh: 496 row(s) are in memory only"
        plan = here.ok("create", "-c", "fresh", "-n", "no_flush", "--dry-run", *flags)
        assert told in plan.stderr
        assert "come on top" not in plan.stdout
        assert told in here.ok("create", "-c", "fresh", "-n", "no_flush", *flags).stderr
        assert len(milvus.read_all_rows(made)) == 496
        here.ok("restore", "-n", "no_flush", "-s", "_bak")
    finally:
        milvus.drop(a.server, "fresh")


@pytest.mark.parametrize("flags", [(), ("--strategy", "serial_flush")], ids=["as it comes", "serial_flush"])
def test_rows_that_are_not_flushed_are_backed_up(a, here, restores_into_a, flags):
    expected = milvus.read_all_rows(fill_unflushed("fresh", milvus.connection(a.server)))
    try:
        here.ok("create", "-c", "fresh", "-n", "flushed", *flags)
    finally:
        milvus.drop(a.server, "fresh")
    here.ok("restore", "-n", "flushed", "-s", "_bak")
    assert_same_rows(expected, milvus.rows(restores_into_a, "fresh_bak"))


@takes("ops/load/place.cc", "with --via insert they begin anew")
def test_rows_that_a_ttl_has_let_run_out_are_said_and_replace_nothing(a, here, restores_into_a):
    """An import leaves rows the time at which they were written."""
    fresh = fill_unflushed("fresh", milvus.connection(a.server))
    try:
        fresh.set_properties({"collection.ttl.seconds": 15})
        here.ok("create", "-c", "fresh", "-n", "short_lived")
        fresh.set_properties({"collection.ttl.seconds": 86400})
        beside = ("restore", "-n", "short_lived", "-s", "_bak", "--rebuild_index", "--restore_load_state")
        deadline = time.monotonic() + 60
        while "Milvus hides them" not in here.run(*beside, "--dry-run").stderr:
            assert time.monotonic() < deadline
        assert "Milvus hides them" in here.ends_with(PARTLY, *beside).stderr
        refused = here.ends_with(FAILED, "restore", "-n", "short_lived", "--drop_exist_collection")
        assert "would be replaced by rows that do not last" in refused.stderr
        living = milvus.read_all_rows(fresh)
        assert len(living) == 496
        here.ok("restore", "-n", "short_lived", "--drop_exist_collection", "--via", "insert", "--rebuild_index",
                "--restore_load_state")  # fmt: skip
        assert_same_rows(living, milvus.rows(a.server, "fresh"))
    finally:
        milvus.drop(a.server, "fresh")


@takes("milvus/grpc_data.cc", "do without --rbac")
def test_users_and_roles_that_a_server_hands_out_to_nobody_are_refused_with_its_version(here, minio_a, backup_root):
    """Field case 53: it was gRPC's own text."""
    create = ("create", "-c", "coll", "-n", "with_users")
    refused = here.ends_with(FAILED, *create, "--rbac")
    assert "v2.3.5-lite" in refused.stderr
    assert "from 2.4.9 on" in refused.stderr
    assert minio_a.keys(f"bucket-a/{backup_root}") == []
    here.ok(*create)


def test_the_source_is_as_it_was(a, here):
    found = milvus.collection(a.server, "coll")
    before = milvus.schema_of(found), milvus.indexes_of(found), milvus.aliases_of(found), milvus.load_state(found)
    here.ok("create", "-n", "everything")
    found = milvus.collection(a.server, "coll")
    assert before == (
        milvus.schema_of(found), milvus.indexes_of(found), milvus.aliases_of(found), milvus.load_state(found)
    )  # fmt: skip
    assert_same_rows(a.rows_of("coll"), milvus.rows(a.server, "coll"))
