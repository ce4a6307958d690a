"""delete, list and l0compact --force: only what is proved to be ours is removed, and nothing is called what it is not."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from pathlib import Path

import pytest
from object_stores import Minio
from program import DIFFERENT, FAILED, LOCKED, NOT_FOUND, PARTLY, USAGE, Program, unpack_golden_backups, yaml_text
from rig import Rig

GOLDEN = "spec516"
DATA_KEY = "binlogs/insert_log/1/2/3/3/100/7"
MILVUS_FILES = {
    "insert_log/1/2/3/100/7": b"rows of a living collection",
    "delta_log/1/2/3/9": b"deletes of a living collection",
    "stats_log/1/2/3/100/8": b"statistics",
    "index_files/11/1/2/3/HNSW_0": b"an index",
}


def tree(directory: Path) -> dict[str, bytes | str]:
    """Every file and link below a directory, to the byte."""
    found: dict[str, bytes | str] = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the Go tool, on disk."""
    directory = tmp_path_factory.mktemp("golden")
    unpack_golden_backups(directory)
    return next(directory.rglob(f"{GOLDEN}/meta")).parent


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def disk(program: Program, root: Path) -> Program:
    """The program, with backups and Milvus's files in one directory: a v1 file without backupRootPath."""
    root.mkdir()
    program.configure(yaml_text({"minio": {"storageType": "local", "rootPath": str(root)}}))
    return program


def place(golden: Path, root: Path, name: str) -> Path:
    shutil.copytree(golden, root / name)
    return root / name


def write(root: Path, files: dict[str, bytes]) -> None:
    for key, content in files.items():
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(content)


def test_equal_roots_are_warned_of(disk, root):
    shown = disk.ok("config", "show")
    assert "in which Milvus keeps its own data" in shown.stderr
    assert "minio.backupRootPath is not set" in shown.stderr
    apart = {"storageType": "local", "rootPath": str(root), "backupRootPath": str(root) + "-of-backups"}
    disk.configure(yaml_text({"minio": apart}))
    assert "its own data" not in disk.ok("config", "show").stderr
    disk.configure(yaml_text({"minio": apart | {"backupRootPath": str(root / "backups")}}))
    assert "lies inside" in disk.ok("config", "show").stderr


def test_delete_never_touches_the_data_of_milvus(disk, golden, root):
    place(golden, root, "my_backup")
    write(root, MILVUS_FILES | {"files/insert_log/1/2/3/100/7": b"of another Milvus"})
    before = tree(root)
    for name in ("insert_log", "delta_log", "stats_log", "index_files", "files"):
        for flags in ([], ["--unfinished"], ["--yes"], ["--dry-run"]):
            refused = disk.ends_with(FAILED, "delete", "-n", name, *flags)
            assert "Milvus" in refused.stderr
    assert tree(root) == before
    listed = disk.ok("list", "--json").json()
    assert [entry["name"] for entry in listed["backups"]] == ["my_backup"]
    assert listed["unfinished"] == [] and len(listed["foreign"]) == 5
    disk.ok("delete", "-n", "my_backup")
    assert tree(root) == {key: content for key, content in before.items() if not key.startswith("my_backup/")}


def test_a_copy_of_minios_own_directory_is_called_that_and_left(disk, golden, root):
    for file in golden.rglob("*"):
        if file.is_file():
            write(root / "my_backup" / file.relative_to(golden), {"xl.meta": b"XL2 " + file.read_bytes()})
    before = tree(root)
    for command in (["get", "-n", "my_backup"], ["verify", "-n", "my_backup"]):
        outcome = disk.ends_with(NOT_FOUND, *command)
        assert "MinIO's own on-disk format" in outcome.stderr and "delete" not in outcome.stderr
    assert "MinIO's own on-disk format" in disk.ends_with(FAILED, "delete", "-n", "my_backup").stderr
    assert disk.ok("list", "--json").json()["foreign"][0]["name"] == "my_backup"
    assert tree(root) == before


def test_halves_of_metadata_are_read_as_the_go_tool_reads_them(disk, golden, root):
    lost = {
        "four_files": ["full_meta.json"],
        "no_level_files": ["collection_meta.json", "partition_meta.json", "segment_meta.json"],
        "no_backup_meta": ["backup_meta.json"],
    }
    for name, files in lost.items():
        place(golden, root, name)
        for file in files:
            (root / name / "meta" / file).unlink()
    assert disk.backups() == sorted(lost)
    assert disk.ok("list", "-c", "growing").stdout.split() == [">>", "Backups:", *sorted(lost)]
    for name in lost:
        assert json.loads(disk.ok("get", "-n", name).stdout)["name"] == GOLDEN
        # Without it nothing says that the backup was ever committed.
        disk.ends_with(PARTLY if name == "no_backup_meta" else 0, "verify", "-n", name)
    before = tree(root)
    refused = disk.ends_with(FAILED, "delete", "-n", "no_backup_meta")
    assert "backup_meta.json is missing alone" in refused.stderr and "--unfinished" not in refused.stderr
    assert tree(root) == before
    disk.ok("delete", "-n", "no_backup_meta", "--unfinished")
    assert "no_backup_meta" not in disk.backups()


def test_list_tells_what_it_cannot_read_from_what_is_unfinished(disk, golden, root):
    place(golden, root, "whole")
    (place(golden, root, "garbage") / "meta" / "backup_meta.json").write_bytes(b"{")
    write(root, {f"half/{DATA_KEY}": b"x"})
    listed = disk.ends_with(PARTLY, "list", "--json")
    assert {key: [entry["name"] for entry in entries] for key, entries in listed.json().items()} == {
        "backups": ["whole"],
        "unfinished": ["half"],
        "being_deleted": [],
        "unreadable": ["garbage"],
        "foreign": [],
    }
    assert "garbage cannot be read, and may be a whole backup" in listed.stderr


@pytest.mark.parametrize("kind", ["missing", "file", "tilde"])
def test_a_root_that_is_not_there_is_said(program, root, kind):
    path = {"missing": str(root), "file": str(root), "tilde": "~/nothing-here"}[kind]
    if kind == "file":
        root.write_text("a file")
    section = {"storageType": "local", "rootPath": str(root) + "-of-milvus", "backupRootPath": path}
    program.configure(yaml_text({"minio": section, "log": {"console": False, "level": "error"}}))
    outcome = program.run("list")
    assert outcome.exit_code == (FAILED if kind == "file" else 0)
    assert {"missing": "is not there", "file": "is a file", "tilde": "~ stands for no directory"}[kind] in outcome.stderr
    assert kind == "file" or not root.exists(), "what only reads makes nothing"


def test_a_writer_says_that_it_made_the_root(disk, golden, root, tmp_path):
    place(golden, root, GOLDEN)
    other = {"storageType": "local", "rootPath": str(tmp_path / "m"), "backupRootPath": str(tmp_path / "new" / "b")}
    there = disk.configure(yaml_text({"minio": other}), "there.yaml")
    assert f"made the directory {tmp_path / 'new' / 'b'}" in disk.ok("copy", "-n", GOLDEN, "--to", there).stderr
    assert "made the directory" not in disk.ok("copy", "-n", GOLDEN, "--to", there, "--as", "again").stderr
    disk.ok("verify", "-n", GOLDEN, "--level", "checksum", "--config", there)


def test_a_copy_into_the_source_is_refused(disk, golden, root, tmp_path):
    place(golden, root, GOLDEN)
    before = tree(root)
    inside = {"storageType": "local", "rootPath": str(tmp_path / "m"), "backupRootPath": str(root / GOLDEN / "inner")}
    there = disk.configure(yaml_text({"minio": inside}), "inside.yaml")
    assert "one inside the other" in disk.ends_with(FAILED, "copy", "-n", GOLDEN, "--to", there).stderr
    assert tree(root) == before
    assert not (root / GOLDEN / "inner").exists(), "nor is the root made"

    link = tmp_path / "link"
    link.symlink_to(root / GOLDEN)
    linked = {"storageType": "local", "rootPath": str(tmp_path / "m"), "backupRootPath": str(link)}
    there = disk.configure(yaml_text({"minio": linked}), "linked.yaml")
    assert "one inside the other" in disk.ends_with(FAILED, "copy", "-n", GOLDEN, "--to", there).stderr
    assert tree(root) == before


@pytest.mark.parametrize("name", ["full-backup-20260101020000", "my.backup"])
def test_backups_of_any_name_are_like_any_other(disk, golden, root, tmp_path, name):
    place(golden, root, name)
    assert disk.backups() == [name]
    disk.ok("get", "-n", name)
    disk.ok("verify", "-n", name)
    disk.ok("export", "-n", name, "-c", "growing", "-o", str(tmp_path / "rows"))
    other = {"storageType": "local", "rootPath": str(tmp_path / "m"), "backupRootPath": str(tmp_path / "b")}
    there = disk.configure(yaml_text({"minio": other}), "there.yaml")
    disk.ok("copy", "-n", name, "--to", there)
    disk.ok("delete", "-n", name)
    assert disk.backups() == []
    for bad in ("a/b", "..", ".", ""):
        disk.ends_with(USAGE, "delete", "-n", bad)


def test_delete_names_what_stays(disk, golden, root):
    backup = place(golden, root, GOLDEN)
    write(backup, {"binlogs/.DS_Store": b"x", "notes/readme.txt": b"x"})
    (backup / "binlogs" / "link").symlink_to("/etc/hostname")
    (backup / "empty").mkdir()
    outcome = disk.ends_with(PARTLY, "delete", "-n", GOLDEN)
    assert outcome.stdout == "delete backup done\n"
    for what in ("binlogs/.DS_Store", "notes/readme.txt", "binlogs/link: no file", "empty/: an empty directory"):
        assert what in outcome.stderr
    assert tree(backup) == {"binlogs/.DS_Store": b"x", "binlogs/link": "-> /etc/hostname", "notes/readme.txt": b"x"}


def test_a_delete_that_was_killed_is_known_and_finished(disk, golden, root):
    backup = place(golden, root, GOLDEN)
    for i in range(20_000):
        write(backup, {f"binlogs/insert_log/1/2/3/3/100/{i}": b""})
    with disk.start("delete", "-n", GOLDEN) as running:
        while not running.ended() and (backup / "meta" / "backup_meta.json").exists():
            pass
        running.interrupt(9)
        running.finish(within_s=60)
    assert (backup / "meta" / "deleting.json").exists(), "it was killed at work"
    listed = disk.ok("list", "--json")
    assert [entry["name"] for entry in listed.json()["being_deleted"]] == [GOLDEN]
    assert "being deleted" in listed.stderr
    outcome = disk.ends_with(NOT_FOUND, "verify", "-n", GOLDEN)
    advised = outcome.stderr.split("remove what is left of it with: ", 1)[1].strip()
    words = shlex.split(advised)
    assert words[0] == "milvus-backup"
    disk.ok(*words[1:])
    assert tree(root) == {}


def test_readers_end_while_a_delete_is_at_work(disk, golden, root):
    backup = place(golden, root, GOLDEN)
    lock = {"id": "1", "verb": "delete", "host": "elsewhere", "boot_id": "x", "pid": 1, "started_s": 1}
    (backup / "meta" / "lock.json").write_text(json.dumps(lock | {"heartbeat_s": int(time.time())}))
    for command in (["verify", "-n", GOLDEN], ["get", "-n", GOLDEN], ["export", "-n", GOLDEN, "-o", "rows"]):
        assert "elsewhere" in disk.ends_with(LOCKED, *command).stderr


def test_l0compact_force_keeps_the_old_output_when_it_fails(disk, golden, root):
    place(golden, root, "b1")
    place(golden, root, "monday")
    lost = next(file for file in (root / "b1" / "binlogs").rglob("*") if file.is_file())
    lost.unlink()
    before = tree(root)
    disk.ends_with(DIFFERENT, "l0compact", "-n", "b1", "-o", "monday", "--force")
    assert tree(root) == before


@pytest.fixture
def bucket(program: Program, rig: Rig, minio_a: Minio, backup_root: str, golden: Path) -> Program:
    store = {
        "storageType": "minio",
        "address": minio_a.address,
        "port": minio_a.port,
        "accessKeyID": minio_a.access_key,
        "secretAccessKey": minio_a.secret_key,
        "bucketName": "bucket-a",
        "rootPath": backup_root,
    }
    program.configure(yaml_text({"minio": store}))
    rig.wait_ready()
    minio_a.mc("cp", "--recursive", f"{golden}/", f"minio_a/bucket-a/{backup_root}/{GOLDEN}/")
    return program


def test_delete_in_a_bucket_that_milvus_shares(bucket, minio_a, backup_root, tmp_path):
    write(tmp_path / "milvus", MILVUS_FILES)
    minio_a.mc("cp", "--recursive", f"{tmp_path / 'milvus'}/", f"minio_a/bucket-a/{backup_root}/")
    before = minio_a.keys(f"bucket-a/{backup_root}")
    for name in ("insert_log", "stats_log"):
        bucket.ends_with(FAILED, "delete", "-n", name)
    assert minio_a.keys(f"bucket-a/{backup_root}") == before
    bucket.ok("delete", "-n", GOLDEN)
    assert sorted(minio_a.keys(f"bucket-a/{backup_root}")) == sorted(MILVUS_FILES)


def test_delete_says_that_versions_stay(bucket, minio_a, backup_root, golden):
    minio_a.mc("mb", "--with-lock", "minio_a/locked")
    minio_a.mc("retention", "set", "--default", "GOVERNANCE", "1d", "minio_a/locked")
    minio_a.mc("cp", "--recursive", f"{golden}/", f"minio_a/locked/{backup_root}/{GOLDEN}/")
    outcome = bucket.ok("delete", "-n", GOLDEN, "--set", "minio.bucketName=locked")
    assert "keeps versions" in outcome.stderr and "cannot be removed before 20" in outcome.stderr
    assert bucket.run("get", "-n", GOLDEN, "--set", "minio.bucketName=locked").exit_code == NOT_FOUND
    listed = bucket.ok("list", "--json", "--set", "minio.bucketName=locked")
    assert listed.json()["foreign"] == [] and GOLDEN not in listed.stderr, "old versions are nobody's directory"
    assert "keeps versions" not in bucket.ok("delete", "-n", GOLDEN).stderr
