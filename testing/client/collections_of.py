"""Collections through pymilvus: finding them, what they are, and their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from milvus_server import Milvus
from pymilvus import Collection, DataType, connections, utility
from pymilvus import db as databases
from rows import read_all_rows

DEFAULT_DB = "default"
_FLAT = {
    DataType.FLOAT_VECTOR: {"index_type": "FLAT", "metric_type": "L2", "params": {}},
    DataType.BINARY_VECTOR: {"index_type": "BIN_FLAT", "metric_type": "HAMMING", "params": {}},
}


def connection(server: Milvus, db: str = DEFAULT_DB) -> str:
    """The pymilvus alias for one database of one server; connects on first use."""
    alias = f"{server.name}:{server.port}/{db}"
    if not connections.has_connection(alias):
        connections.connect(alias, db_name=db, **server.connection())
    return alias


def create_database(server: Milvus, db: str) -> None:
    if db not in list_databases(server):
        databases.create_database(db, using=connection(server))


def list_databases(server: Milvus) -> list[str]:
    return databases.list_database(using=connection(server))


def names(server: Milvus, db: str = DEFAULT_DB) -> set[str]:
    return set(utility.list_collections(using=connection(server, db)))


def all_names(server: Milvus) -> set[tuple[str, str]]:
    return {(db, name) for db in list_databases(server) for name in names(server, db)}


def collection(server: Milvus, name: str, db: str = DEFAULT_DB) -> Collection:
    """An existing collection. (pymilvus itself would ask for a schema, as if it were to be made.)"""
    there = names(server, db)
    assert name in there, f"{server.name} has no collection {db}.{name}, only {sorted(there)}"
    return Collection(name, using=connection(server, db))


def drop(server: Milvus, name: str, db: str = DEFAULT_DB) -> None:
    using = connection(server, db)
    for alias in utility.list_aliases(name, using=using):
        utility.drop_alias(alias, using=using)
    utility.drop_collection(name, using=using)


@contextmanager
def only_for_now(server: Milvus) -> Iterator[Milvus]:
    """Drops, at its end, the collections that have come into a server since its beginning."""
    before = all_names(server)
    try:
        yield server
    finally:
        for db, name in all_names(server) - before:
            drop(server, name, db)


def rows(server: Milvus, name: str, db: str = DEFAULT_DB) -> dict[Any, dict[str, Any]]:
    """All rows. A collection that is not loaded gets loaded for it, with a plain index if it has none."""
    found = collection(server, name, db)
    if not found.partitions or load_state(found) != "Loaded":
        index_vector_plainly(found)
        found.load()
    return read_all_rows(found)


def index_vector_plainly(found: Collection) -> None:
    vector = next(field for field in found.schema.fields if field.dtype in _FLAT)
    if not any(index.field_name == vector.name for index in found.indexes):
        found.create_index(vector.name, _FLAT[vector.dtype])


def load_state(found: Collection) -> str:
    return str(utility.load_state(found.name, using=found._using))


def schema_of(found: Collection) -> dict[str, Any]:
    """What makes a collection, its name and ids apart."""
    described = found.describe()
    fields = [{key: value for key, value in field.items() if key != "field_id"} for field in described["fields"]]
    kept = ("auto_id", "num_shards", "description", "consistency_level", "properties", "num_partitions",
            "enable_dynamic_field")  # fmt: skip
    return {key: described[key] for key in kept} | {"fields": fields}


def partitions_of(found: Collection) -> list[str]:
    return sorted(partition.name for partition in found.partitions)


def indexes_of(found: Collection) -> dict[str, Any]:
    return {index.index_name: (index.field_name, index.params) for index in found.indexes}


def aliases_of(found: Collection) -> list[str]:
    return sorted(found.aliases)
