"""Keys that no configuration holds: from MinIO's STS by web identity, from an instance's role, from variables and files."""

import pytest
from program import NOT_ALLOWED, yaml_text

BUCKET = "iam"


@pytest.fixture(scope="module")
def store(rig):
    minio = rig.minio_with_identities("minio_iam", [BUCKET])
    minio.wait_ready()
    yield minio
    rig.stop_one("minio_iam")


@pytest.fixture
def configured(program, store, tmp_path):
    """A program whose machine has no keys: neither variables nor files, and no metadata service."""
    program.environment = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}

    def configure(endpoint="", version=1):
        place = {"address": store.address, "port": store.port, "bucketName": BUCKET}
        if version == 1:
            program.configure(yaml_text({"minio": place | {"useIAM": True, "iamEndpoint": endpoint}}))
        else:
            section = {"provider": "minio", **place, "auth": {"type": "default"}}
            program.configure("configVersion: v2\n" + yaml_text({"milvus": {"storage": section}}))
        return program

    return configure


def test_web_identity(configured, store):
    program = configured(endpoint=store.url)
    program.environment |= {"AWS_WEB_IDENTITY_TOKEN_FILE": str(store.identities.token_file())}
    assert program.backups() == []


def test_web_identity_that_the_sts_refuses(configured, store, tmp_path):
    program = configured(endpoint=store.url)
    token = tmp_path / "token"
    token.write_text("ey.no.token")
    program.environment |= {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token)}
    refused = program.ends_with(NOT_ALLOWED, "list").stderr
    assert "AssumeRoleWithWebIdentity" in refused
    assert "minio.useIAM" in refused or "minio.backupUseIAM" in refused
    assert "ey.no.token" not in refused


def test_role_of_an_instance(configured, store):
    assert configured(endpoint=store.identities.url).backups() == []


def test_variables(configured, store):
    program = configured(version=2)
    program.environment |= {"AWS_ACCESS_KEY_ID": store.access_key, "AWS_SECRET_ACCESS_KEY": store.secret_key}
    assert program.backups() == []


def test_profile(configured, store, tmp_path):
    (tmp_path / ".aws").mkdir()
    keys = f"aws_access_key_id = {store.access_key}\naws_secret_access_key = {store.secret_key}\n"
    (tmp_path / ".aws" / "credentials").write_text("[default]\n" + keys)
    assert configured().backups() == []


def test_no_keys_anywhere(configured):
    refused = configured().ends_with(NOT_ALLOWED, "list").stderr
    for place in ("no AWS_ACCESS_KEY_ID", "no AWS_WEB_IDENTITY_TOKEN_FILE", "no profile", "AWS_CONTAINER", "AWS_EC2_METADATA_DISABLED"):
        assert place in refused


def test_half_of_what_is_needed_is_named(configured, tmp_path):
    token = tmp_path / "no token"
    for variables, said in (
        ({"AWS_ACCESS_KEY_ID": "half"}, "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not"),
        ({"AWS_PROFILE": "nobody"}, "check AWS_PROFILE"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": "arn:aws:iam::1:role/r"}, str(token)),
    ):
        program = configured(version=2)
        program.environment = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"} | variables
        refused = program.ends_with(NOT_ALLOWED, "list").stderr
        assert said in refused
        assert "bucket" not in refused.lower()
