"""What the server held when the Go tool wrote the backups in tests/compat: rows as they were inserted."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

# Primary key -> name of the partition, row.
Rows = dict[Any, tuple[str, dict[str, Any]]]

# One generator filled the server. A collection that the backups leave out, 100,000 vectors of 128 floats in ten
# batches, came first.
_SEED, _BATCHES, _BATCH = 7, 10, (10_000, 128)


@cache
def _vectors() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(_SEED)
    for _ in range(_BATCHES):
        generator.random(_BATCH, dtype=np.float32)
    shapes = {"pkey": (4000, 16), "growing": (500, 8), "indb": (2000, 8)}
    return {name: generator.random(shape, dtype=np.float32) for name, shape in shapes.items()}


def multi() -> Rows:
    def partition(key: int) -> str:
        return "_default" if key < 1000 else "pa" if key < 3000 else "pb"

    deleted = {*range(100), *range(1000, 1050)}
    return {f"key-{key:05d}": (partition(key), _multi_row(key)) for key in range(3500) if key not in deleted}


def _multi_row(key: int) -> dict[str, Any]:
    return {
        "pk": f"key-{key:05d}",
        "b": bool(key % 2),
        "i8": key % 128,
        "i16": key % 30000,
        "i32": key * 7,
        "i64": key * 2**33,
        "f": key / 3,
        "d": key / 7,
        "js": {"a": key, "s": f"v{key}", "n": {"x": [1, 2, key]}},
        "arr": list(range(key % 8)),
        "sarr": [f"s{at}" for at in range(key % 4)],
        "bv": key.to_bytes(8, "little"),
        "dyn1": key,
        "dyn2": f"dyn-{key}",
    }


def growing() -> Rows:
    return _numbered("growing")


def indb() -> Rows:
    return _numbered("indb")


def _numbered(name: str) -> Rows:
    return {key: ("_default", {"id": key, "v": vector}) for key, vector in enumerate(_vectors()[name])}


def tenants_of_pkey() -> dict[bytes, str]:
    """`pkey` by vector, as the server chose its keys: vector -> tenant."""
    return {vector.tobytes(): f"t{at % 20}" for at, vector in enumerate(_vectors()["pkey"])}
