"""`verify`, `compare`, `export` and `l0compact` on backups and collections of a real server."""

import json

import collections_of as milvus
import pyarrow.parquet as parquet
import pytest
from datasets import books
from program import documented_config
from rows import PARTITION, canonical_row

PARTLY = 3
DAMAGED = 4
NAMES = ["coll", "every_type", "binary_dynamic", "partitioned", "tenants", "nothing_in_it"]


@pytest.fixture
def backup(a, program, backup_root):
    program.configure(documented_config(a.server, backup_root=backup_root))
    program.ok("create", "-n", "proved", "-c", ",".join(NAMES))
    return program


def collections(outcome):
    return {one["collection"]: one for one in outcome.json()["collections"]}


@pytest.mark.parametrize("level", ["quick", "checksum", "rows"])
def test_a_whole_backup_is_proved(backup, level):
    outcome = backup.ok("verify", "-n", "proved", "--level", level)
    assert f"verify {level}: ok" in outcome.stdout


def test_living_rows_are_those_that_pymilvus_reads(a, backup):
    proofs = collections(backup.ok("--json", "verify", "-n", "proved", "--level", "rows"))
    for name in NAMES:
        assert proofs[f"default.{name}"]["living"] == len(a.rows_of(name)), name


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_of_a_backup_are_those_of_the_server(backup, name):
    call = ("--json", "verify", "-n", "proved", "--live", "--filter", name, "--load")
    outcome = backup.ends_with(PARTLY, *call) if name == "nothing_in_it" else backup.ok(*call)  # no row, no proof
    [one] = outcome.json()["collections"]
    assert one["equal"] == (name != "nothing_in_it")
    assert one["left"]["fingerprint"] == one["right"]["fingerprint"]


def test_a_restored_collection_compares_equal_and_a_changed_one_does_not(b, backup, a, backup_root):
    backup.configure(documented_config(b, backup_root=backup_root), "configs/b.yaml")
    backup.ok("clone", "--to", "configs/b.yaml", "-c", "coll", "-s", "_seen")
    backup.ok("compare", "--to", "configs/b.yaml", "-c", "coll:coll_seen", "--load")

    copy = milvus.collection(b, "coll_seen")
    copy.load()
    key = copy.primary_field.name
    gone = min(a.rows_of("coll"))
    copy.delete(f"{key} in [{gone}]")
    outcome = backup.ends_with(DAMAGED, "--json", "compare", "--to", "configs/b.yaml", "-c", "coll:coll_seen", "--load")
    [one] = outcome.json()["collections"]
    assert (one["missing"], one["extra"], one["changed"]) == (1, 0, 0)
    assert one["differences"] == [{"kind": "missing", "key": str(gone), "fields": []}]


def test_a_flipped_byte_is_damage(a, backup, minio_a, backup_root, tmp_path):
    prefix = f"bucket-a/{backup_root}/proved/binlogs"
    key = minio_a.keys(prefix)[0]
    file = tmp_path / "object"
    minio_a.mc("cp", f"minio_a/{prefix}/{key}", str(file))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    minio_a.mc("cp", str(file), f"minio_a/{prefix}/{key}")
    outcome = backup.ends_with(DAMAGED, "verify", "-n", "proved", "--level", "checksum")
    assert key in outcome.stdout

    # Milvus 2.3.5 ends while it imports such a file, from where it lies or staged: neither begins.
    there = milvus.names(a.server)
    outcome = backup.ends_with(DAMAGED, "restore", "-n", "proved", "-s", "_flipped")
    assert key in outcome.stderr and "other bytes than were written" in outcome.stderr
    assert milvus.names(a.server) == there
    outcome = backup.ends_with(DAMAGED, "export", "-n", "proved", "-o", str(tmp_path / "rows"))
    assert key in outcome.stderr
    assert not (tmp_path / "rows").exists() or not any((tmp_path / "rows").iterdir())


def test_a_recorded_fingerprint_is_that_of_the_rows(backup):
    backup.ok("create", "-n", "recorded", "-c", "coll,partitioned", "--fingerprint")
    outcome = backup.ok("--json", "verify", "-n", "recorded", "--level", "rows")
    assert outcome.json()["collections_as_recorded"] == 2
    live = collections_live(backup.ok("--json", "verify", "-n", "recorded", "--live", "--load"))
    found = {name: one["fingerprint"] for name, one in collections(outcome).items()}
    assert found == {name: one["right"]["fingerprint"] for name, one in live.items()}


def collections_live(outcome):
    return {one["right"]["name"].split(": ")[-1]: one for one in outcome.json()["collections"]}


HEADER_IDS = slice(21, 45)  # collection, partition and segment in the descriptor event of a binlog


def test_a_value_that_changed_is_found_though_sizes_agree(restores_into_a, program, backup_root, minio_a, tmp_path):
    """The file of one field is replaced by that of a collection which differs in this field alone."""
    ids = {name: books(restores_into_a, name, range(100), tag).describe()["collection_id"]
           for name, tag in (("whole", "tag"), ("other", "gat"))}  # fmt: skip
    program.configure(documented_config(restores_into_a, backup_root=backup_root))
    created = collections_created(program.ok("--json", "create", "-n", "both", "-c", "whole,other", "--fingerprint"))
    before, other = created["whole"]["fingerprint"], created["other"]["fingerprint"]
    assert before != other

    directory = f"bucket-a/{backup_root}/both/binlogs/insert_log"
    files = {name: only_file(minio_a.keys(f"{directory}/{ids[name]}"), field_id="101") for name in ids}
    content = {}
    for name in ids:
        minio_a.mc("cp", f"minio_a/{directory}/{ids[name]}/{files[name]}", str(tmp_path / name))
        content[name] = (tmp_path / name).read_bytes()

    def overwrite(file):
        (tmp_path / "new").write_bytes(file)
        minio_a.mc("cp", str(tmp_path / "new"), f"minio_a/{directory}/{ids['whole']}/{files['whole']}")

    # As it is, its header tells where it comes from.
    overwrite(content["other"])
    program.ok("verify", "-n", "both")
    outcome = program.ends_with(DAMAGED, "verify", "-n", "both", "--level", "rows")
    assert f"of collection {ids['other']}, and belongs to" in outcome.stdout

    forged = bytearray(content["other"])
    forged[HEADER_IDS] = content["whole"][HEADER_IDS]
    overwrite(bytes(forged))
    outcome = program.ends_with(DAMAGED, "verify", "-n", "both", "--level", "rows")
    assert "default.whole holds other rows than when the backup was made" in outcome.stdout
    assert "default.whole, partition _default, holds other rows" in outcome.stdout
    assert f"fingerprint {other} " in outcome.stdout, "they differed in that field alone"
    assert f"instead of {before} " in outcome.stdout
    assert "default.other holds" not in outcome.stdout


def only_file(keys, *, field_id):
    [one] = [key for key in keys if key.split("/")[-2] == field_id]
    return one


def collections_created(outcome):
    return {one["collection_name"]: one for one in outcome.json()["collections"]}


def test_exported_parquet_holds_the_rows_that_pymilvus_reads(a, backup, tmp_path):
    backup.ok("export", "-n", "proved", "-c", "coll", "-o", tmp_path / "rows")
    table = parquet.read_table(tmp_path / "rows/default/coll").drop_columns(["partition"])
    expected = a.rows_of("coll")
    assert table.num_rows == len(expected)
    schema = milvus.collection(a.server, "coll").schema
    for row in table.to_pylist():
        assert canonical_row(row, schema) | {PARTITION: "_default"} == expected[row["id"]]


def test_exported_json_lines_are_json(a, backup, tmp_path):
    backup.ok("export", "-n", "proved", "-c", "every_type", "-o", tmp_path / "rows", "--format", "jsonl")
    lines = [line for file in (tmp_path / "rows").rglob("*.jsonl") for line in file.read_text().splitlines()]
    assert len(lines) == len(a.rows_of("every_type"))
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_l0compact_of_a_backup_without_l0_is_a_copy(backup):
    assert "l0compact done: proved -> proved_l0compacted" in backup.ok("l0compact", "-n", "proved").stdout
    before = collections(backup.ok("--json", "verify", "-n", "proved", "--level", "rows"))
    after = collections(backup.ok("--json", "verify", "-n", "proved_l0compacted", "--level", "rows"))
    assert {name: one["fingerprint"] for name, one in before.items()} == {name: one["fingerprint"] for name, one in after.items()}


@pytest.mark.parametrize("name", ["coll", "every_type", "binary_dynamic", "partitioned"])
def test_rows_that_were_inserted_are_the_rows_of_the_backup(backup, b, backup_root, name):
    backup.configure(documented_config(b, backup_root=backup_root), "configs/b.yaml")
    backup.ok("copy", "-n", "proved", "--to", "configs/b.yaml")
    backup.ok("restore", "-n", "proved", "-c", name, "-s", "_sent", "--via", "insert", "--rebuild_index", "--config", "configs/b.yaml")
    backup.ok("verify", "-n", "proved", "--live", "--to", "configs/b.yaml", "--filter", name, "-s", "_sent", "--load")
