"""A Milvus Lite as the target, "try it on a laptop": it cannot import, and has no object store of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import collections_of as milvus
import pytest
from advice import takes
from datasets import FLAT_IP, field, flush, make, vectors
from program import DONE, FAILED, PARTLY, Program, backup_store, documented_config, yaml_text
from pymilvus import DataType
from rows import as_json
from tools import tool

SCRIPT = Path(sys.modules["rows"].__file__).with_name("lite_rows.py")
NAMES = ["coll", "every_type", "binary_dynamic", "partitioned", "tenants", "unflushed", "nothing_in_it", "shop"]
ROOT = "backups/for_lite"


@pytest.fixture(scope="module")
def lite(rig):
    server = rig.milvus_lite("lite")
    server.wait_ready()
    yield server
    rig.stop_one("lite")


def fill_shop(using):
    """All that a collection of floats can have beside: text keys, fields of no schema, a partition key, deletes."""
    made = make(
        "shop",
        using,
        [
            field("pk", DataType.VARCHAR, is_primary=True, max_length=64),
            field("branch", DataType.VARCHAR, max_length=16, is_partition_key=True),
            field("v", DataType.FLOAT_VECTOR, dim=8),
        ],
        dynamic=True,
        num_partitions=4,
        shards_num=2,
    )
    made.create_index("v", FLAT_IP)
    dense = vectors(11, 900, 8)
    made.insert(
        [
            {"pk": f"key-{key}-é", "branch": f"b{key % 7}", "v": dense[key], "名": [key, None], "n": {"half": key / 2}}
            for key in range(900)
        ]
    )
    flush(made)
    made.load()
    made.delete('pk in ["key-1-é", "key-2-é", "key-899-é"]')
    return made


@pytest.fixture(scope="module")
def kept(a, lite, tmp_path_factory):
    """A backup of server A, the rows in it, and a program whose configuration is that of the Milvus Lite."""
    made = fill_shop(milvus.connection(a.server))
    shop = milvus.read_all_rows(made)
    program = Program(tmp_path_factory.mktemp("lite"))
    program.configure(documented_config(a.server, backup_root=ROOT), "configs/a.yaml")
    program.ok("create", "-n", "kept", "-c", f"{','.join(NAMES)},archive.coll", "--config", "configs/a.yaml")
    program.configure(lite_config(lite, a.server))
    yield program, {**{name: a.rows_of(name) for name in NAMES if name != "shop"}, "shop": shop}
    milvus.drop(a.server, "shop")


def lite_config(lite, source):
    """The keys of the store that Milvus writes to are those of nobody: only backups are looked for."""
    nobody = {"address": "127.0.0.1", "port": 1, "bucketName": "no-such-bucket", "accessKeyID": "nobody",
              "secretAccessKey": "nothing"}  # fmt: skip
    there = backup_store(source.store, source.bucket) | {"backupRootPath": ROOT}
    return yaml_text({"milvus": {"address": lite.address, "port": lite.port}, "minio": nobody | there})


def lite_v2_config(lite, source):
    """No `milvus.storage` at all."""
    store = source.store
    return "configVersion: v2\n" + yaml_text(
        {
            "milvus": {"grpc": {"address": lite.address, "port": lite.port}},
            "backup": {
                "storage": {
                    "provider": store.provider,
                    "address": store.address,
                    "port": store.port,
                    "useSSL": store.tls,
                    "bucketName": source.bucket,
                    "rootPath": ROOT,
                    "auth": {"type": "static", "accessKeyID": store.access_key, "secretAccessKey": store.secret_key},
                }
            },
        }
    )


def rows_in_lite(lite, name, db="default"):
    """As Lite's own pymilvus reads them; the partition is left out where a key chooses it."""
    python = tool("lite-venv/bin/python")
    read = subprocess.run([python, "-W", "ignore", SCRIPT, str(lite.port), db, name], capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    return json.loads(read.stdout)


def by_key(rows, key):
    return {str(row[key]): row for row in rows}


def assert_rows_arrived(expected, found, key):
    expected, found = by_key(json.loads(json.dumps([as_json(row) for row in expected.values()])), key), by_key(found, key)
    assert found.keys() == expected.keys()
    for name, row in expected.items():
        assert found[name] == row, name


def only_collection(outcome):
    [one] = outcome.json()["collections"]
    return one


@pytest.mark.parametrize(
    ("name", "key", "lost"),
    [
        ("coll", "id", ["descriptions"]),
        ("every_type", "id", ["descriptions"]),
        ("partitioned", "id", []),
        ("unflushed", "id", []),
        ("nothing_in_it", "id", []),
        ("shop", "pk", ["2 shards", "4 partitions behind the partition key"]),
    ],
)
def test_rows_are_those_of_the_source(kept, lite, name, key, lost):
    program, rows = kept
    outcome = program.run("--json", "restore", "-n", "kept", "-c", name, "-s", "_lite", "--via", "insert")
    restored = only_collection(outcome)
    assert outcome.exit_code == (PARTLY if lost else 0), str(outcome)
    assert "error" not in restored
    assert restored["rows_imported"] == len(rows[name])
    told = " ".join(restored.get("warnings", []))
    assert all(what in told for what in lost), told

    proved = DONE if rows[name] else PARTLY  # nothing with nothing is no proof
    program.ends_with(proved, "verify", "-n", "kept", "--live", "--filter", name, "-s", "_lite", "--load")
    assert_rows_arrived(rows[name], rows_in_lite(lite, f"{name}_lite"), key)


def test_a_database_comes_along(kept, lite, a):
    program, _ = kept
    program.run("restore", "-n", "kept", "-c", "archive.coll", "-r", "archive.coll:shelf.coll", "--via", "insert")
    program.ok("verify", "-n", "kept", "--live", "--filter", "archive.coll", "-r", "archive.coll:shelf.coll", "--load")
    assert_rows_arrived(a.rows_of("coll", "archive"), rows_in_lite(lite, "coll", "shelf"), "id")


@takes("ops/load/ways.cc", "the server cannot import; use --via insert")
def test_without_a_word_the_server_would_have_to_import_and_cannot(kept):
    program, _ = kept
    restore = ("restore", "-n", "kept", "-c", "partitioned", "-s", "_imported")
    verify = ("verify", "-n", "kept", "--live", "--filter", "partitioned", "-s", "_imported", "--load")
    outcome = program.ends_with(FAILED, *restore)
    advised = re.search(r"the server cannot import; use (--via \w+)", outcome.stderr)[1].split()
    assert program.run(*verify).exit_code != DONE, "nothing was made"
    program.ok(*restore, *advised)
    program.ok(*verify)


def test_auto_needs_no_store_of_the_server_in_the_file_either(kept, lite, a):
    program, _ = kept
    config = program.configure(lite_v2_config(lite, a.server), "configs/v2.yaml")
    restored = only_collection(
        program.run("--json", "restore", "-n", "kept", "-c", "partitioned", "-s", "_auto", "--via", "auto", "--config", config)
    )  # fmt: skip
    assert (restored["via"], restored["via_reason"]) == ("insert", "the server cannot import")
    program.ok("verify", "-n", "kept", "--live", "--filter", "partitioned", "-s", "_auto", "--load", "--config", config)


def test_an_import_still_asks_for_the_store_before_anything_is_made(kept, b, a):
    """The same wrong keys, and a server that can import: an error, and no collection."""
    program, _ = kept
    config = program.configure(lite_config(b, a.server), "configs/wrong.yaml")
    outcome = program.ends_with(FAILED, "restore", "-n", "kept", "-c", "coll", "-s", "_nowhere", "--config", config)
    assert "the store of Milvus" in outcome.stderr
    assert "minio.port" in outcome.stderr
    assert "coll_nowhere" not in milvus.names(b)


def test_a_clone_compares_equal(kept, lite):
    program, rows = kept
    outcome = program.run("clone", "--config", "configs/a.yaml", "--to", "configs/backup.yaml", "-c", "coll", "-s", "_clone")
    assert outcome.exit_code == PARTLY, str(outcome)
    assert "rows come by insert: the server cannot import" in outcome.stderr
    assert "does not keep: descriptions" in outcome.stderr
    program.ok("compare", "--config", "configs/a.yaml", "--to", "configs/backup.yaml", "-c", "coll:coll_clone", "--load")
    assert_rows_arrived(rows["coll"], rows_in_lite(lite, "coll_clone"), "id")
    assert_rows_arrived(rows["coll"], rows_in_lite(lite, "coll_alias"), "id")


def test_indexes_that_it_does_not_know_are_named(kept, lite):
    program, _ = kept
    outcome = program.run(
        "--json", "restore", "-n", "kept", "-c", "every_type", "-s", "_indexed", "--via", "insert",
        "--rebuild_index", "--restore_load_state",
    )  # fmt: skip
    assert outcome.exit_code == PARTLY, str(outcome)
    restored = only_collection(outcome)
    assert "error" not in restored
    assert any("index by_i64 of field i64 is not made" in warning for warning in restored["warnings"]), restored
    program.ok("verify", "-n", "kept", "--live", "--filter", "every_type", "-s", "_indexed")


def test_a_type_that_it_does_not_have_is_refused_and_the_others_go_on(kept, lite):
    program, _ = kept
    outcome = program.run("restore", "-n", "kept", "-c", "binary_dynamic,partitioned", "-s", "_half", "--via", "insert")
    assert outcome.exit_code == PARTLY, str(outcome)
    assert "binary_dynamic_half" in outcome.stderr
    assert "'bits' uses Milvus type BinaryVector which MilvusLite does not support" in outcome.stderr
    program.ok("verify", "-n", "kept", "--live", "--filter", "partitioned", "-s", "_half", "--load")


def test_keys_that_the_server_gives_are_refused(kept):
    program, _ = kept
    outcome = program.ends_with(FAILED, "restore", "-n", "kept", "-c", "tenants", "-s", "_lite", "--via", "insert")
    assert "auto id" in outcome.stderr
