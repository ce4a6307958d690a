"""Milvus with TLS and a password, an object store with TLS: only who is meant to gets in."""

from types import SimpleNamespace

import collections_of as milvus
import pytest
from datasets import fill_small
from milvus_server import EAGER
from program import FAILED, NOT_ALLOWED, backup_store, documented_config
from rows import assert_same_rows


@pytest.fixture(scope="module", params=[1, 2], ids=["tls mode 1", "tls mode 2"])
def guarded(request, rig, minio_a):
    """A Milvus with TLS and authorization, holding one small collection."""
    name = f"milvus_tls{request.param}"
    server = rig.milvus(name, minio_a, "bucket-a", root_path=name, auth=True, tls_mode=request.param, overrides=EAGER)
    server.wait_ready()
    rows = milvus.read_all_rows(fill_small("coll", milvus.connection(server)))
    yield SimpleNamespace(server=server, rows=rows, mode=request.param)
    rig.stop_one(name)


@pytest.fixture
def config(guarded, backup_root):
    certificates = guarded.server.certificates
    keys = {"caCertPath": str(certificates.ca)}
    if guarded.mode == 2:
        keys |= {"mtlsCertPath": str(certificates.client_cert), "mtlsKeyPath": str(certificates.client_key)}

    def write(**changes):
        return documented_config(guarded.server, backup_root=backup_root, milvus=keys | changes)

    return write


def test_create_and_restore(guarded, config, program):
    program.configure(config())
    program.ok("create", "-c", "coll", "-n", "my_backup")
    program.ok("restore", "-n", "my_backup", "-s", "_bak")
    try:
        assert_same_rows(guarded.rows, milvus.rows(guarded.server, "coll_bak"))
    finally:
        milvus.drop(guarded.server, "coll_bak")


def test_wrong_password(config, program):
    program.configure(config(password="Wrong-horse-1"))
    outcome = program.ends_with(NOT_ALLOWED, "create", "-c", "coll", "-n", "never")
    assert "milvus.password" in outcome.stderr
    assert "Wrong-horse-1" not in outcome.stderr
    assert program.backups() == []


def test_no_user_at_all(config, program):
    program.configure(config(user="", password=""))
    assert "milvus.user" in program.ends_with(NOT_ALLOWED, "create", "-c", "coll", "-n", "never").stderr


def test_tls_switched_off(config, program):
    program.configure(config(tlsMode=0))
    assert "milvus.tlsMode" in program.ends_with(FAILED, "create", "-c", "coll", "-n", "never").stderr


def test_an_authority_that_is_not_trusted(config, program):
    program.configure(config(caCertPath=""))
    assert "milvus.caCertPath" in program.ends_with(FAILED, "create", "-c", "coll", "-n", "never").stderr


def test_an_authority_of_the_environment_stands_in_place_of_the_systems(guarded, config, program, tmp_path):
    program.configure(config(caCertPath=""))
    program.environment = {"SSL_CERT_FILE": str(guarded.server.certificates.ca)}
    assert "coll" in program.ok("create", "-c", "coll", "--dry_run").stdout
    program.environment = {"SSL_CERT_FILE": str(tmp_path / "missing.pem")}
    assert "SSL_CERT_FILE" in program.ends_with(FAILED, "create", "-c", "coll", "--dry_run").stderr


@pytest.mark.parametrize("guarded", [2], ids=["tls mode 2"], indirect=True)
def test_a_client_without_a_certificate(config, program):
    program.configure(config(mtlsCertPath="", mtlsKeyPath=""))
    assert "milvus.mtlsCertPath" in program.ends_with(FAILED, "create", "-c", "coll", "-n", "never").stderr


@pytest.fixture(scope="module")
def tls_store(rig):
    store = rig.minio("minio_tls", ["vault"], tls=True)
    store.wait_ready()
    yield store
    rig.stop_one("minio_tls")


@pytest.mark.parametrize("style", ["path", "virtualHost"])
def test_backup_store_with_tls(a, restores_into_a, tls_store, program, backup_root, style):
    keys = backup_store(tls_store, "vault") | {"backupCaCertPath": str(tls_store.ca), "backupPathStyle": style}
    if style == "virtualHost":
        keys |= {"backupAddress": tls_store.domain}
    program.configure(documented_config(a.server, backup_root=backup_root, minio=keys))
    program.ok("create", "-c", "coll", "-n", "my_backup")
    assert "meta/backup_meta.json" in tls_store.keys(f"vault/{backup_root}/my_backup")
    program.ok("restore", "-n", "my_backup", "-s", "_bak")
    assert_same_rows(a.rows_of("coll"), milvus.rows(restores_into_a, "coll_bak"))


def test_backup_store_whose_authority_is_not_trusted(a, tls_store, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root, minio=backup_store(tls_store, "vault")))
    assert "minio.backupCaCertPath" in program.ends_with(FAILED, "create", "-c", "coll", "-n", "never").stderr
    assert tls_store.keys(f"vault/{backup_root}") == []
