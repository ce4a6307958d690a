"""Each mistake a person makes: one line that names the setting, the right exit code, nothing left behind."""

import collections_of as milvus
import pytest
from datasets import fill_small
from program import (
    DIFFERENT,
    FAILED,
    NOT_ALLOWED,
    NOT_FOUND,
    PARTLY,
    USAGE,
    documented_config,
)
from rows import assert_same_rows

NOBODY_LISTENS = 9  # the discard service


def complaint(outcome):
    """The one line of the error; log lines and the like stand apart from it."""
    lines = [line for line in outcome.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, f"one line says what is wrong\n{outcome}"
    assert "minioadmin" not in outcome.stderr, "a secret is never printed"
    return lines[0]


@pytest.fixture
def config(a, backup_root):
    """The documented file for A, with some of its keys changed."""

    def write(**changes):
        return documented_config(a.server, backup_root=backup_root, **changes)

    return write


@pytest.fixture
def create_fails(program, config, backup_root, minio_a):
    """Runs create with a changed configuration; its complaint. Nothing may be left in the backup root."""

    def run(exit_code, *args, **changes):
        program.configure(config(**changes))
        outcome = program.ends_with(exit_code, "create", "-n", "never", *(args or ("-c", "coll")))
        assert outcome.stdout == "" or exit_code == USAGE, str(outcome)
        assert minio_a.keys(f"bucket-a/{backup_root}") == []
        return complaint(outcome)

    return run


def test_wrong_milvus_address(create_fails):
    assert "milvus.port" in create_fails(FAILED, milvus={"port": NOBODY_LISTENS})


def test_wrong_store_address(create_fails):
    assert "minio.port" in create_fails(FAILED, minio={"port": NOBODY_LISTENS, "backupPort": NOBODY_LISTENS})


@pytest.mark.parametrize("changed", ["accessKeyID", "secretAccessKey"])
def test_wrong_store_credentials(create_fails, changed):
    assert f"minio.{changed}" in create_fails(NOT_ALLOWED, minio={changed: "not-the-right-one"})


@pytest.mark.parametrize("changed", ["backupAccessKeyID", "backupSecretAccessKey"])
def test_wrong_credentials_for_the_backup(create_fails, changed):
    assert f"minio.{changed}" in create_fails(NOT_ALLOWED, minio={changed: "not-the-right-one"})


def test_bucket_of_the_data_does_not_exist(create_fails):
    assert "minio.bucketName" in create_fails(FAILED, minio={"bucketName": "no-such-bucket"})


def test_the_bucket_of_another_milvus(create_fails):
    """The classic: a bucket that is there and holds nothing of this server."""
    assert "minio.bucketName" in create_fails(FAILED, minio={"bucketName": "bucket-b"})


def test_wrong_root_path(create_fails):
    assert "minio.rootPath" in create_fails(FAILED, minio={"rootPath": "no/such/files"})


@pytest.mark.parametrize("name", ["bucket_A", "UPPER", "x"])
def test_bucket_that_cannot_be_created(create_fails, name):
    said = create_fails(FAILED, minio={"backupBucketName": name})
    assert "minio.backupBucketName" in said
    assert name in said


def test_missing_configuration(program):
    outcome = program.ends_with(USAGE, "list", "--config", "nowhere.yaml")
    assert "nowhere.yaml" in complaint(outcome)


def test_broken_yaml(program):
    program.configure("milvus:\n  port: [1, 2\n")
    assert "backup.yaml" in complaint(program.ends_with(USAGE, "list"))


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("milvus", "port", "many"), ("minio", "useSSL", "perhaps"), ("minio", "storageType", "tape")],
)
def test_value_of_the_wrong_kind(program, config, section, key, value):
    program.configure(config(**{section: {key: value}}))
    said = complaint(program.ends_with(USAGE, "list"))
    assert f"{section}.{key}" in said
    assert value in said


def test_v1_keys_in_a_v2_file(program, config):
    program.configure("configVersion: v2\n" + config())
    said = program.ends_with(USAGE, "list").stderr
    assert "minio.bucketName" in said
    assert "milvus.storage.bucketName" in said


def test_misspelt_key(program, config):
    """Unknown keys are ignored with a warning, which names the key that was probably meant."""
    program.configure(config(minio={"buckeName": "bucket-b"}))
    outcome = program.ok("list")
    assert "minio.bucketName" in outcome.stderr


def test_unknown_flag(program, config):
    program.configure(config())
    assert "--colection" in complaint(program.ends_with(USAGE, "create", "--colection", "coll"))


def test_unknown_command(program, config):
    program.configure(config())
    assert "creat" in complaint(program.ends_with(USAGE, "creat"))


@pytest.mark.parametrize("name", ["a/b", "../up", "two words", "1st", "", "n" * 129])
def test_name_that_names_no_backup(program, config, name, backup_root, minio_a):
    program.configure(config())
    for verb in (["create", "-c", "coll"], ["restore"], ["get"], ["delete"]):
        # What lies there may have been named by another tool: only a path is no name of it.
        elsewhere = NOT_FOUND if name and "/" not in name else USAGE
        complaint(program.ends_with(USAGE if verb[0] == "create" else elsewhere, *verb, "-n", name))
    assert minio_a.keys(f"bucket-a/{backup_root}") == []


def test_collection_that_does_not_exist(create_fails):
    said = create_fails(NOT_FOUND, "-c", "no_such")
    assert "no_such" in said
    assert "every_type" in said, "it lists what there is"


def test_database_that_does_not_exist(create_fails):
    said = create_fails(NOT_FOUND, "-d", "no_such")
    assert "no_such" in said
    assert "archive" in said, "it lists what there is"


@pytest.fixture
def my_backup(program, config):
    program.configure(config())
    program.ok("create", "-c", "coll", "-n", "my_backup")
    return "my_backup"


def test_a_backup_of_the_same_name(program, my_backup, minio_a, backup_root):
    before = minio_a.keys(f"bucket-a/{backup_root}")
    assert "my_backup" in complaint(program.ends_with(FAILED, "create", "-c", "coll", "-n", my_backup))
    assert minio_a.keys(f"bucket-a/{backup_root}") == before
    assert program.backups() == ["my_backup"]


@pytest.mark.parametrize("verb", ["restore", "get", "delete"])
def test_no_such_backup(program, my_backup, verb):
    said = complaint(program.ends_with(NOT_FOUND, verb, "-n", "your_backup"))
    assert "your_backup" in said
    assert program.backups() == ["my_backup"]


@pytest.mark.parametrize("selector", [("-c", "no_such"), ("--filter", "no_such"), ("-d", "no_such")])
def test_restore_of_what_the_backup_does_not_hold(program, restores_into_a, my_backup, selector):
    said = complaint(program.ends_with(NOT_FOUND, "restore", "-n", my_backup, "-s", "_bak", *selector))
    assert "no_such" in said
    assert "coll" in said, "it lists what there is"


def test_a_target_collection_that_exists(program, b, config, a, my_backup, backup_root):
    there = milvus.read_all_rows(fill_small("coll", milvus.connection(b)))
    program.configure(documented_config(b, backup_root=backup_root, minio=_from_a(a)))
    said = complaint(program.ends_with(FAILED, "restore", "-n", my_backup))
    assert "coll" in said
    assert "--drop_exist_collection" in said
    assert_same_rows(there, milvus.rows(b, "coll"))


@pytest.mark.parametrize(
    "flags", [("-s", "_x", "-r", "coll:other"), ("--drop_exist_collection", "--skip_create_collection")]
)
def test_flags_that_exclude_each_other(program, my_backup, flags):
    complaint(program.ends_with(USAGE, "restore", "-n", my_backup, *flags))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"not json", b'{"id": "x", "name": '],
    ids=["empty", "cut", "list", "text", "cut in a value"],
)
def test_unreadable_metadata(program, my_backup, minio_a, backup_root, tmp_path, content):
    """list goes on without it, everything else says what is wrong, delete --unfinished removes it."""
    program.ok("create", "-c", "coll", "-n", "sound")
    meta = f"minio_a/bucket-a/{backup_root}/{my_backup}/meta"
    (tmp_path / "bad.json").write_bytes(content)
    for file in ("backup_meta.json", "full_meta.json"):
        minio_a.mc("cp", str(tmp_path / "bad.json"), f"{meta}/{file}")

    listed = program.ends_with(PARTLY, "list")
    assert "sound" in listed.stdout and my_backup not in listed.stdout
    assert my_backup in listed.stderr
    for verb in (["get"], ["restore", "-s", "_bak"]):
        assert my_backup in complaint(program.ends_with(DIFFERENT, *verb, "-n", my_backup))
    # What it is shows by its layout alone, so that it goes only when that is said.
    before = minio_a.keys(f"bucket-a/{backup_root}/{my_backup}")
    complaint(program.ends_with(FAILED, "delete", "-n", my_backup))
    assert minio_a.keys(f"bucket-a/{backup_root}/{my_backup}") == before
    program.ok("delete", "-n", my_backup, "--unfinished")
    assert minio_a.keys(f"bucket-a/{backup_root}/{my_backup}") == []


def _from_a(a):
    store = a.server.store
    return {"backupAddress": store.address, "backupPort": store.port, "backupBucketName": "bucket-a"}
