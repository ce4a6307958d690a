"""README.md, followed word by word on two real Milvus with a MinIO each."""

import re
import shlex
from pathlib import Path

import collections_of as milvus
import pytest
from program import DONE, PARTLY, backup_store, yaml_text
from rows import assert_same_rows

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
SECTION = README.split("## From one Milvus to another")[1].split("### Its sibling cases")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)


LINES = "".join(blocks("sh")).splitlines()
COMMANDS = [shlex.split(line)[1:] for line in LINES if line.startswith("./milvus-backup ")]


def edited_for(server, backup_root) -> str:
    """The file of the README with what a user has to change in it, changed; and a backup root of the test's own."""
    [text] = blocks("yaml")
    edits = [
        ("address: milvus_A\n  port: 19530", f"address: {server.address}\n  port: {server.port}"),
        ("address: minio_A\n  port: 9000", f"address: {server.store.address}\n  port: {server.store.port}"),
        ("bucket-a", server.bucket),
        ('backupRootPath: "backup"', f'backupRootPath: "{backup_root}"'),
    ]
    for documented, real in edits:
        assert documented in text
        text = text.replace(documented, real)
    return text


def file_for(lite, server, backup_root) -> str:
    """What the README says that a file for a Milvus Lite needs."""
    return yaml_text(
        {
            "milvus": {"address": lite.address, "port": lite.port},
            "minio": backup_store(server.store, server.bucket) | {"backupRootPath": backup_root},
        }
    )


@pytest.fixture
def lite(rig):
    server = rig.milvus_lite("lite_of_readme")
    server.wait_ready()
    yield server
    rig.stop_one("lite_of_readme")


@pytest.fixture
def follower(a, b, lite, program, backup_root):
    program.configure(edited_for(a.server, backup_root))
    program.configure(edited_for(b, backup_root), "configs/backup_b.yaml")
    program.configure(file_for(lite, a.server, backup_root), "configs/lite.yaml")
    return program


def test_the_readme_can_be_followed_to_its_end(a, b, follower):
    assert [command[0] for command in COMMANDS if command[0] in ("create", "copy", "restore", "clone", "delete")] == [
        "create", "copy", "restore", "clone", "restore", "delete", "delete",
    ]  # fmt: skip
    assert [line for line in LINES if not line.startswith("./")] == [
        "pip install milvus-lite && milvus-lite server --data-dir ./lite --port 19530",  # the rig did
    ]
    for command in COMMANDS:
        # The collection has a description, which Milvus Lite does not keep.
        into_lite = command[0] == "restore" and "configs/lite.yaml" in command
        follower.ends_with(PARTLY if into_lite else DONE, *command)

    for name in ("coll_bak", "coll_clone"):
        assert_same_rows(a.rows_of("coll"), milvus.rows(b, name))
    assert follower.backups() == [], "the last command deleted it"
