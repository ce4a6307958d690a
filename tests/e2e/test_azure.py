"""Backups in Azure Blob Storage, as far as Azurite, Microsoft's emulator of it, goes."""

import collections_of as milvus
import pytest
from program import documented_config
from rows import assert_same_rows


@pytest.fixture(scope="module", params=[False, True], ids=["http", "https"])
def azurite(rig, request):
    # Each in a directory of its own: a server that was killed leaves the state of some seconds before.
    server = rig.azurite("azurite_https" if request.param else "azurite_http", tls=request.param)
    server.wait_ready()
    yield server
    rig.stop_one(server.name)


def in_azure(server, azurite, **more):
    """As v1 has it: the account's name and key in place of an access key and its secret."""
    return documented_config(
        server,
        backup_bucket="made-by-the-test",
        backup_root="backups",
        minio={
            "backupStorageType": "azure",
            "backupAddress": azurite.address,
            "backupPort": azurite.port,
            "backupCaCertPath": str(azurite.ca or ""),
            "backupAccessKeyID": azurite.access_key,
            "backupSecretAccessKey": azurite.secret_key,
            **more,
        },
    )


def test_a_backup_goes_to_azure_and_back_into_another_milvus(a, b, program, azurite):
    """The container is missing: it is made."""
    program.configure(in_azure(a.server, azurite))
    program.ok("create", "-c", "coll", "-n", "in_azure")
    assert program.backups() == ["in_azure"]
    program.configure(in_azure(b, azurite))
    program.ok("restore", "-c", "coll", "-n", "in_azure", "-s", "_bak")
    assert_same_rows(a.rows_of("coll"), milvus.rows(b, "coll_bak"))
    program.ok("verify", "-n", "in_azure", "--level", "checksum")
    program.ok("delete", "-n", "in_azure")
    assert program.backups() == []


def test_a_wrong_key_is_refused_before_anything_is_written(a, program, azurite):
    wrong = "d3Jvbmcga2V5LCBodXNo"
    program.configure(in_azure(a.server, azurite, backupSecretAccessKey=wrong))
    refused = program.ends_with(12, "create", "-c", "coll", "-n", "refused")
    assert "minio.backupSecretAccessKey" in refused.stderr, "which is where a v1 file has the account's key"
    assert wrong not in refused.stderr


def test_an_identity_that_is_nowhere_is_told_with_what_each_source_lacks(a, program, azurite, monkeypatch):
    if azurite.ca is None:
        pytest.skip("where tokens go without encryption nobody is asked")
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "IDENTITY_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1")
    program.configure(in_azure(a.server, azurite, backupUseIAM=True))
    refused = program.ends_with(12, "create", "-c", "coll", "-n", "refused")
    assert "managed identity: nobody answers" in refused.stderr
