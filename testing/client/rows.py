"""All rows of a collection as pymilvus reads them, in a form that compares bit by bit."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from pymilvus import Collection, CollectionSchema, DataType, FieldSchema

PAGE = 4000
PARTITION = "$partition"
DYNAMIC = "$dynamic"

Row = Mapping[str, Any]
Rows = Mapping[Any, Row]


def read_all_rows(collection: Collection) -> dict[Any, dict[str, Any]]:
    """Primary key -> row, of a loaded collection, strongly consistent.

    A row holds every field, the dynamic ones under DYNAMIC, the name of its partition under PARTITION.
    Floats are kept as their bytes, so that NaN equals NaN and 0.0 differs from -0.0. What was read is held
    against count(*), which Milvus counts in another way: a page that is lost does not go unseen.
    """
    rows: dict[Any, dict[str, Any]] = {}
    for partition in _nameable_partitions(collection):
        before = len(rows)
        for row in _pages(collection, partition):
            canonical = canonical_row(row, collection.schema)
            canonical[PARTITION] = partition
            key = canonical[collection.primary_field.name]
            assert key not in rows, f"{collection.name}: key {key!r} was read twice"
            rows[key] = canonical
        counted = _count(collection, partition)
        assert len(rows) - before == counted, (
            f"{collection.name}/{partition}: {len(rows) - before} rows read, count(*) is {counted}"
        )
    return rows


def assert_same_rows(expected: Rows, actual: Rows) -> None:
    """Fail with the first key, and the first field of it, in which the two differ."""
    missing = [key for key in expected if key not in actual]
    assert not missing, f"{len(missing)} of {len(expected)} rows are missing, the first has the key {missing[0]!r}"
    extra = [key for key in actual if key not in expected]
    assert not extra, f"{len(extra)} rows too many, the first has the key {extra[0]!r}"
    for key, row in expected.items():
        if row != actual[key]:
            raise AssertionError(_difference(key, row, actual[key]))


def as_json(value: Any) -> Any:
    """A row, or a part of one, in the form of `read_all_rows`, as JSON that tells apart what it holds."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, Mapping):
        return {name: as_json(item) for name, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, (tuple, list)) else value


def _difference(key: Any, expected: Row, actual: Row) -> str:
    for field in [*expected, *(name for name in actual if name not in expected)]:
        left, right = expected.get(field, "(no such field)"), actual.get(field, "(no such field)")
        if left != right:
            return f"key {key!r}, field {field!r}: expected {_shown(left)}, got {_shown(right)}"
    raise AssertionError("the rows are equal")


def _shown(value: Any) -> str:
    text = value.hex(" ", 4) if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


def _nameable_partitions(collection: Collection) -> list[str | None]:
    """The partitions to ask one after another; where a key chooses them, Milvus lets nobody name one."""
    if any(field.is_partition_key for field in collection.schema.fields):
        return [None]
    return [partition.name for partition in collection.partitions]


def _query(collection: Collection, expression: str, partition: str | None, **options: Any) -> Any:
    if partition is not None:
        options["partition_names"] = [partition]
    return collection.query(expression, consistency_level="Strong", **options)


def _pages(collection: Collection, partition: str | None) -> Any:
    """Rows in pages by primary key: Milvus answers a query with a limit in the order of the key."""
    key = collection.primary_field.name
    after = ""
    while True:
        page = _query(collection, after, partition, output_fields=["*"], limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = f"{key} > {json.dumps(page[-1][key], ensure_ascii=False)}"


def _count(collection: Collection, partition: str | None) -> int:
    return _query(collection, "", partition, output_fields=["count(*)"])[0]["count(*)"]


def _float32(value: Any) -> bytes:
    return struct.pack("<f", value)


def _float64(value: Any) -> bytes:
    return struct.pack("<d", value)


def _json(value: Any) -> str:
    """Text, as 1, 1.0 and True are equal in Python. The order of the keys is part of the value."""
    return json.dumps(value, ensure_ascii=False)


_SCALARS: dict[DataType, Callable[[Any], Any]] = {
    DataType.BOOL: lambda value: ("bool", bool(value)),
    DataType.FLOAT: _float32,
    DataType.DOUBLE: _float64,
    DataType.JSON: _json,
    DataType.FLOAT_VECTOR: lambda value: np.asarray(value, dtype="<f4").tobytes(),
    DataType.BINARY_VECTOR: lambda value: value if isinstance(value, bytes) else b"".join(value),
}


def _field_value(field: FieldSchema, value: Any) -> Any:
    if field.dtype == DataType.ARRAY:
        element = _SCALARS.get(field.element_type, lambda item: item)
        return tuple(element(item) for item in value)
    return _SCALARS.get(field.dtype, lambda item: item)(value)


def canonical_row(row: Row, schema: CollectionSchema) -> dict[str, Any]:
    """A row as it was inserted, or as a query answers it, in the form of `read_all_rows`, no partition."""
    fields = {field.name: field for field in schema.fields}
    known = {name: _field_value(field, row[name]) for name, field in fields.items()}
    if schema.enable_dynamic_field:
        known[DYNAMIC] = {name: _json(value) for name, value in row.items() if name not in fields}
    return known
