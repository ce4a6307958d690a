"""A rig of real servers on loopback, for tests, the demo and by hand.

As a library: `with Rig() as rig:` and its methods. A server starts at once and comes up beside the others;
`wait_ready` returns when all of them serve. Everything lies below one temporary directory, and nothing
survives the rig.

By hand (`testing/servers/rig`, inside `testing/servers/in_loopback`):

    rig run [SERVER…] -- CMD…     start, run CMD with RIG_<NAME>_* and MC_HOST_<NAME> set, stop
    rig up [--state FILE] [SERVER…]   start, print what runs as JSON, stay until Ctrl-C or `rig down`
    rig down --state FILE         end what `rig up --state FILE` started

    SERVER   minio:NAME[=BUCKET,…]   minio+tls:NAME[=BUCKET,…]   minio+oidc:NAME[=BUCKET,…]   versitygw:NAME[=BUCKET,…]   gcs:NAME
             s3proxy:NAME[=BUCKET,…]   moto:NAME   azurite:NAME   azurite+tls:NAME
             milvus:NAME=STORE/BUCKET[/ROOT]   milvus:NAME=local   lite:NAME
             none given: the pair of the walkthrough, minio_a, milvus_a, minio_b, milvus_b
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azurite_server import Azurite
from certificates import Certificates, make_certificates
from google_storage import FakeGcs
from milvus_lite_server import MilvusLite
from milvus_server import Milvus
from object_stores import IdentityService, Minio, Moto, ObjectStore, S3Proxy, VersityGw
from server_process import STOP_SECONDS, Ports, ServerProcess

WALKTHROUGH = ("minio:minio_a=bucket-a", "minio:minio_b=bucket-b",
               "milvus:milvus_a=minio_a/bucket-a", "milvus:milvus_b=minio_b/bucket-b")  # fmt: skip


Server = Minio | VersityGw | S3Proxy | Moto | FakeGcs | Azurite | Milvus | MilvusLite


class Rig:
    """Named servers below one directory. Not thread-safe; use it from the main thread (see ServerProcess)."""

    def __init__(self, directory: Path | None = None) -> None:
        self._own_directory = directory is None
        self.directory = directory or _make_directory()
        self._ports = Ports()
        self._servers: dict[str, Server] = {}
        self._helpers: list[ServerProcess] = []
        self._certificates: Certificates | None = None
        atexit.register(self.stop)

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def minio(
        self,
        name: str,
        buckets: Sequence[str] = (),
        *,
        tls: bool = False,
        preferred_port: int | None = None,
        events_to: str | None = None,
    ) -> Minio:
        certificates = self.certificates() if tls else None
        return self._add(
            name,
            Minio(name, self.directory, self._ports, buckets=buckets, certificates=certificates,
                  preferred_port=preferred_port, events_to=events_to),
        )  # fmt: skip

    def minio_with_identities(self, name: str, buckets: Sequence[str] = ()) -> Minio:
        """A MinIO whose STS takes the tokens of an OpenID provider of its own (`Minio.identities`)."""
        identities = IdentityService(f"{name}_identities", self.directory, self._ports)
        self._helpers.append(identities.process)
        return self._add(name, Minio(name, self.directory, self._ports, buckets=buckets, identities=identities))

    def versitygw(self, name: str, buckets: Sequence[str] = ()) -> VersityGw:
        return self._add(name, VersityGw(name, self.directory, self._ports, buckets=buckets))

    def s3proxy(self, name: str, buckets: Sequence[str] = ()) -> S3Proxy:
        return self._add(name, S3Proxy(name, self.directory, self._ports, buckets=buckets))

    def moto(self, name: str) -> Moto:
        return self._add(name, Moto(name, self.directory, self._ports))

    def gcs(self, name: str) -> FakeGcs:
        return self._add(name, FakeGcs(name, self.directory, self._ports))

    def azurite(self, name: str, *, tls: bool = False) -> Azurite:
        certificates = self.certificates() if tls else None
        return self._add(name, Azurite(name, self.directory, self._ports, certificates=certificates))

    def milvus(
        self,
        name: str,
        store: ObjectStore | None = None,
        bucket: str = "",
        *,
        root_path: str = "files",
        auth: bool = False,
        tls_mode: int = 0,
        overrides: Mapping[str, Any] | None = None,
        preferred_port: int | None = None,
    ) -> Milvus:
        return self._add(
            name,
            Milvus(name, self.directory, self._ports, store=store, bucket=bucket, root_path=root_path, auth=auth,
                   tls_mode=tls_mode, certificates=self.certificates() if tls_mode else None, overrides=overrides,
                   preferred_port=preferred_port),
        )  # fmt: skip

    def milvus_lite(self, name: str) -> MilvusLite:
        return self._add(name, MilvusLite(name, self.directory, self._ports))

    def certificates(self) -> Certificates:
        """The rig's own authority; made on first use."""
        if self._certificates is None:
            self._certificates = make_certificates(self.directory / "certificates")
        return self._certificates

    def server(self, name: str) -> Server:
        if name not in self._servers:
            raise LookupError(f"no server {name!r} in this rig; there is: {', '.join(self._servers) or 'none'}")
        return self._servers[name]

    def store(self, name: str) -> ObjectStore:
        found = self.server(name)
        if not isinstance(found, ObjectStore):
            raise LookupError(f"{name!r} is no S3 store")
        return found

    def wait_ready(self) -> None:
        for server in self._servers.values():
            server.wait_ready()

    def stop_one(self, name: str) -> None:
        """End one server. Where the directory is the rig's own, its data go: whoever takes the name next begins anew."""
        self._end([self.server(name).process])
        del self._servers[name]
        if self._own_directory:
            shutil.rmtree(self.directory / name, ignore_errors=True)

    def stop(self) -> None:
        """End all servers, Milvus before the store that it writes to, and remove the directory."""
        self._end([server.process for server in reversed(self._servers.values())] + self._helpers)
        self._servers.clear()
        self._helpers.clear()
        if self._own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.stop)

    def describe(self) -> dict[str, dict[str, Any]]:
        """What a client needs to reach each server."""
        return {name: _describe(server) for name, server in self._servers.items()}

    def environment(self) -> dict[str, str]:
        """`describe` for a shell: RIG_<NAME>_<FIELD>, and the aliases for `mc`."""
        env: dict[str, str] = {}
        for name, fields in self.describe().items():
            env |= {f"RIG_{name}_{field}".upper(): str(value) for field, value in fields.items()}
        for server in self._servers.values():
            if isinstance(server, ObjectStore):
                env |= server.mc_env()
        return env

    def _end(self, processes: Sequence[ServerProcess]) -> None:
        """Ends them, in this order. Those whose data go with the rig get no time to write them."""
        if not self._own_directory:
            for process in processes:
                process.ask_to_end()
        for process in processes:
            process.stop(grace_s=0 if self._own_directory else STOP_SECONDS)

    def _add(self, name: str, server: Any) -> Any:
        self._servers[name] = server
        return server


def _make_directory() -> Path:
    """A new directory below TMPDIR, locked while this process lives. Those of rigs that were killed go."""
    for left in Path(tempfile.gettempdir()).glob("mbk-rig-*"):
        with contextlib.suppress(OSError):  # somebody else's, or gone meanwhile
            handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)
    while True:
        directory = Path(tempfile.mkdtemp(prefix="mbk-rig-"))
        with contextlib.suppress(FileNotFoundError):
            # Kept open to the end of the process, and not inherited by the servers (PEP 446).
            fcntl.flock(os.open(directory, os.O_RDONLY | os.O_DIRECTORY), fcntl.LOCK_EX)
        if directory.exists():  # else another rig took it for one left behind before it was locked
            return directory


def _describe(server: Server) -> dict[str, Any]:
    common = {"address": server.address, "port": server.port, "pid": server.process.pid}
    if isinstance(server, MilvusLite):
        return common
    if isinstance(server, FakeGcs):
        return common | {"url": server.url, "key_file": str(server.key_file)}
    if isinstance(server, Milvus):
        return common | {"management": server.management_url, "bucket": server.bucket, "root_path": server.root_path}
    identities = server.identities if isinstance(server, Minio) else None
    return common | {
        "url": server.url,
        "token_file": str(identities.token_file()) if identities else "",
        "access_key": server.access_key,
        "secret_key": server.secret_key,
        "ca": str(server.ca or ""),
    }


def start(rig: Rig, spec: str) -> None:
    """Start one SERVER of the command line (see the module's text)."""
    kind, _, rest = spec.partition(":")
    name, _, detail = rest.partition("=")
    buckets = [bucket for bucket in detail.split(",") if bucket]
    if not name.isidentifier():
        raise ValueError(
            f"{spec!r}: a server needs a name of letters, digits and _ behind its kind, as in minio:minio_a"
        )
    if kind == "minio":
        rig.minio(name, buckets)
    elif kind == "minio+tls":
        rig.minio(name, buckets, tls=True)
    elif kind == "minio+oidc":
        rig.minio_with_identities(name, buckets)
    elif kind == "versitygw":
        rig.versitygw(name, buckets)
    elif kind == "s3proxy":
        rig.s3proxy(name, buckets)
    elif kind == "moto" and not detail:
        rig.moto(name)
    elif kind == "gcs" and not detail:
        rig.gcs(name)
    elif kind in ("azurite", "azurite+tls") and not detail:
        rig.azurite(name, tls=kind == "azurite+tls")
    elif kind == "lite" and not detail:
        rig.milvus_lite(name)
    elif kind == "milvus" and detail == "local":
        rig.milvus(name)
    elif kind == "milvus" and detail.count("/") in (1, 2):
        store, bucket, *root = detail.split("/")
        rig.milvus(name, rig.store(store), bucket, root_path=root[0] if root else "files")
    else:
        raise ValueError(f"{spec!r} is no server; see rig --help")


def _run(rig: Rig, command: Sequence[str]) -> int:
    return subprocess.run(command, env={**os.environ, **rig.environment()}, check=False).returncode


def _stay_up(rig: Rig, state: Path | None) -> int:
    text = json.dumps({"rig": {"pid": os.getpid()}, **rig.describe()}, indent=2)
    if state is not None:
        state.write_text(text + "\n")
    print(text, flush=True)
    try:
        threading.Event().wait()  # until a signal raises
    finally:
        if state is not None:
            state.unlink(missing_ok=True)
    return 0


def _end(state: Path) -> int:
    """End the rig of `state` and return once it has gone."""
    try:
        pid = json.loads(state.read_text())["rig"]["pid"]
        handle = os.pidfd_open(pid)
    except (FileNotFoundError, ProcessLookupError):
        print(f"nothing runs for {state}", file=sys.stderr)
        return 0
    if b"rig.py" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        print(f"process {pid} of {state} is not a rig: it has gone and its number was given away", file=sys.stderr)
        return 1
    signal.pidfd_send_signal(handle, signal.SIGTERM)
    select.select([handle], [], [])
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="rig", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("run", "up"):
        sub = verbs.add_parser(verb)
        sub.add_argument("servers", nargs="*", metavar="SERVER")
    verbs.choices["up"].add_argument("--state", type=Path)
    verbs.add_parser("down").add_argument("--state", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    own, command = list(argv), []
    if "--" in own:
        cut = own.index("--")
        own, command = own[:cut], own[cut + 1 :]
    args = _parse(own)
    if args.verb == "down":
        return _end(args.state)
    if (args.verb == "run") != bool(command):
        raise ValueError("run takes a command behind --, up takes none")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with Rig() as rig:
        for spec in args.servers or WALKTHROUGH:
            start(rig, spec)
        rig.wait_ready()
        return _run(rig, command) if command else _stay_up(rig, args.state)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except (RuntimeError, ValueError, LookupError, FileNotFoundError) as problem:
        sys.exit(f"rig: {problem}")
