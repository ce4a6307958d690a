"""What server A is filled with: seeded, so that each run has the same rows.

Between them the data sets have every data type of Milvus 2.3, the extreme values of each that the server takes
(it refuses NaN and infinity in vectors), and every shape of collection that a backup must carry. Milvus 2.3 has
one vector field a collection, hence a collection for each kind of vector. Primary keys are unique, and the
largest is 2^63 - 2: a query with a limit does not find the key 2^63 - 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from collections_of import DEFAULT_DB, connection
from milvus_server import Milvus
from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, utility

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
FLOAT_MAX = 3.4028234663852886e38
FLOAT_TINY = 1e-45  # the smallest subnormal
ELEMENT_TYPES = (DataType.BOOL, DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64, DataType.FLOAT,
                 DataType.DOUBLE, DataType.VARCHAR)  # fmt: skip
HNSW = {"index_type": "HNSW", "metric_type": "L2", "params": {"M": 8, "efConstruction": 64}}
IVF_FLAT = {"index_type": "IVF_FLAT", "metric_type": "COSINE", "params": {"nlist": 16}}
FLAT_IP = {"index_type": "FLAT", "metric_type": "IP", "params": {}}
BIN_FLAT = {"index_type": "BIN_FLAT", "metric_type": "HAMMING", "params": {}}


@dataclass(frozen=True)
class DataSet:
    """`fill` makes the collection and leaves it loaded; `loaded` says whether it is to stay so."""

    name: str
    fill: Callable[[str, str], Collection]
    db: str = DEFAULT_DB
    alias: str = ""
    loaded: bool = True

    def __str__(self) -> str:
        return self.name if self.db == DEFAULT_DB else f"{self.db}.{self.name}"


def fill(server: Milvus, data: DataSet) -> Collection:
    """Make the collection in its database, which is there already; it is loaded."""
    using = connection(server, data.db)
    made = data.fill(data.name, using)
    if data.alias:
        utility.create_alias(data.name, data.alias, using=using)
    return made


def field(name: str, dtype: DataType, **params: Any) -> FieldSchema:
    return FieldSchema(name, dtype, **params)


def make(name: str, using: str, fields: list[FieldSchema], *, description: str = "", dynamic: bool = False,
         **options: Any) -> Collection:  # fmt: skip
    schema = CollectionSchema(fields, description=description, enable_dynamic_field=dynamic)
    return Collection(name, schema, using=using, **options)


def flush(made: Collection) -> None:
    """Flush, and wait until what was flushed is indexed.

    Indexes are made before the rows: a Milvus 2.3 that is busy with one index does not hear of another new one
    (dataCoord's notifyIndexChan), and looks for such indexes only once a minute. Of a flush it always hears.
    """
    made.flush()
    for index in made.indexes:
        utility.wait_for_index_building_complete(made.name, index.index_name, using=made._using)


def vectors(seed: int, count: int, dim: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dim), dtype=np.float32)


# ---------------------------------------------------------------------------------------------- simple


def fill_coll(name: str, using: str, count: int = 3000) -> Collection:
    """The collection of the walkthrough: a key, a tag, 128 floats, HNSW."""
    made = make(
        name,
        using,
        [
            field("id", DataType.INT64, is_primary=True),
            field("tag", DataType.VARCHAR, max_length=64),
            field("vec", DataType.FLOAT_VECTOR, dim=128),
        ],
        description="simple",
        shards_num=1,
    )
    made.create_index("vec", HNSW)
    made.insert([list(range(count)), [f"tag-{key % 100}" for key in range(count)], vectors(1, count, 128)])
    flush(made)
    made.load()
    return made


# ------------------------------------------------------------------------------------------- all types


def fill_every_type(name: str, using: str) -> Collection:
    made = make(
        name,
        using,
        [
            field("id", DataType.INT64, is_primary=True, description="the key, also at its extremes"),
            *_scalar_fields(),
            *_array_fields(),
            field("vec", DataType.FLOAT_VECTOR, dim=16, description="also -0.0 and subnormal"),
        ],
        description="every type of 2.3 — 每种类型",
    )
    made.create_index("vec", HNSW, index_name="by_vec")
    made.create_index("i64", index_name="by_i64")
    made.create_index("text", index_name="by_text")
    made.insert([{**row, "vec": vector} for row, vector in zip(_ordinary_rows(400), vectors(2, 400, 16), strict=True)])
    made.insert(list(_extreme_rows()))
    flush(made)
    made.load()
    return made


def _scalar_fields() -> list[FieldSchema]:
    return [
        field("flag", DataType.BOOL),
        field("i8", DataType.INT8),
        field("i16", DataType.INT16),
        field("i32", DataType.INT32),
        field("i64", DataType.INT64),
        field("f32", DataType.FLOAT),
        field("f64", DataType.DOUBLE),
        field("text", DataType.VARCHAR, max_length=65535),
        field("doc", DataType.JSON),
    ]


def _array_fields() -> list[FieldSchema]:
    def array(element: DataType) -> FieldSchema:
        length = {"max_length": 256} if element == DataType.VARCHAR else {}
        return field(_array_name(element), DataType.ARRAY, element_type=element, max_capacity=16, **length)

    return [array(element) for element in ELEMENT_TYPES]


def _array_name(element: DataType) -> str:
    return f"arr_{element.name.lower()}"


def _ordinary_rows(count: int) -> Iterator[dict[str, Any]]:
    for key in range(1, count + 1):
        few = range(key % 5)
        yield {
            "id": key,
            "flag": bool(key % 2),
            "i8": key % 128,
            "i16": key * 7 % 32768,
            "i32": key * 7919,
            "i64": key * 2**33,
            "f32": key / 3,
            "f64": key / 7,
            "text": f"row {key} ⟨行⟩",
            "doc": {"n": key, "half": key / 2, "list": [1, "two", None, {"three": [3.0]}], "名": f"v{key}"},
            "arr_bool": [bool(key >> at & 1) for at in few],
            "arr_int8": [key % 100 - at for at in few],
            "arr_int16": [key + at for at in few],
            "arr_int32": [key * 1000 + at for at in few],
            "arr_int64": [key * 2**40 + at for at in few],
            "arr_float": [key / (at + 1) for at in few],
            "arr_double": [key / (at + 7) for at in few],
            "arr_varchar": [f"{key}-{at}" for at in few],
        }


def _extreme_rows() -> Iterator[dict[str, Any]]:
    """One ordinary row, changed in one or a few fields at a time; keys from 10,000, and the extreme ones."""
    base = next(_ordinary_rows(1)) | {"vec": [0.0] * 16}
    changes: list[dict[str, Any]] = [
        {"f32": value, "f64": value} for value in (math.nan, math.inf, -math.inf, 0.0, -0.0)
    ] + [
        {"f32": FLOAT_MAX, "f64": 1.7976931348623157e308},
        {"f32": FLOAT_TINY, "f64": 5e-324},
        {"i8": -128, "i16": -32768, "i32": -(2**31), "i64": INT64_MIN},
        {"i8": 127, "i16": 32767, "i32": 2**31 - 1, "i64": INT64_MAX},
        {"text": ""},
        {"text": "x" * 65535},
        {"text": "é" * 32767},
        {"text": 'nul \0, quote ", backslash \\, newline \n, 😀'},
        {"doc": {}},
        {"doc": {"deep": {"a": {"b": {"c": [[], [[]], {"": ""}]}}}, "big": 2**53 + 1, "tiny": 1e-300, "no": None}},
        {"doc": {"blob": "y" * 60000}},
        {_array_name(element): [] for element in ELEMENT_TYPES},
        {"arr_bool": [True, False] * 8, "arr_int8": [-128, 127], "arr_int16": [-32768, 32767]},
        {"arr_int32": [-(2**31), 2**31 - 1], "arr_int64": [INT64_MIN, INT64_MAX]},
        {"arr_float": [math.nan, -0.0, math.inf, FLOAT_TINY], "arr_double": [-math.inf, math.nan, 5e-324]},
        {"arr_varchar": ["", "z" * 256, "é😀"]},
        {"vec": [-0.0, 0.0, FLOAT_TINY, -FLOAT_TINY, FLOAT_MAX, -FLOAT_MAX, 1 / 3, -1.0] * 2},
    ]
    for key, change in enumerate(changes, start=10_000):
        yield base | {"id": key} | change
    for key in (INT64_MIN, -1, 0, INT64_MAX - 1):
        yield base | {"id": key}


# -------------------------------------------------------------------------------------- binary, dynamic


def fill_binary_dynamic(name: str, using: str) -> Collection:
    """A binary vector, a varchar key, and fields that no schema knows."""
    made = make(
        name,
        using,
        [
            field("pk", DataType.VARCHAR, is_primary=True, max_length=128),
            field("bits", DataType.BINARY_VECTOR, dim=64),
        ],
        dynamic=True,
        shards_num=2,
        consistency_level="Strong",
    )
    made.create_index("bits", BIN_FLAT)
    made.create_index("pk", index_name="by_pk")
    made.insert([_dynamic_row(key) for key in range(1500)])
    flush(made)
    made.load()
    return made


def _dynamic_row(key: int) -> dict[str, Any]:
    row: dict[str, Any] = {"pk": f"key-{key:05d}", "bits": (key * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "little")}
    if key % 3 == 0:
        row |= {"color": f"c{key % 7}", "size": key / 4, "nested": {"a": [key, str(key)]}}
    elif key % 3 == 1:
        row |= {"color": key, "名": [1, 2.5, "x", None]}
    return row


# --------------------------------------------------------------------------------- partitions, deletes


def fill_partitioned(name: str, using: str) -> Collection:
    """Partitions, one of them empty; rows deleted before a flush, after it, and never flushed at all."""
    made = make(name, using, [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=8)])
    made.create_index("v", FLAT_IP, index_name="v_index")
    for partition in ("east", "west", "nobody"):
        made.create_partition(partition)
    data = vectors(3, 5000, 8)

    def insert(first: int, end: int, partition: str) -> None:
        made.insert([list(range(first, end)), data[first:end]], partition_name=partition)

    insert(0, 1000, "_default")
    insert(1000, 3000, "east")
    made.delete("id in [7, 8, 9, 1000, 1001]")
    made.flush()
    insert(3000, 4500, "west")
    flush(made)
    made.load()
    made.delete(f"id in {list(range(100, 200))}")
    made.delete(f"id in {list(range(3000, 3100))}", partition_name="west")
    made.flush()
    insert(4500, 5000, "east")
    made.delete(f"id in {[2999, 4400, *range(4500, 4520)]}")
    return made


def fill_all_deleted(name: str, using: str) -> Collection:
    """Rows that were written and are all gone."""
    made = make(name, using, [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=8)])
    made.create_index("v", FLAT_IP)
    made.insert([list(range(300)), vectors(4, 300, 8)])
    made.flush()
    made.delete(f"id in {list(range(300))}")
    flush(made)
    made.load()
    return made


def fill_tenants(name: str, using: str) -> Collection:
    """A partition key, keys that Milvus hands out, a TTL."""
    made = make(
        name,
        using,
        [
            field("id", DataType.INT64, is_primary=True, auto_id=True),
            field("tenant", DataType.VARCHAR, max_length=32, is_partition_key=True),
            field("v", DataType.FLOAT_VECTOR, dim=16),
        ],
        num_partitions=8,
        properties={"collection.ttl.seconds": 86400000},
    )
    made.create_index("v", IVF_FLAT)
    made.insert([[f"tenant {key % 20}" for key in range(4000)], vectors(5, 4000, 16)])
    flush(made)
    made.load()
    return made


# ------------------------------------------------------------------------------------------ odd states


def fill_unflushed(name: str, using: str) -> Collection:
    """Rows and deletes that lie in no segment file yet."""
    made = make(name, using, [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=8)])
    made.create_index("v", FLAT_IP)
    made.load()
    made.insert([list(range(500)), vectors(6, 500, 8)])
    made.delete("id in [0, 1, 2, 499]")
    return made


def fill_empty(name: str, using: str) -> Collection:
    made = make(
        name,
        using,
        [field("id", DataType.VARCHAR, is_primary=True, max_length=16), field("v", DataType.FLOAT_VECTOR, dim=8)],
        dynamic=True,
    )
    made.create_index("v", FLAT_IP)
    made.load()
    return made


def fill_small(name: str, using: str) -> Collection:
    made = make(name, using, [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=8)])
    made.create_index("v", FLAT_IP)
    made.insert([list(range(200)), vectors(7, 200, 8)])
    flush(made)
    made.load()
    return made


def books(server: Milvus, name: str, keys: Iterable[int], tag: str = "tag") -> Collection:
    """Small, for a test of its own. All that have the same keys hold the same rows, but for the tag."""
    made = make(
        name,
        connection(server),
        [
            field("id", DataType.INT64, is_primary=True),
            field("tag", DataType.VARCHAR, max_length=64),
            field("v", DataType.FLOAT_VECTOR, dim=8),
        ],
        shards_num=1,
    )
    ids = list(keys)
    made.create_index("v", FLAT_IP)
    made.insert([ids, [f"{tag} {key}" for key in ids], vectors(21, len(ids), 8)])
    flush(made)
    made.load()
    return made


DATA_SETS = (
    DataSet("coll", fill_coll, alias="coll_alias"),
    DataSet("every_type", fill_every_type),
    DataSet("binary_dynamic", fill_binary_dynamic),
    DataSet("partitioned", fill_partitioned),
    DataSet("all_deleted", fill_all_deleted),
    DataSet("tenants", fill_tenants, loaded=False),
    DataSet("unflushed", fill_unflushed),
    DataSet("nothing_in_it", fill_empty),
    DataSet("coll", fill_small, db="archive"),
)
