"""A valid backup of any number of objects, without a Milvus: one collection, one partition, one log a column.

The metadata are those of docs/formats/backup.md; the objects hold random bytes, which nothing that carries a
backup looks into.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLLECTION, PARTITION, FIRST_SEGMENT = 470000000000000001, 470000000000000002, 470000000000001000
FIRST_LOG = 470000000001000000
FIRST_FIELD = 100


@dataclass(frozen=True)
class Shape:
    objects: int
    object_bytes: int
    columns: int = 10

    def __str__(self) -> str:
        return f"{self.objects:,} objects of {in_words(self.object_bytes)}"

    @property
    def total_bytes(self) -> int:
        return self.objects * self.object_bytes

    @property
    def field_ids(self) -> Sequence[int]:
        """Row id, timestamp and the fields of the schema below."""
        return (0, 1, *range(FIRST_FIELD, FIRST_FIELD + self.columns - 2))

    @property
    def segments(self) -> int:
        count, rest = divmod(self.objects, self.columns)
        if rest:
            raise ValueError(f"{self.objects} objects: must be a multiple of {self.columns}, the logs of a segment")
        return count


def in_words(size: int) -> str:
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def write_backup(directory: Path, name: str, shape: Shape) -> None:
    """The tree of the backup `name` below `directory`."""
    root = directory / name
    content = os.urandom(shape.object_bytes)
    records = []
    segments = [_segment(number, shape) for number in range(shape.segments)]
    for segment in segments:
        for group in segment["binlogs"]:
            [log] = group["binlogs"]
            path = root / f"binlogs/insert_log/{COLLECTION}/{PARTITION}/{segment['segment_id']}" \
                / f"{segment['segment_id']}/{group.get('fieldID', 0)}/{log['log_id']}"  # fmt: skip
            path.parent.mkdir(parents=True, exist_ok=True)
            # Another beginning for each, or a store might notice that they are all the same.
            number = log["log_id"].to_bytes(8, "little")
            log_content = (number + content)[: shape.object_bytes]
            path.write_bytes(log_content)
            records.append({"key": str(path.relative_to(root)), "size": len(log_content), "digest_kind": "md5",
                            "digest": hashlib.md5(log_content).hexdigest()})  # fmt: skip
    (root / "meta").mkdir()
    lines = (json.dumps(record) for record in sorted(records, key=lambda record: record["key"]))
    (root / "meta/objects.json").write_text("".join(f"{line}\n" for line in lines))
    for file, document in _meta(name, segments, shape).items():
        (root / "meta" / file).write_text(json.dumps(document, separators=(",", ":")))


def _segment(number: int, shape: Shape) -> dict[str, Any]:
    segment = FIRST_SEGMENT + number
    groups = []
    size = shape.object_bytes
    for place, field in enumerate(shape.field_ids):
        log = FIRST_LOG + number * shape.columns + place
        source = f"files/insert_log/{COLLECTION}/{PARTITION}/{segment}/{field}/{log}"
        groups.append({"fieldID": field, "binlogs": [{"log_path": source, "log_size": size, "log_id": log}]})
    return {"segment_id": segment, "collection_id": COLLECTION, "partition_id": PARTITION, "num_of_rows": 1000,
            "binlogs": groups, "deltalogs": [{}], "size": size * shape.columns, "group_id": segment}  # fmt: skip


def _meta(name: str, segments: list[dict[str, Any]], shape: Shape) -> dict[str, Any]:
    size = shape.total_bytes
    partition = {"partition_id": PARTITION, "partition_name": "_default", "collection_id": COLLECTION, "size": size}
    collection = {"id": "bench", "collection_id": COLLECTION, "db_name": "default", "collection_name": "bench",
                  "schema": _schema(shape), "shards_num": 1, "consistency_level": 2, "size": size}  # fmt: skip
    backup = {"id": "bench", "state_code": 2, "name": name, "size": size, "milvus_version": "v2.3.5"}
    partition_with_all = partition | {"segment_backups": segments}
    collection_with_all = collection | {"partition_backups": [partition_with_all]}
    return {
        "full_meta.json": backup | {"collection_backups": [collection_with_all]},
        "collection_meta.json": {"infos": [collection | {"partition_backups": [partition]}]},
        "partition_meta.json": {"infos": [partition]},
        "segment_meta.json": {"infos": segments},
        "backup_meta.json": backup,
    }


def _schema(shape: Shape) -> dict[str, Any]:
    _, _, key_id, *number_ids, vector_id = shape.field_ids
    key = {"fieldID": key_id, "name": "id", "is_primary_key": True, "data_type": 5}
    numbers = [{"fieldID": field, "name": f"number_{place}", "data_type": 5} for place, field in enumerate(number_ids)]
    vector = {"fieldID": vector_id, "name": "vector", "data_type": 101, "type_params": [{"key": "dim", "value": "16"}]}
    return {"name": "bench", "fields": [key, *numbers, vector]}
