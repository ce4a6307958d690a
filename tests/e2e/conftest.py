"""Two real Milvus with a MinIO each, as in the walkthrough; A is filled once, B is left as it was found."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
TESTING = HERE.parents[1] / "testing"
sys.path[:0] = [str(HERE), str(TESTING / "client"), str(TESTING / "servers")]
pytest.register_assert_rewrite("rows", "program", "collections_of")
warnings.filterwarnings("ignore", category=UserWarning, module="pymilvus")

import collections_of as milvus  # noqa: E402
from datasets import DATA_SETS, DataSet, fill  # noqa: E402
from milvus_server import EAGER, Milvus  # noqa: E402
from object_stores import Minio  # noqa: E402
from program import BINARY, Program  # noqa: E402
from rig import Rig  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help="run the tests marked torture too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "torture: too slow for every run; `make torture` runs it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that fixtures are torn down


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in its own
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow = [item for item in items if item.get_closest_marker("torture")]
    others = [item for item in items if item not in slow]
    if config.getoption("--torture"):
        items[:] = slow + others  # the longest first, so that no worker has one of them alone at the end
    else:
        config.hook.pytest_deselected(items=slow)
        items[:] = others
    for item in items:
        _keep_with_those_it_shares_with(item)


def _keep_with_those_it_shares_with(item: pytest.Item) -> None:
    """Puts an item that uses a module's own fixture into the group that runs in one worker (--dist loadgroup).

    The groups of a parametrised fixture go to several workers. Any other item goes to whichever is free.
    """
    fixtures = item._fixtureinfo.name2fixturedefs  # pytest says it nowhere else
    shared = sorted(name for name, found in fixtures.items() if found[-1].scope == "module")
    if shared:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        chosen = [str(params[name]) for name in shared if name in params]
        item.add_marker(pytest.mark.xdist_group("-".join([item.path.stem, *chosen])))


def pytest_sessionstart() -> None:
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: run `make build`", returncode=2)


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    with Rig() as servers:
        yield servers


@dataclass
class Source:
    """Server A, filled. Tests do not change its data sets; `rows` are those that a user sees in it."""

    server: Milvus
    rows: dict[tuple[str, str], dict[Any, dict[str, Any]]] = field(default_factory=dict)

    def rows_of(self, name: str, db: str = milvus.DEFAULT_DB) -> dict[Any, dict[str, Any]]:
        return self.rows[db, name]


@pytest.fixture(scope="session")
def minio_a(rig: Rig) -> Minio:
    return rig.minio("minio_a", ["bucket-a", "bucket-b"])


@pytest.fixture(scope="session")
def minio_b(rig: Rig) -> Minio:
    return rig.minio("minio_b", ["bucket-b"])


@pytest.fixture(scope="session")
def pair(rig: Rig, minio_a: Minio, minio_b: Minio) -> tuple[Milvus, Milvus]:
    started = (
        rig.milvus("milvus_a", minio_a, "bucket-a", overrides=EAGER),
        rig.milvus("milvus_b", minio_b, "bucket-b", overrides=EAGER),
    )
    rig.wait_ready()
    return started


@pytest.fixture(autouse=True)
def pair_is_alive(request: pytest.FixtureRequest) -> None:
    """What comes behind the death of a server says so at once, not after minutes of a client's patience."""
    if "pair" in request.fixturenames:
        for server in request.getfixturevalue("pair"):
            server.process.check_alive()


@pytest.fixture(scope="session")
def a(pair: tuple[Milvus, Milvus]) -> Source:
    source = Source(pair[0])
    for db in {data.db for data in DATA_SETS}:
        milvus.create_database(source.server, db)
        milvus.connection(source.server, db)

    def fill_and_read(data: DataSet) -> None:
        made = fill(source.server, data)
        source.rows[data.db, data.name] = milvus.read_all_rows(made)
        if not data.loaded:
            made.release()

    with ThreadPoolExecutor(len(DATA_SETS)) as pool:  # it is waiting for the server that takes the time
        list(pool.map(fill_and_read, DATA_SETS))
    return source


@pytest.fixture
def b(pair: tuple[Milvus, Milvus]) -> Iterator[Milvus]:
    """Server B. Collections that a test brings into it are dropped behind the test."""
    with milvus.only_for_now(pair[1]) as server:
        yield server


@pytest.fixture
def restores_into_a(a: Source) -> Iterator[Milvus]:
    """Server A for a test that restores into it; what it brings is dropped behind it."""
    with milvus.only_for_now(a.server) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "work")


@pytest.fixture
def backup_root(request: pytest.FixtureRequest) -> str:
    """A backup root of the test's own, so that tests do not see each other's backups."""
    return f"backups/{request.node.name.translate(str.maketrans('[]', '..'))}"
