"""Decode the payloads of insert logs with pyarrow, one thread, and print what it took as a line of JSON: what
`bench-rows decode` is measured against.

    python decode_pyarrow.py DIRECTORY KIND ROWS
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# src/codec/envelope.cc has the grammar: magic, then events that begin with time, type and length.
MAGIC_BYTES, HEADER, RANGE_BYTES = 4, struct.Struct("<Qbii"), 16
WORDS_OF_A_CACHE_LINE = 8


def payload(log: bytes) -> pa.Buffer:
    """The Parquet file in an insert log of one event."""
    _, _, descriptor_bytes, _ = HEADER.unpack_from(log, MAGIC_BYTES)
    event = MAGIC_BYTES + descriptor_bytes
    _, _, event_bytes, _ = HEADER.unpack_from(log, event)
    begin = event + HEADER.size + RANGE_BYTES
    return pa.py_buffer(log).slice(begin, event + event_bytes - begin)


def touch(column: pa.ChunkedArray) -> int:
    """One word of every cache line, as the other side does."""
    total = 0
    for chunk in column.chunks:
        for buffer in chunk.buffers():
            if buffer is not None:
                words = np.frombuffer(buffer, np.uint64, count=buffer.size // 8)
                total += int(words[::WORDS_OF_A_CACHE_LINE].sum(dtype=np.uint64))
    return total


def go_through(payloads: list[pa.Buffer]) -> int:
    rows = 0
    for one in payloads:
        table = pq.read_table(pa.BufferReader(one), use_threads=False, pre_buffer=False)
        touch(table.column(0))
        rows += table.num_rows
    return rows


def main(directory: str, kind: str, wanted_rows: int) -> None:
    payloads = [payload(path.read_bytes()) for path in sorted(Path(directory, kind).iterdir())]
    pa.set_cpu_count(1)
    rows = go_through(payloads)  # which also warms up
    passes = wanted_rows // rows + 1
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(passes):
        go_through(payloads)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"rows": rows * passes, "wall_s": wall, "cpu_s": cpu}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    # Threads of pyarrow 26 that are still there abort a process now and then that ends in the ordinary way.
    os._exit(0)
