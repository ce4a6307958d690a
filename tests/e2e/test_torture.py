"""What takes long: every point at which a create can die, and a collection in many pieces."""

import signal

import collections_of as milvus
import pytest
from datasets import FLAT_IP, field, make, vectors
from program import backup_store, documented_config
from pymilvus import DataType
from rows import assert_same_rows
from stalling_proxy import StallingProxy

pytestmark = [pytest.mark.torture, pytest.mark.timeout(1800)]

PARTITIONS = 128


@pytest.fixture
def dies_at(a, minio_b, program, backup_root):
    """Runs create, killed as it sends its n-th write to the backup store. Whether it got that far."""
    program.configure(documented_config(a.server, backup_root=backup_root, minio=backup_store(minio_b, "bucket-b")))

    def run(nth):
        with StallingProxy(minio_b.port, stall_at=b"PUT /bucket-b/", times=nth) as proxy:
            store = backup_store(minio_b, "bucket-b") | {"backupPort": proxy.port}
            program.configure(documented_config(a.server, backup_root=backup_root, minio=store), "dying.yaml")
            with program.start("create", "-c", "coll", "-n", "mortal", "--config", "dying.yaml") as running:
                while not proxy.stalled.wait(0.05):
                    if running.ended():
                        return False
                running.interrupt(signal.SIGKILL)
                running.finish(within_s=5)
        return True

    return run


def test_create_may_die_at_any_write(dies_at, program, minio_b, backup_root):
    """Before its last object a backup does not exist, and what there is of it can always be deleted."""
    nth = 1
    while dies_at(nth):
        assert program.backups() == [], f"killed at write {nth}"
        program.run("delete", "-n", "mortal")
        assert minio_b.keys(f"bucket-b/{backup_root}") == [], f"killed at write {nth}"
        nth += 1
    assert nth > 10, "a backup of coll takes more writes than that"
    assert program.backups() == ["mortal"]


def test_many_partitions_with_deletes_in_each(a, b, program, backup_root):
    with milvus.only_for_now(a.server):
        made = make(
            "pieces",
            milvus.connection(a.server),
            [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=8)],
        )
        data = vectors(8, PARTITIONS * 100, 8)
        for at in range(PARTITIONS):
            first = at * 100
            made.create_partition(f"p{at}")
            made.insert([list(range(first, first + 100)), data[first : first + 100]], partition_name=f"p{at}")
        made.flush()
        for at in range(PARTITIONS):
            made.delete(f"id in [{at * 100}, {at * 100 + 99}]", partition_name=f"p{at}")
        made.flush()
        made.create_index("v", FLAT_IP)
        made.load()
        expected = milvus.read_all_rows(made)
        assert len(expected) == PARTITIONS * 98

        program.configure(documented_config(a.server, backup_root=backup_root))
        program.configure(documented_config(b, backup_root=backup_root), "b.yaml")
        program.ok("create", "-c", "pieces", "-n", "in_pieces")
        program.ok("copy", "-n", "in_pieces", "--to", "b.yaml")
        program.ok("restore", "-n", "in_pieces", "--config", "b.yaml")
        assert_same_rows(expected, milvus.rows(b, "pieces"))
