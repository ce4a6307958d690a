"""A real Milvus 2.3.5 on loopback, in standalone mode with its own embedded etcd and message queue."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from certificates import Certificates
from object_stores import ObjectStore
from server_process import Ports, ServerProcess, http_ok, require_loopback_only
from tools import tool

START_SECONDS = 120
ROOT_USER, ROOT_PASSWORD = "root", "Milvus"

# The sections of milvus.yaml that listen. A second instance on the same loopback needs other ports for all
# of them: queryCoord's default is even 19531, which reads like the port of a second Milvus.
_LISTENERS = ("rootCoord", "queryCoord", "dataCoord", "dataNode", "queryNode", "indexNode", "indexCoord")

# Overrides for a Milvus that looks more often whether there is something to do. With its own values a flush takes
# 3 s and a load 4 s, most of it waiting; what it does is the same.
EAGER = {
    "dataCoord.segment.assignmentExpiration": 200,
    "queryCoord.checkInterval": 50,
    "queryCoord.checkSegmentInterval": 50,
    "queryCoord.checkChannelInterval": 50,
    "queryCoord.checkIndexInterval": 200,
    "queryCoord.checkHandoffInterval": 200,
    "queryCoord.distPullInterval": 50,
    "queryCoord.leaderViewUpdateInterval": 1,
    "queryCoord.UpdateNextTargetInterval": 1,
}


class Milvus:
    """A Milvus that is starting; `wait_ready` returns when it reports itself healthy.

    With `store` its data lie in that store below `bucket`/`root_path`, without in `local_root`.
    tls_mode is Milvus's own: 0 off, 1 the server has a certificate, 2 the client needs one too.
    """

    def __init__(
        self,
        name: str,
        directory: Path,
        ports: Ports,
        *,
        store: ObjectStore | None = None,
        bucket: str = "",
        root_path: str = "files",
        auth: bool = False,
        tls_mode: int = 0,
        certificates: Certificates | None = None,
        overrides: Mapping[str, Any] | None = None,
        preferred_port: int | None = None,
    ) -> None:
        if tls_mode and certificates is None:
            raise ValueError("tls_mode needs certificates")
        require_loopback_only()  # Milvus listens on all interfaces whatever its `ip` settings say
        self.name = name
        self.address = "127.0.0.1"
        self.port = ports.take(preferred_port)
        self.metrics_port = ports.take()
        self.store = store
        self.bucket = bucket
        self.root_path = root_path
        self.auth = auth
        self.tls_mode = tls_mode
        self.certificates = certificates
        self._home = directory / name
        self._ports = ports
        self._configure(overrides or {})
        if store is not None:
            store.wait_ready()  # Milvus looks for its bucket at once
        self.process = self._start()

    @property
    def user(self) -> str:
        return ROOT_USER if self.auth else ""

    @property
    def password(self) -> str:
        return ROOT_PASSWORD if self.auth else ""

    @property
    def local_root(self) -> Path:
        """Where a Milvus without a store keeps its files."""
        return self._home / "local"

    @property
    def management_url(self) -> str:
        return f"http://{self.address}:{self.metrics_port}"

    def wait_ready(self) -> None:
        self.process.wait_until(lambda: http_ok(f"{self.management_url}/healthz"), timeout_s=START_SECONDS)

    def connection(self) -> dict[str, Any]:
        """Arguments for pymilvus's connections.connect."""
        args: dict[str, Any] = {"host": self.address, "port": str(self.port)}
        if self.auth:
            args |= {"user": self.user, "password": self.password}
        if self.tls_mode and self.certificates is not None:
            args |= {"secure": True, "server_name": "localhost"}
            if self.tls_mode == 1:
                args |= {"server_pem_path": str(self.certificates.server_cert)}
            else:
                args |= {
                    "ca_pem_path": str(self.certificates.ca),
                    "client_pem_path": str(self.certificates.client_cert),
                    "client_key_path": str(self.certificates.client_key),
                }
        return args

    def _start(self) -> ServerProcess:
        libraries = tool("milvus-2.3.5/bin")
        return ServerProcess(
            self.name,
            [str(libraries / "milvus"), "run", "standalone"],
            log=self._home / "logs" / "console.log",
            cwd=self._home,
            env={
                "MILVUSCONF": str(self._home / "configs"),
                "DEPLOY_MODE": "STANDALONE",
                "METRICS_PORT": str(self.metrics_port),
                "MILVUS_RUN_DIR": str(self._home / "run"),
                "LD_LIBRARY_PATH": str(libraries),
                "GOMAXPROCS": "2",
            },
        )

    def _configure(self, overrides: Mapping[str, Any]) -> None:
        configs = self._home / "configs"
        for folder in (configs, self._home / "run", self._home / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(tool("milvus-2.3.5/glog.conf"), configs)
        etcd_url = f"http://127.0.0.1:{self._ports.take()}"
        peer_url = f"http://127.0.0.1:{self._ports.take()}"
        (configs / "embedEtcd.yaml").write_text(yaml.safe_dump(_etcd(self.name, etcd_url, peer_url)))
        config = _template()
        for key, value in {**self._own_keys(etcd_url), **overrides}.items():
            _assign(config, key, value)
        (configs / "milvus.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    def _own_keys(self, etcd_url: str) -> dict[str, Any]:
        keys: dict[str, Any] = {
            "etcd.endpoints": etcd_url.removeprefix("http://"),
            "etcd.use.embed": True,
            "etcd.data.dir": str(self._home / "etcd"),
            "etcd.config.path": str(self._home / "configs" / "embedEtcd.yaml"),
            "etcd.log.path": str(self._home / "logs" / "etcd.log"),
            "etcd.log.level": "warn",
            "localStorage.path": str(self.local_root),
            "mq.type": "rocksmq",
            "rocksmq.path": str(self._home / "rocksmq"),
            "proxy.ip": "127.0.0.1",
            "proxy.port": self.port,
            "proxy.internalPort": self._ports.take(),
            "indexCoord.bindIndexNodeMode.address": f"127.0.0.1:{self._ports.take()}",
            "log.level": "info",
            "log.file.rootPath": "",
            "log.stdout": True,  # into the process's own log, whose end an error shows
            "common.gracefulStopTimeout": 5,
            "common.storageType": "local" if self.store is None else "minio",
            "common.security.authorizationEnabled": self.auth,
            "common.security.tlsMode": self.tls_mode,
        }
        for section in _LISTENERS:
            keys |= {f"{section}.ip": "127.0.0.1", f"{section}.port": self._ports.take()}
        return keys | self._store_keys() | self._tls_keys()

    def _store_keys(self) -> dict[str, Any]:
        if self.store is None:
            return {}
        return {
            "minio.address": self.store.address,
            "minio.port": self.store.port,
            "minio.accessKeyID": self.store.access_key,
            "minio.secretAccessKey": self.store.secret_key,
            "minio.bucketName": self.bucket,
            "minio.rootPath": self.root_path,
            "minio.useSSL": self.store.tls,
            "minio.useIAM": False,
            "minio.cloudProvider": "aws",
        }

    def _tls_keys(self) -> dict[str, Any]:
        if self.certificates is None:
            return {}
        return {
            "tls.serverPemPath": str(self.certificates.server_cert),
            "tls.serverKeyPath": str(self.certificates.server_key),
            "tls.caPemPath": str(self.certificates.ca),
        }


def _template() -> dict[str, Any]:
    """The wheel's configuration with each "{{ name(type): default }}" replaced by its default."""
    text = tool("milvus-2.3.5/config.yaml.template").read_text()
    return yaml.safe_load(re.sub(r"\{\{(.*?)\}\}", lambda hit: hit[1].partition(":")[2].strip() or '""', text))


def _assign(config: dict[str, Any], dotted: str, value: Any) -> None:
    *path, last = dotted.split(".")
    for part in path:
        if not isinstance(config.get(part), dict):
            config[part] = {}
        config = config[part]
    config[last] = value


def _etcd(name: str, client_url: str, peer_url: str) -> dict[str, Any]:
    """The embedded etcd has a file of its own, which is the only way to move its ports."""
    return {
        "name": name,
        "listen-client-urls": client_url,
        "advertise-client-urls": client_url,
        "listen-peer-urls": peer_url,
        "initial-advertise-peer-urls": peer_url,
        "initial-cluster": f"{name}={peer_url}",
        "quota-backend-bytes": 4 << 30,
        "auto-compaction-mode": "revision",
        "auto-compaction-retention": "1000",
        "unsafe-no-fsync": True,  # what it holds ends with the test
    }
