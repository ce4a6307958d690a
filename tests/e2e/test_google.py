"""Backups in Google Cloud Storage, as far as fake-gcs-server and our double of what surrounds it go."""

import json

import collections_of as milvus
import pytest
from program import documented_config
from rows import assert_same_rows


@pytest.fixture(scope="module")
def gcs(rig):
    server = rig.gcs("gcs")
    server.wait_ready()
    yield server
    rig.stop_one("gcs")


def in_gcs(server, gcs, **more):
    return documented_config(
        server,
        backup_bucket="made-by-the-test",
        backup_root="backups",
        minio={
            "backupStorageType": "gcpnative",
            "backupAddress": gcs.address,
            "backupPort": gcs.port,
            "backupUseSSL": False,
            "backupGcpCredentialJSON": str(gcs.key_file),
            **more,
        },
    )


def test_a_backup_goes_to_gcs_and_back_into_another_milvus(a, b, program, gcs):
    """The bucket is missing: it is made."""
    program.configure(in_gcs(a.server, gcs))
    program.ok("create", "-c", "coll", "-n", "in_gcs")
    assert program.backups() == ["in_gcs"]
    program.configure(in_gcs(b, gcs))
    program.ok("restore", "-c", "coll", "-n", "in_gcs", "-s", "_bak")
    assert_same_rows(a.rows_of("coll"), milvus.rows(b, "coll_bak"))
    program.ok("delete", "-n", "in_gcs")
    assert program.backups() == []


def test_a_key_of_another_account_is_refused_before_anything_is_written(a, program, gcs, tmp_path):
    key = json.loads(gcs.key_file.read_text()) | {"client_email": "nobody@project.iam.gserviceaccount.com"}
    (tmp_path / "other.json").write_text(json.dumps(key))
    program.configure(in_gcs(a.server, gcs, backupGcpCredentialJSON=str(tmp_path / "other.json")))
    refused = program.ends_with(12, "create", "-c", "coll", "-n", "refused")
    assert "nobody@project.iam.gserviceaccount.com" in refused.stderr
    assert "PRIVATE KEY" not in refused.stderr
