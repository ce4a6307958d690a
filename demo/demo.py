"""The documented walkthrough, told on real servers: `coll` of milvus_A becomes `coll_bak` on milvus_B.

    demo.py [local]

`make demo` runs it inside a network namespace with nothing but loopback, so the ports are the documented
ones. With `local` (`make demo STORE=local`) it is the small form: data and backups lie in directories, no object
store is started, and there are fewer rows. Exit code 0 if every row arrived, 1 if not.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_digits

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "testing" / part) for part in ("client", "servers")]
warnings.filterwarnings("ignore", category=UserWarning, module="pymilvus")

import collections_of as milvus  # noqa: E402
from milvus_server import Milvus  # noqa: E402
from pymilvus import Collection, CollectionSchema, DataType, FieldSchema  # noqa: E402
from rig import Rig  # noqa: E402
from rows import assert_same_rows, read_all_rows  # noqa: E402

DIM, BATCH = 128, 10_000
SHOWN_DIGIT, NEIGHBOURS = 1234, 4
SHADES = " .:-=+*#%@"

# What a user writes into configs/backup.yaml, key for key as the documentation has it.
CONFIG = """\
milvus:
  address: {address}
  port: {port}
  authorizationEnabled: false
  tlsMode: 0
  user: "root"
  password: "Milvus"
minio:
  storageType: "minio"
  address: {store.address}
  port: {store.port}
  accessKeyID: {store.access_key}
  secretAccessKey: {store.secret_key}
  useSSL: false
  useIAM: false
  iamEndpoint: ""
  bucketName: "{bucket}"
  rootPath: "files"
  backupAccessKeyID: {store.access_key}
  backupSecretAccessKey: {store.secret_key}
  backupBucketName: "{bucket}"
  backupRootPath: "backup"
"""

# The same without an object store.
LOCAL_CONFIG = """\
milvus:
  address: {address}
  port: {port}
minio:
  storageType: "local"
  rootPath: "{root}"
  backupRootPath: "{root}-backups"
"""


@dataclass(frozen=True)
class Form:
    """What differs between the demo and its small form."""

    start: Callable[[Rig], tuple[Milvus, Milvus]]
    rows: int
    config: Callable[[Milvus], str]
    where_data_lie: str
    where_the_backup_goes: str
    by_hand: str


def main(store: str = "minio") -> int:
    form = FORMS[store]
    with Rig() as rig, TemporaryDirectory(prefix="mbk-demo-") as directory:
        with chapter(f"Two Milvus, each with {form.where_data_lie} of its own"):
            a, b = form.start(rig)
        with chapter("Filling milvus_A"):
            with ThreadPoolExecutor() as pool:  # most of it is Milvus's own waiting for its own
                for filled in (pool.submit(fill_coll, a, form.rows), pool.submit(fill_digits, a)):
                    say(filled.result())
        desk = Desk(Path(directory), form.config)
        with chapter("A backup of coll"):
            desk.write_config("configs/backup.yaml", a)
            desk.show("configs/backup.yaml")
            desk.run("./milvus-backup create -c coll -n my_backup")
            desk.run("./milvus-backup list")
        with chapter(f"The backup goes to {form.where_the_backup_goes}"):
            say(f"By hand: {form.by_hand}. In one command{', without the detour' if store == 'minio' else ''}:")
            desk.write_config("configs/backup_b.yaml", b)
            desk.run("./milvus-backup copy -n my_backup --to configs/backup_b.yaml")
        with chapter("Restore on milvus_B, with the same file edited for B"):
            desk.write_config("configs/backup.yaml", b)
            desk.diff(form.config(a), form.config(b))
            desk.run("./milvus-backup restore -c coll -n my_backup -s _bak")
            desk.run("./milvus-backup list")
        with chapter("Is coll_bak on milvus_B what coll is on milvus_A?"):
            rows = compare(a, "coll", b, "coll_bak")
        with chapter("Or all of it in one command: clone, here with 1,797 handwritten digits"):
            desk.write_config("configs/backup.yaml", a)
            desk.run("./milvus-backup clone -c digits --to configs/backup_b.yaml")
            digits = compare(a, "digits", b, "digits")
            show_neighbours(b)
    print(
        f"\nEQUAL: coll_bak on milvus_B is coll on milvus_A, row by row: all {rows:,} rows, every field, every vector"
        f"\nto the last bit; and so are the {digits:,} digits. Nothing is left running."
    )
    return 0


# ------------------------------------------------------------------------------------------ the servers


def start_servers(rig: Rig) -> tuple[Milvus, Milvus]:
    minio_a = rig.minio("minio_A", ["bucket-a"], preferred_port=9000)
    minio_b = rig.minio("minio_B", ["bucket-b"], preferred_port=9010)
    a = rig.milvus("milvus_A", minio_a, "bucket-a", preferred_port=19530)
    b = rig.milvus("milvus_B", minio_b, "bucket-b", preferred_port=19531)
    rig.wait_ready()
    for server in (a, b):
        say(f"{server.name} on {server.address}:{server.port}, its data in {server.store.url}/{server.bucket}/files")
    return a, b


def start_servers_on_disk(rig: Rig) -> tuple[Milvus, Milvus]:
    a = rig.milvus("milvus_A", preferred_port=19530)
    b = rig.milvus("milvus_B", preferred_port=19531)
    rig.wait_ready()
    for server in (a, b):
        say(f"{server.name} on {server.address}:{server.port}, its data in {server.local_root}")
    return a, b


def config_in_stores(server: Milvus) -> str:
    return CONFIG.format(address=server.address, port=server.port, store=server.store, bucket=server.bucket)


def config_on_disk(server: Milvus) -> str:
    return LOCAL_CONFIG.format(address=server.address, port=server.port, root=server.local_root)


FORMS = {
    "minio": Form(start_servers, 100_000, config_in_stores, "an object store", "the other object store",
                  "mc cp --recursive to a directory, and up again"),
    "local": Form(start_servers_on_disk, 10_000, config_on_disk, "a directory", "the other's directory", "cp -r"),
}  # fmt: skip


def fill_coll(server: Milvus, rows: int) -> str:
    coll = new_collection(server, "coll", DIM, FieldSchema("tag", DataType.VARCHAR, max_length=64))
    random = np.random.default_rng(7)
    for first in range(0, rows, BATCH):
        keys = list(range(first, first + BATCH))
        coll.insert([keys, [f"tag-{key % 100}" for key in keys], random.random((BATCH, DIM), dtype=np.float32)])
    coll.flush()
    coll.create_index("vec", {"index_type": "HNSW", "metric_type": "L2", "params": {"M": 8, "efConstruction": 64}})
    coll.load()
    return f"coll: {rows:,} vectors of {DIM} floats, with an HNSW index"


def fill_digits(server: Milvus) -> str:
    images = load_digits()
    digits = new_collection(server, "digits", 64, FieldSchema("label", DataType.INT64))
    digits.insert([list(range(len(images.data))), images.target.tolist(), images.data.astype(np.float32)])
    digits.flush()
    digits.create_index("vec", {"index_type": "FLAT", "metric_type": "L2", "params": {}})
    digits.load()
    return f"digits: {len(images.data):,} handwritten digits of 8 × 8 pixels, each a vector of 64, with its label"


def new_collection(server: Milvus, name: str, dim: int, payload: FieldSchema) -> Collection:
    key = FieldSchema("id", DataType.INT64, is_primary=True)
    vector = FieldSchema("vec", DataType.FLOAT_VECTOR, dim=dim)
    return Collection(name, CollectionSchema([key, payload, vector]), using=milvus.connection(server))


# ------------------------------------------------------------------------------------------- the proof


def compare(a: Milvus, name_a: str, b: Milvus, name_b: str) -> int:
    """The number of rows, all of them equal. Ends the demo if they are not."""
    say(f"reading every row of {name_a} on {a.name} and of {name_b} on {b.name} with pymilvus …")
    expected = read_all_rows(milvus.collection(a, name_a))
    try:
        assert_same_rows(expected, milvus.rows(b, name_b))
    except AssertionError as difference:
        sys.exit(f"\nDIFFERENT: {name_b} on {b.name} is not {name_a} on {a.name}: {difference}")
    say(f"{len(expected):,} rows, all equal in all fields, vectors compared bit by bit")
    return len(expected)


def show_neighbours(server: Milvus) -> None:
    digits = milvus.collection(server, "digits")
    [asked] = digits.query(f"id == {SHOWN_DIGIT}", output_fields=["label", "vec"])
    [hits] = digits.search(
        [asked["vec"]], "vec", {"metric_type": "L2"}, limit=NEIGHBOURS + 1, output_fields=["label", "vec"]
    )
    found = [hit.entity for hit in hits if hit.id != SHOWN_DIGIT][:NEIGHBOURS]
    pictures = [picture(asked["vec"]), *(picture(entity.get("vec")) for entity in found)]
    titles = [f"a {asked['label']}", *(f"a {entity.get('label')}" for entity in found)]
    say(
        f"image {SHOWN_DIGIT} of digits, and the {NEIGHBOURS} most similar ones that a search on {server.name} finds:\n"
    )
    print("  " + "   ".join(f"{title:<16}" for title in titles))
    for lines in zip(*pictures, strict=True):
        print("  " + "   ".join(lines))


def picture(vector: list[float]) -> list[str]:
    """64 values of 0 to 16 as eight lines; two characters a pixel, which makes it about square."""
    shades = [SHADES[min(int(value) * len(SHADES) // 17, len(SHADES) - 1)] for value in vector]
    return ["".join(shade * 2 for shade in shades[row * 8 : row * 8 + 8]) for row in range(8)]


# ------------------------------------------------------------------------------------- the user's desk


class Desk:
    """A directory with ./milvus-backup in it, and what the user types there."""

    def __init__(self, directory: Path, config: Callable[[Milvus], str]) -> None:
        self._directory = directory
        self._config = config
        (directory / "configs").mkdir()
        (directory / "milvus-backup").symlink_to(REPOSITORY / "milvus-backup")

    def write_config(self, file: str, server: Milvus) -> None:
        (self._directory / file).write_text(self._config(server))

    def show(self, file: str) -> None:
        print(f"  $ cat {file}")
        print(indented((self._directory / file).read_text()), end="")

    def diff(self, before: str, after: str) -> None:
        for old, new in zip(before.splitlines(), after.splitlines(), strict=True):
            if old != new:
                say(f"{old.strip()}  →  {new.strip()}")

    def run(self, command: str) -> None:
        """What the command says, as it says it. A failure ends the demo."""
        print(f"  $ {command}", flush=True)
        done = subprocess.run(
            shlex.split(command),
            cwd=self._directory,
            stdout=subprocess.PIPE,
            # At a terminal the progress bar shows; in a file its lines would only break the story.
            stderr=None if sys.stderr.isatty() else subprocess.PIPE,
            text=True,
            check=False,
        )
        print(indented(done.stdout), end="", flush=True)
        if done.returncode != 0:
            sys.exit(f"{done.stderr or ''}\nFAILED: {command} ended with exit code {done.returncode}")


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def say(text: str) -> None:
    print(f"  {text}", flush=True)


@contextmanager
def chapter(title: str) -> Iterator[None]:
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}{title}{plain}", flush=True)
    began = time.monotonic()
    yield
    print(f"  ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
