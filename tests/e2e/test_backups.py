"""list, get, check, delete, copy: what an operator does with backups that lie there."""

import hashlib
import json

import collections_of as milvus
import pytest
from program import DIFFERENT, DONE, FAILED, NOT_FOUND, backup_store, documented_config
from rows import assert_same_rows


@pytest.fixture
def here(a, program, backup_root):
    """A is configured, with a backup root of this test's own."""
    program.configure(documented_config(a.server, backup_root=backup_root))
    return program


def test_list_of_nothing_is_its_header(here):
    assert here.ok("list").stdout == ">> Backups:\n"


def test_list_names_each_backup_on_a_line(here):
    for name in ("night_2", "night_1"):
        here.ok("create", "-c", "coll", "-n", name)
    assert here.ok("list").stdout == ">> Backups:\nnight_1\nnight_2\n"


def test_list_can_ask_for_a_collection(here):
    """The -c of version 0.4."""
    here.ok("create", "-c", "coll", "-n", "with_coll")
    here.ok("create", "-c", "nothing_in_it", "-n", "without")
    assert here.ok("list", "-c", "coll").stdout == ">> Backups:\nwith_coll\n"


def test_get_shows_what_a_backup_holds(here):
    here.ok("create", "-c", "coll,archive.coll", "-n", "my_backup")
    text = here.ok("get", "-n", "my_backup").stdout
    brief = json.loads(text)
    assert text == json.dumps(brief, indent=4, ensure_ascii=False) + "\n", "four spaces, as scripts know it"
    assert brief["name"] == "my_backup"
    held = {(held["db_name"], held["collection_name"]) for held in brief["collection_backups"]}
    assert held == {("default", "coll"), ("archive", "coll")}


def test_a_backup_without_a_name_gets_one(here):
    here.ok("create", "-c", "nothing_in_it")
    [name] = here.backups()
    assert name.startswith("backup_20")


def test_delete_removes_every_object(here, minio_a, backup_root):
    here.ok("create", "-c", "coll", "-n", "my_backup")
    here.ok("create", "-c", "coll", "-n", "my_backup_2")
    assert here.ok("delete", "-n", "my_backup").stdout == "delete backup done\n"
    assert here.backups() == ["my_backup_2"], "a name that begins alike is another backup"
    assert minio_a.keys(f"bucket-a/{backup_root}/my_backup") == []
    assert here.run("delete", "-n", "my_backup").exit_code == NOT_FOUND


def test_delete_removes_a_backup_that_was_never_finished(here, minio_a, backup_root):
    here.ok("create", "-c", "coll", "-n", "my_backup")
    for file in ("backup_meta.json", "full_meta.json"):
        minio_a.mc("rm", f"minio_a/bucket-a/{backup_root}/my_backup/meta/{file}")
    assert here.backups() == []
    assert here.run("get", "-n", "my_backup").exit_code == NOT_FOUND
    here.ok("delete", "-n", "my_backup")
    assert minio_a.keys(f"bucket-a/{backup_root}") == []


def test_check_says_that_all_is_well_and_leaves_nothing(here, minio_a, backup_root):
    before = minio_a.keys("bucket-a")
    text = here.ok("check").stdout
    assert text.startswith("Configuration:\nPARAMETER ")
    assert "\nMilvus version: v2.3.5-lite\n" in text
    assert "\nSuccess!\n" in text
    assert "minioadmin" not in text.replace("Auth.AccessKeyID", "")[text.index("SecretAccessKey") :].splitlines()[0]
    assert minio_a.keys("bucket-a") == before


def test_check_fails_where_a_backup_would(a, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root, minio={"bucketName": "no-such-bucket"}))
    outcome = program.ends_with(FAILED, "check")
    assert "minio.bucketName" in outcome.stderr
    assert "Success!" not in outcome.stdout


@pytest.fixture
def there(b, program, backup_root):
    return str(program.configure(documented_config(b, backup_root=backup_root), "b.yaml"))


def test_copy_under_another_name(a, b, here, there):
    here.ok("create", "-c", "coll", "-n", "my_backup")
    here.ok("copy", "-n", "my_backup", "--to", there, "--as", "carried")
    assert here.ok("list", "--config", there).stdout == ">> Backups:\ncarried\n"
    assert json.loads(here.ok("get", "-n", "carried", "--config", there).stdout)["name"] == "carried"
    here.ok("restore", "-n", "carried", "-s", "_bak", "--config", there)
    assert_same_rows(a.rows_of("coll"), milvus.rows(b, "coll_bak"))


def test_copy_does_not_overwrite(here, there, minio_b, backup_root):
    here.ok("create", "-c", "nothing_in_it", "-n", "my_backup")
    here.ok("copy", "-n", "my_backup", "--to", there)
    before = minio_b.keys(f"bucket-b/{backup_root}")
    assert "my_backup" in here.ends_with(FAILED, "copy", "-n", "my_backup", "--to", there).stderr
    assert minio_b.keys(f"bucket-b/{backup_root}") == before


def test_copy_of_what_is_not_there(here, there):
    here.ends_with(NOT_FOUND, "copy", "-n", "my_backup", "--to", there)
    assert here.ok("list", "--config", there).stdout == ">> Backups:\n"


def test_copy_of_a_backup_that_lost_an_object(here, there, minio_a, backup_root):
    here.ok("create", "-c", "coll", "-n", "my_backup")
    lost = next(key for key in minio_a.keys(f"bucket-a/{backup_root}/my_backup") if "/insert_log/" in f"/{key}")
    minio_a.mc("rm", f"minio_a/bucket-a/{backup_root}/my_backup/{lost}")
    assert lost.rsplit("/", 1)[-1] in here.ends_with(DIFFERENT, "copy", "-n", "my_backup", "--to", there).stderr
    assert here.ok("list", "--config", there).stdout == ">> Backups:\n"


def test_copy_to_a_directory_and_back(a, b, here, there, tmp_path, program, backup_root):
    disk = program.configure(
        documented_config(
            a.server, backup_root=str(tmp_path / "disk"), minio={"backupStorageType": "local", "backupBucketName": ""}
        ),
        "disk.yaml",
    )
    here.ok("create", "-c", "coll", "-n", "my_backup")
    here.ok("copy", "-n", "my_backup", "--to", disk)
    assert (tmp_path / "disk" / "my_backup" / "meta" / "backup_meta.json").is_file()
    here.ok("copy", "-n", "my_backup", "--to", there, "--config", disk)
    here.ok("restore", "-n", "my_backup", "-s", "_bak", "--config", there)
    assert_same_rows(a.rows_of("coll"), milvus.rows(b, "coll_bak"))


def test_copy_inside_one_store_is_left_to_the_store(a, here, program, minio_a, backup_root):
    """Both ends are one MinIO: it copies by itself, and the result is the same."""
    other = program.configure(
        documented_config(a.server, backup_root=backup_root, minio=backup_store(minio_a, "bucket-b")),
        "other.yaml",
    )
    here.ok("create", "-c", "coll", "-n", "my_backup")
    assert here.run("copy", "-n", "my_backup", "--to", other).exit_code == DONE
    assert minio_a.keys(f"bucket-b/{backup_root}") == minio_a.keys(f"bucket-a/{backup_root}")


def test_every_object_is_recorded_with_size_and_digest(here, minio_a, backup_root, tmp_path):
    here.ok("create", "-c", "coll", "-n", "my_backup")
    home = f"bucket-a/{backup_root}/my_backup"
    recorded = [json.loads(line) for line in minio_a.mc("cat", f"minio_a/{home}/meta/objects.json").splitlines()]
    keys = [record["key"] for record in recorded]
    assert keys == sorted(keys)
    assert set(keys) == set(minio_a.keys(home)) - {"meta/objects.json"}
    minio_a.mc("cp", "--recursive", f"minio_a/{home}/", str(tmp_path / "carried"))
    for record in recorded:
        content = (tmp_path / "carried" / record["key"]).read_bytes()
        assert (record["size"], record["digest"]) == (len(content), hashlib.md5(content).hexdigest())
        if record["key"].startswith("binlogs/"):
            assert record["etag"] and record["source_key"].startswith("files/")
