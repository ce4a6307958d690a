"""stdout is the result and nothing else; JSON when asked; a dry run changes nothing."""

import json
import re

import collections_of as milvus
import pytest
from program import NOT_FOUND, documented_config


@pytest.fixture
def here(a, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root))
    return program


def test_create_says_success_how_long_it_took_and_what_it_holds(here):
    assert re.fullmatch(
        r"create backup success\nduration:\d+\.\d\d s\n1 collection, 3,000 rows, \d+ objects in \S+/\n",
        here.ok("create", "-c", "coll", "-n", "one").stdout,
    )


def test_restore_says_how_long_it_took(here, restores_into_a):
    here.ok("create", "-c", "nothing_in_it", "-n", "one")
    assert re.search(r"^duration:\d+\.\d\d s\n\Z", here.ok("restore", "-n", "one", "-s", "_bak").stdout, re.MULTILINE)


def test_quiet_leaves_stderr_to_errors(here):
    outcome = here.ok("create", "-c", "coll", "-n", "one", "--quiet")
    assert "100%" not in outcome.stderr
    assert "\r" not in outcome.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("create", "-c", "coll", "-n", "two"),
        ("list",),
        ("get", "-n", "one"),
        ("check",),
        ("config", "show"),
        ("restore", "-n", "one", "-s", "_json"),
        ("delete", "-n", "one"),
    ],
    ids=" ".join,
)
def test_json_is_one_document(here, restores_into_a, command):
    here.ok("create", "-c", "coll", "-n", "one")
    document = here.ok(*command, "--json").json()
    assert isinstance(document, dict | list)
    assert document


def test_json_of_a_failure_is_one_document_too(here):
    outcome = here.ends_with(NOT_FOUND, "get", "-n", "none", "--json")
    assert "none" in json.dumps(json.loads(outcome.stdout or outcome.stderr.splitlines()[-1]))


def test_progress_as_json_lines(here):
    outcome = here.ok("create", "-c", "coll", "-n", "one", "--progress", "json")
    lines = [json.loads(line) for line in outcome.stderr.splitlines() if line.startswith("{")]
    assert lines, str(outcome)
    assert outcome.stdout.startswith("create backup success\n")


def test_dry_run_of_create_writes_nothing(here, minio_a, backup_root):
    outcome = here.ok("create", "-c", "coll", "-n", "one", "--dry-run")
    assert "coll" in outcome.stdout
    assert minio_a.keys(f"bucket-a/{backup_root}") == []


def test_dry_run_of_restore_makes_nothing(a, here):
    here.ok("create", "-c", "coll", "-n", "one")
    before = milvus.all_names(a.server)
    outcome = here.ok("restore", "-n", "one", "-s", "_bak", "--dry-run")
    assert "coll_bak" in outcome.stdout
    assert milvus.all_names(a.server) == before


def test_dry_run_of_delete_deletes_nothing(here, minio_a, backup_root):
    here.ok("create", "-c", "coll", "-n", "one")
    before = minio_a.keys(f"bucket-a/{backup_root}")
    here.ok("delete", "-n", "one", "--dry-run")
    assert minio_a.keys(f"bucket-a/{backup_root}") == before


def test_dry_run_of_copy_and_clone_change_nothing(b, here, program, minio_b, backup_root):
    other = program.configure(documented_config(b, backup_root=backup_root), "b.yaml")
    here.ok("create", "-c", "coll", "-n", "one")
    before = minio_b.keys("bucket-b")
    here.ok("copy", "-n", "one", "--to", other, "--dry-run")
    here.ok("clone", "-c", "coll", "-s", "_clone", "--to", other, "--dry-run")
    assert minio_b.keys("bucket-b") == before
    assert milvus.all_names(b) == set()


def test_config_show_masks_secrets_and_names_sources(here, a):
    table = here.ok("config", "show").stdout
    assert re.search(
        r"^Milvus\.Storage\.Auth\.SecretAccessKey +mi\*\*\*\*in +config +minio\.secretaccesskey *$", table, re.M
    )
    assert re.search(rf"^Milvus\.Grpc\.Port +{a.server.port} +config +milvus\.port *$", table, re.MULTILINE)


def test_set_and_environment_win_over_the_file(here):
    outcome = here.run("config", "show", "--set", "minio.rootPath=elsewhere", env={"MINIO_REGION": "eu-west-1"})
    assert re.search(r"^Milvus\.Storage\.RootPath +elsewhere +override", outcome.stdout, re.MULTILINE)
    assert re.search(r"^Milvus\.Storage\.Region +eu-west-1 +env", outcome.stdout, re.MULTILINE)


def test_port_that_kubernetes_injects_is_ignored(here, a):
    outcome = here.run("list", env={"MILVUS_PORT": f"tcp://10.0.0.1:{a.server.port}"})
    assert outcome.exit_code == 0, str(outcome)
    assert "MILVUS_PORT" in outcome.stderr
