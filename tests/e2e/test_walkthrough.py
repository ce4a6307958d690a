"""The documented migration of `coll` from A to `coll_bak` on B, and each of its sibling cases."""

import collections_of as milvus
import pytest
from milvus_server import EAGER
from program import backup_store, documented_config, yaml_text
from rows import assert_same_rows

COMMITTED = "meta/backup_meta.json"


def assert_migrated(a, target):
    """`coll_bak` on the target holds the rows of `coll` on A, in the shape of `coll`."""
    assert_same_rows(a.rows_of("coll"), milvus.rows(target, "coll_bak"))
    source, restored = milvus.collection(a.server, "coll"), milvus.collection(target, "coll_bak")
    assert milvus.schema_of(restored) == milvus.schema_of(source)


@pytest.fixture
def second_milvus(rig):
    """Starts a further Milvus for one test."""
    started = []

    def start(name, *args, **options):
        server = rig.milvus(name, *args, overrides=EAGER, **options)
        started.append(name)
        server.wait_ready()
        return server

    yield start
    for name in started:
        rig.stop_one(name)


def test_two_object_stores_by_hand_with_mc(a, b, program, minio_a, minio_b, tmp_path):
    program.configure(documented_config(a.server))
    created = program.ok("create", "-c", "coll", "-n", "my_backup")
    assert created.stdout.splitlines()[0] == "create backup success"
    assert COMMITTED in minio_a.keys("bucket-a/backup/my_backup")

    carried = tmp_path / "carried"
    minio_a.mc("cp", "--recursive", "minio_a/bucket-a/backup/my_backup", f"{carried}/")
    minio_b.mc("cp", "--recursive", f"{carried}/my_backup", "minio_b/bucket-b/backup/")
    assert minio_b.keys("bucket-b/backup/my_backup") == minio_a.keys("bucket-a/backup/my_backup")

    program.configure(documented_config(b))
    assert program.backups() == ["my_backup"]
    program.ok("restore", "-c", "coll", "-n", "my_backup", "-s", "_bak")

    assert_migrated(a, b)
    new_id = milvus.collection(b, "coll_bak").describe()["collection_id"]
    assert minio_b.keys(f"bucket-b/files/insert_log/{new_id}"), "its data lie under the id of the new collection"
    assert not [key for key in minio_b.keys("bucket-b") if key.startswith("restore-temp-")], "staging is cleared"


def test_two_object_stores_with_copy(a, b, program, minio_a, minio_b, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root))
    program.configure(documented_config(b, backup_root=backup_root), "configs/b.yaml")
    program.ok("create", "-c", "coll", "-n", "my_backup")
    program.ok("copy", "-n", "my_backup", "--to", "configs/b.yaml")
    assert minio_b.keys(f"bucket-b/{backup_root}/my_backup") == minio_a.keys(f"bucket-a/{backup_root}/my_backup")
    program.ok("restore", "-c", "coll", "-n", "my_backup", "-s", "_bak", "--config", "configs/b.yaml")
    assert_migrated(a, b)


def test_one_instance(a, restores_into_a, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root))
    program.ok("create", "-c", "coll", "-n", "my_backup")
    program.ok("restore", "-c", "coll", "-n", "my_backup", "-s", "_bak")
    assert_migrated(a, restores_into_a)
    assert_same_rows(a.rows_of("coll"), milvus.rows(a.server, "coll"))


def test_one_bucket_two_root_paths(a, program, minio_a, second_milvus, backup_root):
    target = second_milvus("milvus_shared", minio_a, "bucket-a", root_path="files_b")
    program.configure(documented_config(a.server, backup_root=backup_root))
    program.ok("create", "-c", "coll", "-n", "my_backup")
    program.configure(documented_config(target, backup_root=backup_root))
    program.ok("restore", "-c", "coll", "-n", "my_backup", "-s", "_bak")
    assert_migrated(a, target)
    new_id = milvus.collection(target, "coll_bak").describe()["collection_id"]
    assert minio_a.keys(f"bucket-a/files_b/insert_log/{new_id}")


def test_two_buckets_in_one_store(a, program, minio_a, second_milvus, backup_root):
    target = second_milvus("milvus_beside", minio_a, "bucket-b")
    program.configure(documented_config(a.server, backup_bucket="bucket-b", backup_root=backup_root))
    program.ok("create", "-c", "coll", "-n", "my_backup")
    assert COMMITTED in minio_a.keys(f"bucket-b/{backup_root}/my_backup")
    program.configure(documented_config(target, backup_root=backup_root))
    program.ok("restore", "-c", "coll", "-n", "my_backup", "-s", "_bak")
    assert_migrated(a, target)


def test_two_object_stores_directly(a, b, program, minio_b, backup_root):
    """`create` streams into B's store; nothing is carried by hand."""
    program.configure(documented_config(a.server, backup_root=backup_root, minio=backup_store(minio_b, "bucket-b")))
    program.ok("create", "-c", "coll", "-n", "my_backup")
    program.configure(documented_config(b, backup_root=backup_root))
    program.ok("restore", "-c", "coll", "-n", "my_backup", "-s", "_bak")
    assert_migrated(a, b)


def test_two_object_stores_directly_with_a_v2_file(a, b, program, minio_b, backup_root):
    program.configure(v2_config(a.server, backup=minio_b, bucket="bucket-b", root=backup_root))
    program.ok("create", "--filter", "coll", "-n", "my_backup")
    program.configure(v2_config(b, backup=minio_b, bucket="bucket-b", root=backup_root))
    program.ok("restore", "--filter", "coll_bak", "-n", "my_backup", "-s", "_bak")
    assert_migrated(a, b)


def test_backup_on_a_local_disk(a, b, program, tmp_path):
    """Written into a directory beside A, carried by hand, read from a directory beside B."""
    program.configure(on_disk(a.server, tmp_path / "backups"))
    program.ok("create", "-c", "coll", "-n", "my_backup")
    assert (tmp_path / "backups" / "my_backup" / COMMITTED).is_file()
    (tmp_path / "backups").rename(tmp_path / "carried")
    program.configure(on_disk(b, tmp_path / "carried"))
    program.ok("restore", "-c", "coll", "-n", "my_backup", "-s", "_bak")
    assert_migrated(a, b)


def test_a_backup_can_be_restored_twice(a, b, program, minio_b, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root, minio=backup_store(minio_b, "bucket-b")))
    program.ok("create", "-c", "coll", "-n", "my_backup")
    program.configure(documented_config(b, backup_root=backup_root))
    with milvus.only_for_now(b):
        program.ok("restore", "-n", "my_backup", "-s", "_bak")
        assert_migrated(a, b)
    program.ok("restore", "-n", "my_backup", "-s", "_bak")
    assert_migrated(a, b)


def on_disk(server, directory):
    return documented_config(
        server, backup_root=str(directory), minio={"backupStorageType": "local", "backupBucketName": ""}
    )


def v2_config(server, *, backup, bucket, root):
    def storage(store, bucket_name, root_path):
        return {
            "provider": "minio",
            "address": store.address,
            "port": store.port,
            "bucketName": bucket_name,
            "rootPath": root_path,
            "auth": {"type": "static", "accessKeyID": store.access_key, "secretAccessKey": store.secret_key},
        }

    return "configVersion: v2\n" + yaml_text(
        {
            "milvus": {
                "grpc": {"address": server.address, "port": server.port},
                "management": {"endpoint": server.management_url},
                "storage": storage(server.store, server.bucket, server.root_path),
            },
            "backup": {"storage": storage(backup, bucket, root)},
        }
    )
