"""A backup of a real Milvus, copied between every two kinds of store, each with credentials of its own.

Clones between a Milvus on a disk and one with an object store are in test_local.py, those between two object
stores in test_clone.py.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from program import DONE, NOT_ALLOWED, Program, documented_config, yaml_text

BACKUP, ORIGIN, BUCKET = "real", "origin", "any-to-any"
KINDS = ["local", "minio", "versitygw", "azure", "gcpnative"]
REMOTE = KINDS[1:]
OWN_USER, OWN_SECRET = "any-user", "any-users-secret"
# What every copy makes anew: it has the etags of the store.
RECORDS = "meta/objects.json"


@dataclass
class Kind:
    storage: dict[str, Any]  # the keys of backup.storage, but for the root
    wrong: dict[str, str]  # of its `auth`: what the service refuses
    setting: str  # where the user wrote that
    root: Callable[[str], str] = str


@dataclass
class Stores:
    kinds: dict[str, Kind]
    program: Program  # whose origin of each kind holds BACKUP
    original: dict[str, bytes]

    def configure(self, kind: str, root: str, *, auth: dict[str, str] | None = None) -> Path:
        """A file with nothing but the store of the backups, named after it."""
        of = self.kinds[kind]
        storage = of.storage | {"rootPath": of.root(root)}
        if auth:
            storage["auth"] = storage["auth"] | auth
        return self._configure(storage, f"{kind}-{root}")

    def _configure(self, storage: dict[str, Any], name: str) -> Path:
        text = "configVersion: v2\n" + yaml_text({"backup": {"storage": storage}})
        return self.program.configure(text, f"configs/{name}.yaml")

    def copy(self, source: Path, target: Path):
        return self.program.run("copy", "-n", BACKUP, "--config", source, "--to", target, "--json")

    def read(self, kind: str, root: str, directory: Path) -> dict[str, bytes]:
        """Every object of the backup, fetched into a directory."""
        if kind == "local":
            return files_in(Path(self.kinds[kind].root(root)) / BACKUP)
        there = self._configure({"provider": "local", "rootPath": str(directory)}, "reader")
        fetched = self.copy(self.configure(kind, root), there)
        assert fetched.exit_code == DONE, str(fetched)
        return files_in(directory / BACKUP)


def files_in(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def servers(rig):
    """Of each kind one; what comes with keys of its own has other ones than the rest."""
    minio = rig.minio("minio_any", [BUCKET])
    versitygw = rig.versitygw("versitygw_any", [BUCKET])
    azure = rig.azurite("azure_any")
    gcs = rig.gcs("gcs_any")
    rig.wait_ready()
    minio.mc("admin", "user", "add", minio.name, OWN_USER, OWN_SECRET)
    minio.mc("admin", "policy", "attach", minio.name, "readwrite", "--user", OWN_USER)
    yield {"minio": minio, "versitygw": versitygw, "azure": azure, "gcpnative": gcs}
    for server in (minio, versitygw, azure, gcs):
        rig.stop_one(server.name)


def kinds_of(servers, home: Path) -> dict[str, Kind]:
    def at(name, provider, **more):
        server = servers[name]
        return {"provider": provider, "address": server.address, "port": server.port, "bucketName": BUCKET, **more}

    def keys(access_key, secret_key):
        return {"type": "static", "accessKeyID": access_key, "secretAccessKey": secret_key}

    azure, gcs, versitygw = servers["azure"], servers["gcpnative"], servers["versitygw"]
    stranger = home / "stranger.json"
    stranger.write_text(json.dumps(json.loads(gcs.key_file.read_text()) | {"client_email": "stranger@example.com"}))
    key_of_azure = {"type": "sharedKey", "accountKey": azure.secret_key}
    key_of_gcs = {"type": "serviceAccount", "credentialsFile": str(gcs.key_file)}
    wrong_secret = {"secretAccessKey": "not-the-secret"}
    return {
        "local": Kind({"provider": "local"}, {}, "", root=lambda root: str(home / "local" / root)),
        "minio": Kind(
            at("minio", "minio", auth=keys(OWN_USER, OWN_SECRET)), wrong_secret, "auth.secretAccessKey"
        ),
        "versitygw": Kind(
            at("versitygw", "s3", auth=keys(versitygw.access_key, versitygw.secret_key)),
            wrong_secret,
            "auth.secretAccessKey",
        ),
        "azure": Kind(
            at("azure", "azure", accountName=azure.access_key, auth=key_of_azure),
            {"accountKey": "d3Jvbmcga2V5LCBodXNo"},
            "auth.accountKey",
        ),
        "gcpnative": Kind(
            at("gcpnative", "gcpnative", auth=key_of_gcs), {"credentialsFile": str(stranger)}, "auth.credentialsFile"
        ),
    }


@pytest.fixture(scope="module")
def stores(a, servers, tmp_path_factory):
    home = tmp_path_factory.mktemp("any-to-any")
    program = Program(home / "work")
    made = Stores(kinds_of(servers, home), program, {})
    origin = made.kinds["local"].root(ORIGIN)
    to_disk = {"backupStorageType": "local", "backupBucketName": ""}
    program.configure(documented_config(a.server, backup_root=origin, minio=to_disk))
    program.ok("create", "-n", BACKUP, "-c", "partitioned,every_type,nothing_in_it")
    made.original = files_in(Path(origin) / BACKUP)
    for kind in REMOTE:
        seeded = made.copy(made.configure("local", ORIGIN), made.configure(kind, ORIGIN))
        assert seeded.exit_code == DONE, str(seeded)
    return made


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_every_byte_arrives(stores, source, target, tmp_path):
    root = f"from-{source}"
    there = stores.configure(target, root)
    copied = stores.copy(stores.configure(source, ORIGIN), there)
    assert copied.exit_code == DONE, str(copied)
    reason = copied.json().get("streamed_because")
    if source == target:
        assert reason is None, "the service holds both ends"
    else:
        assert "are two services" in reason

    arrived = stores.read(target, root, tmp_path / "arrived")
    assert arrived.keys() == stores.original.keys()
    for name in stores.original.keys() - {RECORDS}:
        assert arrived[name] == stores.original[name], name
    stores.program.ok("verify", "-n", BACKUP, "--level", "checksum", "--config", there)


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("kind", REMOTE)
def test_wrong_credentials_are_those_of_one_side(stores, kind, side):
    """The other side's are right, and of no use here."""
    other = REMOTE[(REMOTE.index(kind) + 1) % len(REMOTE)]
    right, wrong = stores.configure(other, ORIGIN), stores.configure(kind, "wrong", auth=stores.kinds[kind].wrong)
    refused = stores.copy(wrong, right) if side == "source" else stores.copy(right, wrong)
    assert refused.exit_code == NOT_ALLOWED, str(refused)
    assert wrong.name in refused.stderr, str(refused)
    assert right.name not in refused.stderr.splitlines()[-1], str(refused)
    assert f"backup.storage.{stores.kinds[kind].setting}" in refused.stderr, str(refused)
    for secret in stores.kinds[kind].wrong.values():
        assert secret not in refused.stderr or kind == "gcpnative", "the path of a key file is no secret"
