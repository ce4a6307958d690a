"""`clone`: from server to server in one command."""

import collections_of as milvus
import pytest
from advice import takes
from datasets import fill_small, fill_unflushed
from program import FAILED, NOT_FOUND, documented_config
from rows import assert_same_rows


@pytest.fixture
def clone(a, b, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root))
    program.configure(documented_config(b, backup_root=backup_root), "configs/b.yaml")

    def run(*args):
        return program.run("clone", "--to", "configs/b.yaml", *args)

    return run


def succeeds(outcome):
    assert outcome.exit_code == 0, str(outcome)
    return outcome


@pytest.mark.parametrize("name", ["coll", "every_type", "binary_dynamic", "partitioned", "tenants", "nothing_in_it"])
def test_rows_and_shape_arrive(a, b, clone, name):
    succeeds(clone("-c", name, "-s", "_clone"))
    before, after = milvus.collection(a.server, name), milvus.collection(b, f"{name}_clone")
    assert (milvus.load_state(after) == "Loaded") == (milvus.load_state(before) == "Loaded")
    assert milvus.schema_of(after) == milvus.schema_of(before)
    assert milvus.indexes_of(after) == milvus.indexes_of(before)
    assert milvus.aliases_of(after) == milvus.aliases_of(before)
    assert_same_rows(a.rows_of(name), milvus.rows(b, f"{name}_clone"))


def test_ends_with_a_comparison_of_row_counts(clone):
    assert "3000" in succeeds(clone("-c", "coll", "-s", "_clone")).stdout.replace(",", "")


def test_writes_no_backup_into_the_source_bucket(clone, minio_a, minio_b, backup_root):
    data_before = [key for key in minio_a.keys("bucket-a") if not key.startswith("files/")]
    succeeds(clone("-c", "coll", "-s", "_clone"))
    assert [key for key in minio_a.keys("bucket-a") if not key.startswith("files/")] == data_before
    leftovers = [key for key in minio_b.keys("bucket-b") if key.startswith(("restore-temp", backup_root))]
    assert leftovers == []


def test_writes_a_backup_too_when_asked(a, b, clone, program, backup_root):
    succeeds(clone("-c", "coll", "-s", "_clone", "--as", "kept"))
    assert program.backups() == ["kept"]
    program.ok("copy", "-n", "kept", "--to", "configs/b.yaml")
    program.ok("restore", "-n", "kept", "-s", "_from_backup", "--config", "configs/b.yaml")
    assert_same_rows(a.rows_of("coll"), milvus.rows(b, "coll_from_backup"))


def test_rows_that_are_not_flushed_are_cloned(a, b, clone):
    using = milvus.connection(a.server)
    made = fill_unflushed("just_written", using)
    expected = milvus.read_all_rows(made)
    try:
        succeeds(clone("-c", "just_written"))
    finally:
        milvus.drop(a.server, "just_written")
    assert_same_rows(expected, milvus.rows(b, "just_written"))


def test_renames_into_another_database(a, b, clone):
    succeeds(clone("-c", "archive.coll", "-r", "archive.coll:elsewhere.moved"))
    assert_same_rows(a.rows_of("coll", "archive"), milvus.rows(b, "moved", "elsewhere"))


def test_a_target_that_exists_is_left_alone(b, clone):
    there = milvus.read_all_rows(fill_small("coll", milvus.connection(b)))
    outcome = clone("-c", "coll")
    assert outcome.exit_code == FAILED, str(outcome)
    assert "coll" in outcome.stderr
    assert_same_rows(there, milvus.rows(b, "coll"))


@takes("ops/identity.cc", "it would be dropped or written to")
@pytest.mark.usefixtures("clone", "restores_into_a")
def test_a_clone_onto_its_source_is_none_when_another_name_or_server_is_given(a, b, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root), "configs/again.yaml")
    before = milvus.all_names(a.server)
    onto_itself = ("clone", "-c", "archive.coll", "--drop_exist_collection", "--meta_only")
    refused = program.ends_with(FAILED, *onto_itself, "--to", "configs/again.yaml")
    assert "is itself what would be read" in refused.stderr
    for part in ("another name there (--suffix or --rename)", "another server in the --to file", "nothing was changed"):
        assert part in refused.stderr
    program.ok(*onto_itself, "--to", "configs/again.yaml", "--suffix", "_b")
    program.ok(*onto_itself, "--to", "configs/again.yaml", "--rename", "archive.coll:archive.other")
    assert milvus.all_names(a.server) == before | {("archive", "coll_b"), ("archive", "other")}
    program.ok(*onto_itself, "--to", "configs/b.yaml")
    assert ("archive", "coll") in milvus.all_names(b)
    assert_same_rows(a.rows_of("coll", "archive"), milvus.rows(a.server, "coll", "archive"))


def test_a_collection_that_is_not_there(clone):
    outcome = clone("-c", "no_such")
    assert outcome.exit_code == NOT_FOUND, str(outcome)
    assert "no_such" in outcome.stderr
    assert "every_type" in outcome.stderr, "it lists what there is"
