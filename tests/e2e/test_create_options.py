"""What create can be told, in the words of both lines of the Go tool."""

import json

import collections_of as milvus
import pytest
from datasets import fill_unflushed
from program import documented_config
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
        (("--filter", "coll", "-c", "every_type", "-d", "archive"), {("default", "coll")}),
        (("-a", '{"archive": []}', "-c", "coll"), {("archive", "coll")}),
        (("-c", "coll", "-d", "archive"), {("default", "coll")}),
        ((), {("default", name) for name in EVERYTHING_IN_DEFAULT} | {("archive", "coll")}),
    ],
    ids=lambda value: " ".join(value) or "everything" if isinstance(value, tuple) else "",
)
def test_selects(here, flags, expected):
    here.ok("create", "-n", "chosen", "--strategy", "meta_only", *flags)
    assert held_by(here, "chosen") == expected


@pytest.mark.parametrize("flags", [("--strategy", "meta_only"), ("--meta_only",)], ids=" ".join)
def test_meta_only_copies_no_data(here, minio_a, backup_root, flags):
    here.ok("create", "-c", "coll", "-n", "shape", *flags)
    assert not [key for key in minio_a.keys(f"bucket-a/{backup_root}/shape") if "binlogs" in key]


@pytest.mark.parametrize("flags", [("--strategy", "skip_flush"), ("-f",), ("--force",)], ids=" ".join)
def test_skip_flush_backs_up_what_is_in_files(a, here, restores_into_a, flags):
    made = fill_unflushed("fresh", milvus.connection(a.server))
    try:
        here.ok("create", "-c", "fresh", "-n", "no_flush", *flags)
        assert len(milvus.read_all_rows(made)) == 496
        here.ok("restore", "-n", "no_flush", "-s", "_bak")
        assert milvus.rows(restores_into_a, "fresh_bak") == {}
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


def test_the_source_is_as_it_was(a, here):
    found = milvus.collection(a.server, "coll")
    before = milvus.schema_of(found), milvus.indexes_of(found), milvus.aliases_of(found), milvus.load_state(found)
    here.ok("create", "-n", "everything")
    found = milvus.collection(a.server, "coll")
    assert before == (
        milvus.schema_of(found), milvus.indexes_of(found), milvus.aliases_of(found), milvus.load_state(found)
    )  # fmt: skip
    assert_same_rows(a.rows_of("coll"), milvus.rows(a.server, "coll"))
