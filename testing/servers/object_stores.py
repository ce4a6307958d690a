"""Real object stores on loopback: MinIO, with or without TLS and identities, versitygw, s3proxy and moto."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import urllib3
from certificates import Certificates
from identity_service import AUDIENCE
from minio import Minio as S3Client
from server_process import Ports, ServerProcess, accepts_connections, http_ok
from tools import tool

ACCESS_KEY = "minioadmin"
SECRET_KEY = "minioadmin"
START_SECONDS = 60


class ObjectStore:
    """An S3 server that is starting; `wait_ready` returns when it serves and has its buckets."""

    provider = "minio"

    def __init__(self, name: str, port: int, directory: Path, buckets: Sequence[str], ca: Path | None) -> None:
        self.name = name
        self.address = "127.0.0.1"
        self.port = port
        self.ca = ca
        self.access_key = ACCESS_KEY
        self.secret_key = SECRET_KEY
        self._buckets = tuple(buckets)
        self._mc_config = directory / f"{name}.mc"
        self._ready = False
        self.process: ServerProcess

    @property
    def tls(self) -> bool:
        return self.ca is not None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.address}:{self.port}"

    def wait_ready(self) -> None:
        if self._ready:
            return
        self.process.wait_until(self._is_healthy, timeout_s=START_SECONDS)
        client = self._client()
        for bucket in self._buckets:
            if not client.bucket_exists(bucket):
                client.make_bucket(bucket)
        self._ready = True

    def _client(self) -> S3Client:
        # Not mc, which the demo does without.
        trusted = urllib3.PoolManager(ca_certs=str(self.ca)) if self.ca is not None else None
        return S3Client(
            f"{self.address}:{self.port}",
            access_key=self.access_key,
            secret_key=self.secret_key,
            secure=self.tls,
            http_client=trusted,
        )

    def mc_env(self) -> dict[str, str]:
        """What a shell needs to say `mc ls NAME/bucket`."""
        scheme, _, rest = self.url.partition("://")
        return {f"MC_HOST_{self.name}": f"{scheme}://{self.access_key}:{self.secret_key}@{rest}"}

    def mc(self, *args: str, others: Sequence[ObjectStore] = ()) -> str:
        """Run MinIO's client with this store's alias (its name) and those of `others`; its stdout."""
        env = dict(os.environ)
        for store in (self, *others):
            env |= store.mc_env()
            self._trust(store)
        command = [str(tool("bin/mc")), "--config-dir", str(self._mc_config), "--quiet", *args]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"mc {' '.join(args)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def keys(self, directory: str) -> list[str]:
        """Every key below `bucket/directory`, relative to it, sorted; none if there is no such directory."""
        listed = self.mc("ls", "--recursive", "--json", f"{self.name}/{directory.rstrip('/')}/")
        return sorted(json.loads(line)["key"] for line in listed.splitlines())

    def _trust(self, store: ObjectStore) -> None:
        if store.ca is not None:
            authorities = self._mc_config / "certs" / "CAs"
            authorities.mkdir(parents=True, exist_ok=True)
            shutil.copy(store.ca, authorities / f"{store.name}.crt")

    def _is_healthy(self) -> bool:
        raise NotImplementedError


class IdentityService:
    """identity_service.py: an OpenID provider, and the metadata service of an instance whose role has our keys."""

    def __init__(self, name: str, directory: Path, ports: Ports) -> None:
        self._token_file = directory / f"{name}.token"
        self.url = f"http://127.0.0.1:{ports.take()}"
        home = directory / name
        home.mkdir()
        script = Path(__file__).with_name("identity_service.py")
        command = [sys.executable, str(script), self.url.rpartition(":")[2], str(home), ACCESS_KEY, SECRET_KEY]
        self.process = ServerProcess(name, command, log=directory / f"{name}.log")
        # MinIO asks for the provider's keys while it starts.
        self.process.wait_until(lambda: http_ok(f"{self.url}/jwks"), timeout_s=START_SECONDS)

    def token(self, policy: str) -> str:
        with urllib.request.urlopen(f"{self.url}/mint?policy={policy}", timeout=10) as answer:
            return answer.read().decode()

    def token_file(self) -> Path:
        """A file with an identity token whose bearer may read and write."""
        self._token_file.write_text(self.token("readwrite") + "\n")
        return self._token_file


class Minio(ObjectStore):
    # Serves bucket.s3.localhost as well. curl resolves names below localhost by itself, and takes a wildcard
    # certificate only for names of three parts.
    domain = "s3.localhost"

    def __init__(
        self,
        name: str,
        directory: Path,
        ports: Ports,
        *,
        buckets: Sequence[str] = (),
        certificates: Certificates | None = None,
        preferred_port: int | None = None,
        identities: IdentityService | None = None,
        events_to: str | None = None,
    ) -> None:
        """`events_to`: a URL that is told of objects, before whoever writes one is answered."""
        super().__init__(name, ports.take(preferred_port), directory, buckets, certificates and certificates.ca)
        self.identities = identities
        self._data = directory / name
        command = [str(tool("bin/minio")), "server", "--quiet", "--address", f"{self.address}:{self.port}"]
        if certificates is not None:
            command += ["--certs-dir", str(self._install_certificates(directory, certificates))]
        self.process = ServerProcess(
            name,
            [*command, str(self._data)],
            log=directory / f"{name}.log",
            env={
                "MINIO_ROOT_USER": ACCESS_KEY,
                "MINIO_ROOT_PASSWORD": SECRET_KEY,
                "MINIO_DOMAIN": self.domain,
                "MINIO_BROWSER": "off",
                "MINIO_UPDATE": "off",
                "MINIO_CI_CD": "1",  # serves from the root disk too
                "MINIO_API_DISABLE_ODIRECT": "on",  # works on tmpfs and overlayfs
                **_openid(identities),
                **_events(events_to),
            },
        )

    def empty_trash(self) -> None:
        """Remove what was deleted: it stays on the disk for minutes else, and fills one that lies in memory."""
        for deleted in (self._data / ".minio.sys/tmp/.trash").iterdir():
            shutil.rmtree(deleted, ignore_errors=True)  # MinIO may be at it too

    def _install_certificates(self, directory: Path, certificates: Certificates) -> Path:
        home = directory / f"{self.name}.certs"
        home.mkdir()
        shutil.copy(certificates.server_cert, home / "public.crt")
        shutil.copy(certificates.server_key, home / "private.key")
        return home

    def _is_healthy(self) -> bool:
        return http_ok(f"{self.url}/minio/health/live")


def _openid(identities: IdentityService | None) -> dict[str, str]:
    if identities is None:
        return {}
    return {
        "MINIO_IDENTITY_OPENID_CONFIG_URL": f"{identities.url}/.well-known/openid-configuration",
        "MINIO_IDENTITY_OPENID_CLIENT_ID": AUDIENCE,
        "MINIO_IDENTITY_OPENID_CLAIM_NAME": "policy",
    }


def _events(url: str | None) -> dict[str, str]:
    if url is None:
        return {}
    return {
        "MINIO_NOTIFY_WEBHOOK_ENABLE_DOUBLE": "on",
        "MINIO_NOTIFY_WEBHOOK_ENDPOINT_DOUBLE": url,
        "MINIO_API_SYNC_EVENTS": "on",
    }


class VersityGw(ObjectStore):
    """The S3 gateway of Versity over a directory: a second implementation to hold ours against."""

    def __init__(self, name: str, directory: Path, ports: Ports, *, buckets: Sequence[str] = ()) -> None:
        super().__init__(name, ports.take(), directory, buckets, None)
        root, accounts = directory / name, directory / f"{name}.iam"
        root.mkdir()
        accounts.mkdir()
        listen = f"{self.address}:{self.port}"
        self.process = ServerProcess(
            name,
            [str(tool("bin/versitygw")), "--port", listen, "--iam-dir", str(accounts), "posix", str(root)],
            log=directory / f"{name}.log",
            env={"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY},
        )

    def _is_healthy(self) -> bool:
        return accepts_connections(self.port)


class S3Proxy(ObjectStore):
    """s3proxy on jclouds, with its objects in memory. It checks signatures of versions 2 and 4."""

    # Half of the time to start, and less memory: it does not live for as long as the optimising compiler pays for.
    _JVM = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

    def __init__(self, name: str, directory: Path, ports: Ports, *, buckets: Sequence[str] = ()) -> None:
        super().__init__(name, ports.take(), directory, buckets, None)
        home = directory / name
        home.mkdir()
        settings = {
            "s3proxy.endpoint": self.url,
            "s3proxy.authorization": "aws-v2-or-v4",
            "s3proxy.identity": ACCESS_KEY,
            "s3proxy.credential": SECRET_KEY,
            "s3proxy.v4-max-non-chunked-request-size": 128 << 20,
            "s3proxy.ignore-unknown-headers": "true",
            "jclouds.provider": "transient",
        }
        (home / "s3proxy.conf").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        (home / "logback.xml").write_text(
            '<configuration><appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder>'
            "<pattern>%d %level %logger{0} %msg%n</pattern></encoder></appender>"
            '<root level="warn"><appender-ref ref="out"/></root></configuration>'
        )
        self.process = ServerProcess(
            name,
            [str(tool("bin/java")), *self._JVM, f"-Dlogback.configurationFile={home / 'logback.xml'}",
             "-cp", f"{tool('s3proxy/lib')}/*", "org.gaul.s3proxy.Main", "--properties", str(home / "s3proxy.conf")],
            log=directory / f"{name}.log",
        )  # fmt: skip

    def _is_healthy(self) -> bool:
        return accepts_connections(self.port)


class Moto(ObjectStore):
    """moto, which plays S3, IAM and the metadata service of an EC2 instance, and checks signatures and policies with
    botocore, Amazon's own client library.

    The keys are those of a user who may do everything in S3. The role of the instance is unknown to its IAM: S3 does
    not take the keys that the metadata service gives.
    """

    _POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    _USER = "milvus-backup"

    def __init__(self, name: str, directory: Path, ports: Ports) -> None:
        super().__init__(name, ports.take(), directory, (), None)
        self._calls_of_nobody = (
            {"Action": "CreateUser", "UserName": self._USER},
            {"Action": "PutUserPolicy", "UserName": self._USER, "PolicyName": "s3",
             "PolicyDocument": json.dumps(self._POLICY)},
            {"Action": "CreateAccessKey", "UserName": self._USER},
        )  # fmt: skip
        self.process = ServerProcess(
            name,
            [str(tool("moto-venv/bin/moto_server")), "-H", self.address, "-p", str(self.port)],
            log=directory / f"{name}.log",
            # So many calls are let in unsigned; they make the user.
            env={"INITIAL_NO_AUTH_ACTION_COUNT": str(len(self._calls_of_nobody))},
        )

    def wait_ready(self) -> None:
        if self._ready:
            return
        super().wait_ready()
        answers = [self._iam(call) for call in self._calls_of_nobody]
        keys = ElementTree.fromstring(answers[-1])
        self.access_key = keys.findtext(".//{*}AccessKeyId", "")
        self.secret_key = keys.findtext(".//{*}SecretAccessKey", "")

    def _iam(self, call: dict[str, str]) -> bytes:
        # moto finds the service in what a signature is about.
        scope = "AWS4-HMAC-SHA256 Credential=nobody/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"
        form = urllib.parse.urlencode({"Version": "2010-05-08", **call}).encode()
        request = urllib.request.Request(self.url, data=form, headers={"Authorization": scope})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def _is_healthy(self) -> bool:
        return accepts_connections(self.port)
