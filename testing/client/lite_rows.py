"""All rows of one collection of a Milvus Lite, read with the pymilvus that is installed beside it.

    lite-venv/bin/python lite_rows.py PORT DATABASE COLLECTION

Prints a JSON list of rows in the form of `rows.read_all_rows`. The collection may be named by an alias; it has
fewer rows in a partition than one query may return, and is loaded.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pymilvus import Collection, connections
from rows import PARTITION, as_json, canonical_row

MOST_ROWS = 16384  # of one query


def read(collection: Collection) -> list[dict[str, Any]]:
    """One query a partition: Lite gives no order to go on from, and counts other rows than those of the partition."""
    by_key = any(field.is_partition_key for field in collection.schema.fields)
    partitions = [None] if by_key else [partition.name for partition in collection.partitions]
    found = []
    for partition in partitions:
        names = {"partition_names": [partition]} if partition else {}
        page = collection.query("", output_fields=["*"], limit=MOST_ROWS, **names)
        assert len(page) < MOST_ROWS, f"{collection.name}/{partition} may have more than {MOST_ROWS} rows"
        found += [canonical_row(row, collection.schema) | {PARTITION: partition} for row in page]
    return found


def main(port: str, database: str, name: str) -> None:
    connections.connect("lite", host="127.0.0.1", port=port, db_name=database)
    json.dump([as_json(row) for row in read(Collection(name, using="lite"))], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
