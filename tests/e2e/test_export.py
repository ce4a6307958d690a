"""What `export` writes is opened by DuckDB and pandas, without a hint, and holds the rows that pymilvus reads."""

import json

import collections_of as milvus
import duckdb
import pandas
import pytest
from program import Program, documented_config
from pymilvus import DataType
from rows import PARTITION, assert_same_rows, canonical_row

NAMES = ["coll", "every_type", "binary_dynamic", "partitioned", "tenants"]
META = "$meta"


def read_with_duckdb(directory):
    relation = duckdb.sql(f"SELECT * FROM read_parquet('{directory}/**/*.parquet', hive_partitioning = true)")
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def read_with_pandas(directory):
    return pandas.read_parquet(directory).to_dict("records")


def as_rows(table, schema):
    """Rows of a table, in the form of read_all_rows."""
    texts = {field.name for field in schema.fields if field.dtype == DataType.JSON}
    rows = {}
    for row in table:
        partition = row.pop("partition")
        row |= json.loads(row.pop(META)) if META in row else {}
        row |= {name: json.loads(row[name]) for name in texts}
        canonical = canonical_row(row, schema)
        canonical[PARTITION] = None if any(field.is_partition_key for field in schema.fields) else partition
        rows[canonical[schema.primary_field.name]] = canonical
    assert len(rows) == len(table), "a key occurs twice"
    return rows


@pytest.fixture(scope="module")
def exported(a, tmp_path_factory):
    directory = tmp_path_factory.mktemp("exported")
    program = Program(tmp_path_factory.mktemp("work"))
    program.configure(documented_config(a.server, backup_root="backups/exported"))
    program.ok("create", "-n", "for_export", "-c", ",".join(NAMES))
    program.ok("export", "-n", "for_export", "-o", directory)
    return directory / "default"


@pytest.mark.parametrize("read", [read_with_duckdb, read_with_pandas])
@pytest.mark.parametrize("name", NAMES)
def test_every_row(a, exported, name, read):
    schema = milvus.collection(a.server, name).schema
    assert_same_rows(a.rows_of(name), as_rows(read(exported / name), schema))
