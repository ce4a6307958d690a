"""Many small segments: they are rewritten as few, so that Milvus has few import jobs."""

import collections_of as milvus
import pytest
from datasets import FLAT_IP, field, make, vectors
from program import documented_config
from pymilvus import DataType
from rows import assert_same_rows

SHARDS = 16  # as many as Milvus takes: each flush makes a segment for each shard that has rows


@pytest.fixture(scope="module")
def shards(a):
    """Every flush leaves 16 segments; rows deleted and written again, in other segments than before."""
    fields = [
        field("id", DataType.INT64, is_primary=True),
        field("tag", DataType.VARCHAR, max_length=64),
        field("v", DataType.FLOAT_VECTOR, dim=8),
    ]
    made = make("shards", milvus.connection(a.server), fields, dynamic=True, shards_num=SHARDS)
    made.create_partition("east")
    made.create_index("v", FLAT_IP)
    made.load()

    def insert(keys, tag, **where):
        data = vectors(len(keys), len(keys), 8)
        made.insert([{"id": k, "tag": tag, "v": v, "extra": k % 7} for k, v in zip(keys, data, strict=True)], **where)

    insert(range(1000), "first")
    insert(range(5000, 5400), "east", partition_name="east")
    made.flush()
    made.delete(f"id in {[*range(100, 200), *range(5000, 5010)]}")
    made.flush()
    insert(range(100, 190), "again")
    insert(range(-50, 0), "last")
    made.flush()
    rows = milvus.read_all_rows(made)
    assert len(rows) == 1000 - 10 + 50 + 400 - 10
    yield rows
    milvus.drop(a.server, "shards")


def succeeds(outcome):
    assert outcome.exit_code == 0, str(outcome)
    return outcome


@pytest.fixture
def backup(a, shards, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root))
    program.ok("create", "-n", "many", "-c", "shards")
    return program


def of_one(outcome):
    (collection,) = succeeds(outcome).json()["collections"]
    return collection


def test_are_imported_in_one_job_a_partition(a, b, backup, shards, backup_root, minio_b):
    store = a.server.store
    keys = {"backupAddress": store.address, "backupPort": store.port, "backupBucketName": "bucket-a"}
    backup.configure(documented_config(b, backup_root=backup_root, minio=keys))
    planned = of_one(backup.run("restore", "-n", "many", "--dry-run", "--json"))
    restored = of_one(backup.run("restore", "-n", "many", "--json"))
    for report in (planned, restored):
        assert report["import_jobs"] == report["rewritten_into"] == 2
        assert report["segments_rewritten"] >= 2 * SHARDS
    assert restored["rows_imported"] == len(shards)
    assert_same_rows(shards, milvus.rows(b, "shards"))
    assert [key for key in minio_b.keys("bucket-b") if key.startswith("restore-temp")] == []


def test_are_rewritten_also_where_milvus_could_read_them(a, backup, shards, restores_into_a, minio_a):
    restored = of_one(backup.run("restore", "-n", "many", "-s", "_here", "--json"))
    assert restored["import_jobs"] == 2
    assert_same_rows(shards, milvus.rows(restores_into_a, "shards_here"))
    assert [key for key in minio_a.keys("bucket-a") if key.startswith("restore-temp")] == []


def test_are_as_they_were_by_fingerprint(a, backup, shards, restores_into_a):
    succeeds(backup.run("restore", "-n", "many", "-s", "_here"))
    milvus.rows(restores_into_a, "shards_here")  # loads it
    succeeds(backup.run("compare", "-c", "shards:shards_here"))
