"""The yardstick itself: it reads every row, and sees a difference of one bit."""

import copy
import struct

import collections_of as milvus
import pytest
from datasets import DATA_SETS
from rows import assert_same_rows


@pytest.mark.parametrize("data", DATA_SETS, ids=str)
def test_reading_twice_gives_the_same(a, data):
    found = milvus.collection(a.server, data.name, data.db)
    assert (milvus.load_state(found) == "Loaded") == data.loaded
    if data.loaded:
        assert_same_rows(a.rows_of(data.name, data.db), milvus.read_all_rows(found))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("coll", 3000),
        ("every_type", 426),
        ("binary_dynamic", 1500),
        ("partitioned", 5000 - 5 - 100 - 100 - 22),
        ("all_deleted", 0),
        ("tenants", 4000),
        ("unflushed", 496),
        ("nothing_in_it", 0),
    ],
)
def test_every_living_row_is_read(a, name, count):
    assert len(a.rows_of(name)) == count


def test_one_bit_of_a_vector_is_a_difference(a):
    expected = a.rows_of("coll")
    changed = copy.deepcopy(expected)
    vector = bytearray(changed[1234]["vec"])
    vector[17] ^= 1
    changed[1234]["vec"] = bytes(vector)
    with pytest.raises(AssertionError, match="key 1234, field 'vec'"):
        assert_same_rows(expected, changed)


def test_a_negative_zero_is_a_difference(a):
    expected = a.rows_of("every_type")
    changed = {key: dict(row) for key, row in expected.items()}
    changed[10_003]["f32"] = struct.pack("<f", -0.0)
    with pytest.raises(AssertionError, match="key 10003, field 'f32'"):
        assert_same_rows(expected, changed)


def test_a_row_in_another_partition_is_a_difference(a):
    expected = a.rows_of("partitioned")
    changed = {key: dict(row) for key, row in expected.items()}
    changed[1500]["$partition"] = "west"
    with pytest.raises(AssertionError, match="key 1500, field '\\$partition'"):
        assert_same_rows(expected, changed)


def test_missing_and_extra_rows_are_named(a):
    expected = a.rows_of("coll")
    fewer = {key: row for key, row in expected.items() if key != 77}
    with pytest.raises(AssertionError, match="1 of 3000 rows are missing, the first has the key 77"):
        assert_same_rows(expected, fewer)
    with pytest.raises(AssertionError, match="1 rows too many, the first has the key 77"):
        assert_same_rows(fewer, expected)
