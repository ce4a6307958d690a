"""Two buckets of one store, each with keys of its own: the store refuses to copy between them, so the bytes are streamed."""

import json

import pytest
from program import unpack_golden_backups, yaml_text

SOURCE, TARGET = "keys-source", "keys-target"
BACKUP = "spec516"


@pytest.fixture(scope="module")
def store(rig, tmp_path_factory):
    """A MinIO with a backup in SOURCE, and a user "writer" who may do anything in TARGET and nothing elsewhere."""
    minio = rig.minio("minio_keys", [SOURCE, TARGET])
    minio.wait_ready()
    home = tmp_path_factory.mktemp("keys")
    unpack_golden_backups(home)
    minio.mc("cp", "--recursive", f"{home}/{BACKUP}", f"minio_keys/{SOURCE}/backup/")
    buckets = [f"arn:aws:s3:::{TARGET}", f"arn:aws:s3:::{TARGET}/*"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": buckets}]}
    (home / "policy.json").write_text(json.dumps(policy))
    minio.mc("admin", "user", "add", "minio_keys", "writer", "writer-secret")
    minio.mc("admin", "policy", "create", "minio_keys", "target-only", str(home / "policy.json"))
    minio.mc("admin", "policy", "attach", "minio_keys", "target-only", "--user", "writer")
    yield minio
    rig.stop_one("minio_keys")


def config_of(store, bucket, access_key, secret_key):
    keys = {"address": store.address, "port": store.port, "accessKeyID": access_key, "secretAccessKey": secret_key}
    return yaml_text({"minio": keys | {"bucketName": bucket, "rootPath": "backup", "backupRootPath": "backup"}})


def test_copy_streams_and_says_why(store, program):
    program.configure(config_of(store, SOURCE, store.access_key, store.secret_key))
    other = program.configure(config_of(store, TARGET, "writer", "writer-secret"), "writer.yaml")
    report = program.ok("copy", "-n", BACKUP, "--to", other, "--json").json()
    assert "AccessDenied" in report["streamed_because"]
    carried = [key for key in store.keys(f"{TARGET}/backup") if not key.endswith("objects.json")]
    assert carried == [key for key in store.keys(f"{SOURCE}/backup") if not key.endswith("objects.json")]
