"""README.md, followed word by word on two real Milvus with a MinIO each."""

import re
import shlex
from pathlib import Path

import collections_of as milvus
import pytest
from rows import assert_same_rows

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
SECTION = README.split("## From one Milvus to another")[1].split("### Its sibling cases")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)


COMMANDS = [shlex.split(line)[1:] for line in "".join(blocks("sh")).splitlines()]


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


@pytest.fixture
def follower(a, b, program, backup_root):
    program.configure(edited_for(a.server, backup_root))
    program.configure(edited_for(b, backup_root), "configs/backup_b.yaml")
    return program


def test_the_readme_can_be_followed_to_its_end(a, b, follower):
    assert [command[0] for command in COMMANDS if command[0] in ("create", "copy", "restore", "clone", "delete")] == [
        "create", "copy", "restore", "clone", "delete", "delete",
    ]  # fmt: skip
    for command in COMMANDS:
        follower.ok(*command)

    for name in ("coll_bak", "coll_clone"):
        assert_same_rows(a.rows_of("coll"), milvus.rows(b, name))
    assert follower.backups() == [], "the last command deleted it"
