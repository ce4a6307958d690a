"""Two configurations in one command: what is said for one side never reaches the other. Local disks only."""


import pytest
from program import DONE, USAGE, unpack_golden_backups, yaml_text



@pytest.fixture
def home(program):
    """A good backup below A; a.yaml and b.yaml know A and B, nowhere.yaml a directory that is not there."""
    root = program.directory
    for name in ("data", "A", "B"):
        (root / name).mkdir()
    unpack_golden_backups(root / "A")
    for file, backups in (("a.yaml", "A"), ("b.yaml", "B"), ("nowhere.yaml", "nowhere"), ("configs/backup.yaml", "A")):
        program.configure(local(root, backups), file)
    return root


def local(root, backups):
    store = {"storageType": "local", "rootPath": str(root / "data"), "backupRootPath": str(root / backups)}
    return yaml_text({"minio": store, "log": {"console": False}})


def holds_the_backup(root):
    return (root / "spec516" / "meta" / "backup_meta.json").exists()


def test_a_variable_and_set_are_of_the_first_side(program, home):
    copy = ("copy", "-n", "spec516", "--config", "nowhere.yaml", "--to", "b.yaml")
    by_variable = program.run(*copy, env={"MINIO_BACKUP_ROOT_PATH": str(home / "A")})
    assert by_variable.exit_code == DONE, str(by_variable)
    assert holds_the_backup(home / "B")
    program.ok(*copy, "--as", "again", "--set", f"minio.backupRootPath={home / 'A'}")
    assert (home / "B" / "again").exists()


def test_the_other_side_has_a_flag_and_variables_of_its_own(program, home):
    copy = ("copy", "-n", "spec516", "--config", "a.yaml", "--to", "b.yaml")
    program.ok(*copy, "--set-to", f"minio.backupRootPath={home / 'C'}")
    assert holds_the_backup(home / "C")
    by_variable = program.run(*copy, env={"TO_MINIO_BACKUP_ROOT_PATH": str(home / "D")})
    assert by_variable.exit_code == DONE, str(by_variable)
    assert holds_the_backup(home / "D")
    assert not holds_the_backup(home / "B")


def test_set_to_needs_another_side(program, home):
    assert "--to" in program.ends_with(USAGE, "list", "--set-to", "minio.port=1").stderr
