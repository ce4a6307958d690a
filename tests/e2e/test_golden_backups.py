"""Backups that three versions of the Go tool wrote are restored, every row of them."""

import tarfile
from types import SimpleNamespace

import collections_of as milvus
import golden_rows
import pytest
from program import REPOSITORY, Program, documented_config
from rows import PARTITION, assert_same_rows, canonical_row

COMPAT = REPOSITORY / "tests" / "compat"
VERSIONS = {"v0.4.30": "spec", "v0.5.16": "spec516", "head": "spechead"}
BACKUP_ROOT = "backups/golden"


@pytest.fixture(scope="module", params=VERSIONS)
def golden(request, pair, minio_b, tmp_path_factory):
    """B with everything of one Go backup, restored under its own names."""
    server, backup = pair[1], VERSIONS[request.param]
    home = tmp_path_factory.mktemp("golden")
    with tarfile.open(COMPAT / f"go-{request.param}.tar.gz") as archive:
        archive.extractall(home)  # our own archive; Debian's Python 3.11.2 knows no filter
    minio_b.mc("cp", "--recursive", f"{home}/{backup}", f"minio_b/bucket-b/{BACKUP_ROOT}/")
    program = Program(home / "work")
    program.configure(documented_config(server, backup_root=BACKUP_ROOT))
    with milvus.only_for_now(server):
        program.ok("restore", "-n", backup, "--restore_index")
        yield SimpleNamespace(server=server, program=program, backup=backup, version=request.param)


def assert_rows(server, name, expected, db=milvus.DEFAULT_DB):
    schema = milvus.collection(server, name, db).schema
    wanted = {key: canonical_row(row, schema) | {PARTITION: partition} for key, (partition, row) in expected.items()}
    assert_same_rows(wanted, milvus.rows(server, name, db))


def test_is_listed(golden):
    assert golden.backup in golden.program.backups()


def test_brings_its_five_collections(golden):
    names = {(milvus.DEFAULT_DB, name) for name in ("multi", "growing", "pkey", "empty_coll")} | {("db1", "indb")}
    assert milvus.all_names(golden.server) == names


def test_partitions_dynamic_fields_and_deletes(golden):
    assert_rows(golden.server, "multi", golden_rows.multi())
    assert milvus.partitions_of(milvus.collection(golden.server, "multi")) == ["_default", "empty", "pa", "pb"]


def test_rows_that_were_not_flushed(golden):
    assert_rows(golden.server, "growing", golden_rows.growing())


def test_another_database(golden):
    assert_rows(golden.server, "indb", golden_rows.indb(), "db1")


def test_partition_key(golden):
    rows = milvus.rows(golden.server, "pkey")
    assert {row["v"]: row["tenant"] for row in rows.values()} == golden_rows.tenants_of_pkey()
    assert len(rows) == 4000


def test_an_empty_collection(golden):
    assert milvus.rows(golden.server, "empty_coll") == {}


def test_the_ttl_is_not_lost(golden):
    properties = milvus.schema_of(milvus.collection(golden.server, "pkey"))["properties"]
    recorded = golden.version != "v0.4.30"  # that one has no properties at all (they came with 0.5.0)
    assert properties == ({"collection.ttl.seconds": "86400000"} if recorded else {})


def test_indexes(golden):
    indexes = milvus.indexes_of(milvus.collection(golden.server, "multi"))
    assert {name: field for name, (field, _) in indexes.items()} == {"bv": "bv", "pk_idx": "pk", "i64_idx": "i64"}
    (_, params) = milvus.indexes_of(milvus.collection(golden.server, "pkey"))["v"]
    assert params == {"index_type": "IVF_FLAT", "metric_type": "COSINE", "params": {"nlist": 16}}
