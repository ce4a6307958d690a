"""All data sets of A, backed up at once and restored on B under their own names: nothing may be lost."""

from types import SimpleNamespace

import collections_of as milvus
import pytest
from datasets import DATA_SETS, IVF_FLAT
from program import Program, documented_config
from rows import assert_same_rows

BACKUP_ROOT = "backups/everything"


@pytest.fixture(scope="module")
def restored(a, pair, tmp_path_factory):
    """B, with the whole of A. The load states are those before a test has loaded anything."""
    target = pair[1]
    program = Program(tmp_path_factory.mktemp("everything"))
    program.configure(documented_config(a.server, backup_root=BACKUP_ROOT))
    program.configure(documented_config(target, backup_root=BACKUP_ROOT), "configs/b.yaml")
    with milvus.only_for_now(target):
        program.ok("create", "-n", "all_of_a")
        program.ok("copy", "-n", "all_of_a", "--to", "configs/b.yaml")
        program.ok("restore", "-n", "all_of_a", "--config", "configs/b.yaml", "--rebuild_index", "--restore_alias",
                   "--restore_load_state")  # fmt: skip
        states = {
            (db, name): milvus.load_state(milvus.collection(target, name, db)) for db, name in milvus.all_names(target)
        }
        yield SimpleNamespace(server=target, load_states=states)


def of_both(a, restored, data):
    return milvus.collection(a.server, data.name, data.db), milvus.collection(restored.server, data.name, data.db)


def test_there_is_everything_and_nothing_else(a, restored):
    assert set(restored.load_states) == {(data.db, data.name) for data in DATA_SETS}


@pytest.mark.parametrize("data", DATA_SETS, ids=str)
def test_load_state(restored, data):
    assert (restored.load_states[data.db, data.name] == "Loaded") == data.loaded


@pytest.mark.parametrize("data", DATA_SETS, ids=str)
def test_schema_shards_consistency_and_properties(a, restored, data):
    before, after = of_both(a, restored, data)
    assert milvus.schema_of(after) == milvus.schema_of(before)


@pytest.mark.parametrize("data", DATA_SETS, ids=str)
def test_partitions(a, restored, data):
    before, after = of_both(a, restored, data)
    assert milvus.partitions_of(after) == milvus.partitions_of(before)


@pytest.mark.parametrize("data", DATA_SETS, ids=str)
def test_indexes(a, restored, data):
    before, after = of_both(a, restored, data)
    assert milvus.indexes_of(after) == milvus.indexes_of(before)


@pytest.mark.parametrize("data", DATA_SETS, ids=str)
def test_aliases(a, restored, data):
    before, after = of_both(a, restored, data)
    assert milvus.aliases_of(after) == milvus.aliases_of(before) == ([data.alias] if data.alias else [])


@pytest.mark.parametrize("data", DATA_SETS, ids=str)
def test_every_row(a, restored, data):
    assert_same_rows(a.rows_of(data.name, data.db), milvus.rows(restored.server, data.name, data.db))


def test_what_the_data_sets_are_there_for(a, restored):
    """The comparisons above hold only what the source has: so it must have it."""
    tenants = milvus.collection(restored.server, "tenants")
    assert milvus.schema_of(tenants)["properties"] == {"collection.ttl.seconds": "86400000"}
    assert [params for _, params in milvus.indexes_of(tenants).values()] == [IVF_FLAT]
    assert milvus.partitions_of(milvus.collection(restored.server, "partitioned")) == [
        "_default",
        "east",
        "nobody",
        "west",
    ]
    assert milvus.schema_of(milvus.collection(restored.server, "binary_dynamic"))["num_shards"] == 2
    assert sorted(milvus.indexes_of(milvus.collection(restored.server, "every_type"))) == [
        "by_i64",
        "by_text",
        "by_vec",
    ]
