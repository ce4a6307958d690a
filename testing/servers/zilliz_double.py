"""A double of Zilliz Cloud's control plane, as far as a migration asks it, whose volumes lie in a real MinIO.

    double = ZillizDouble(certificates)
    store = Minio(…, certificates=certificates, events_to=double.events_url)
    double.stage_in(store, "bucket")

It answers over TLS: POST /v2/volumes/apply, POST /v2/migrations/startByRemote and GET /v2/jobs/ID, in the shapes of the
Go tool's client and of https://docs.zilliz.com/reference/restful/describe-job-v2. The keys of a volume are STS keys of
that MinIO (AssumeRole) which may write below the upload path and list it, and nothing else: no reading, no deleting.

Keys expire in two ways. `keys_live_s` makes the expireTime that is told a near one. `revoke_after` has MinIO forget
all keys when that many objects have been written: MinIO tells of each object before it answers its PUT (sync_events), so
the next request of the client is one with keys that MinIO no longer knows. It answers InvalidAccessKeyId then; AWS
would say ExpiredToken (MinIO's shortest life of a key is 15 minutes).
"""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import urllib3
from certificates import Certificates
from minio.credentials import AssumeRoleProvider, Credentials
from minio.signer import sign_v4_s3
from minio.time import to_amz_date, utcnow
from object_stores import Minio

API_KEY = "zilliz-double-key-0123456789"
CLUSTER = "in01-0123456789abcde"
_STAGING_USER, _STAGING_SECRET = "zilliz-staging", "zilliz-staging-secret"
_VOLUME = "double-volume"
_REGION = "us-east-1"  # of every MinIO


@dataclass
class Job:
    upload_path: str
    looks: int = 0


@dataclass
class Behaviour:
    """What a test wants to happen. `reset` of the double brings these back."""

    max_content_length: int = 1 << 40
    keys_live_s: int | None = None
    revoke_after: int | None = None  # objects, once
    outcome: tuple[str, str] = ("SUCCESSFUL", "")  # the job's last status, and its reason
    job_held: bool = False  # it stays in progress


@dataclass
class Seen:
    applications: list[dict[str, Any]] = field(default_factory=list)
    migrations: list[dict[str, Any]] = field(default_factory=list)
    keys_expire: datetime = datetime.max.replace(tzinfo=timezone.utc)  # those given out last
    objects: int = 0
    revoked: int = 0
    refused: int = 0  # requests with a wrong API key
    asked_for_job: threading.Event = field(default_factory=threading.Event)


class ZillizDouble:
    def __init__(self, certificates: Certificates) -> None:
        self._lock = threading.Lock()
        self._pool = urllib3.PoolManager(ca_certs=str(certificates.ca))
        self._servers = [_serve(_Api, self, certificates), _serve(_Events, self, None)]
        self.ca = certificates.ca
        self.api_url = f"https://127.0.0.1:{self._servers[0].server_port}"
        self.events_url = f"http://127.0.0.1:{self._servers[1].server_port}/"
        self.reset()

    def __enter__(self) -> ZillizDouble:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def reset(self) -> None:
        self._jobs: dict[str, Job] = {}
        self.behaviour = Behaviour()
        self.seen = Seen()

    def stage_in(self, store: Minio, bucket: str) -> None:
        """Volumes lie in this bucket from now on. The store was started with `events_to=double.events_url`."""
        self.store, self.bucket = store, bucket
        store.mc("admin", "user", "add", store.name, _STAGING_USER, _STAGING_SECRET)
        store.mc("admin", "policy", "attach", store.name, "readwrite", "--user", _STAGING_USER)
        store.mc("event", "add", f"{store.name}/{bucket}", "arn:minio:sqs::DOUBLE:webhook", "--event", "put")

    def upload_path(self, path: str) -> str:
        return f"org-0/{_VOLUME}/{path}/"

    def apply(self, request: dict[str, Any]) -> dict[str, Any]:
        if request.get("clusterId") != CLUSTER:
            return _refusal(40021, f"Cluster {request.get('clusterId')} does not exist.")
        path = request.get("path")
        if not isinstance(path, str) or not path.strip("/"):
            return _refusal(40001, "path is missing.")
        upload_path = self.upload_path(path)
        with self._lock:  # no new keys while old ones are being revoked
            self.seen.applications.append(request)
            keys = self._keys_for(upload_path)
            life = self.behaviour.keys_live_s
            expires = keys.expiration if life is None else datetime.now(timezone.utc) + timedelta(seconds=life)
            self.seen.keys_expire = expires
        return _data(
            {
                "bucketName": self.bucket,
                "cloud": "aws",
                "condition": {"maxContentLength": self.behaviour.max_content_length},
                "credentials": {
                    "tmpAK": keys.access_key,
                    "tmpSK": keys.secret_key,
                    "sessionToken": keys.session_token,
                    "expireTime": expires.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                },
                "endpoint": f"{self.store.address}:{self.store.port}",
                "region": "aws-us-west-2",
                "uploadPath": upload_path,
                "volumeName": _VOLUME,
            }
        )

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        source, cluster = request.get("source", {}), request.get("destination", {}).get("clusterId")
        if cluster != CLUSTER or source.get("stageName") != _VOLUME:
            return _refusal(40022, "There is no such volume in the project of the cluster.")
        upload_path = self.upload_path(source.get("dataPath", ""))
        if "meta/backup_meta.json" not in self.store.keys(f"{self.bucket}/{upload_path}"):
            return _refusal(40023, "There is no backup at dataPath.")
        with self._lock:
            self.seen.migrations.append(request)
            job_id = f"job-{len(self._jobs):022d}"
            self._jobs[job_id] = Job(upload_path)
        return _data({"jobId": job_id})

    def describe(self, job_id: str) -> dict[str, Any]:
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return _refusal(40024, "There is no such job.")
            job.looks += 1
            status, reason = self.behaviour.outcome
            course = [("PENDING", "0", ""), ("IN_PROGRESS", "40", "")]
            if self.behaviour.job_held:
                status, progress, reason = course[min(job.looks - 1, 1)]
            else:
                end = (status, "100" if status == "SUCCESSFUL" else "40", reason)
                status, progress, reason = [*course, end][min(job.looks - 1, 2)]
            self.seen.asked_for_job.set()
        return _data({"jobId": job_id, "type": "MIGRATION", "status": status, "progress": progress, "reason": reason})

    def wait_until_keys_have_expired(self) -> None:
        """As far as the client was told."""
        while (left := self.seen.keys_expire - datetime.now(timezone.utc)) > timedelta(0):
            time.sleep(left.total_seconds())

    def object_written(self) -> None:
        """MinIO waits for this before it answers who wrote the object."""
        with self._lock:
            self.seen.objects += 1
            if self.seen.objects != self.behaviour.revoke_after:
                return
            self.seen.revoked += 1
            self._revoke_all_keys()

    def _keys_for(self, upload_path: str) -> Credentials:
        bucket = f"arn:aws:s3:::{self.bucket}"
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:PutObject", "s3:AbortMultipartUpload"],
                    "Resource": [f"{bucket}/{upload_path}*"],
                },
                {
                    "Effect": "Allow",
                    "Action": ["s3:ListBucket"],
                    "Resource": [bucket],
                    "Condition": {"StringLike": {"s3:prefix": [f"{upload_path}*"]}},
                },
            ],
        }
        return AssumeRoleProvider(
            sts_endpoint=self.store.url,
            access_key=_STAGING_USER,
            secret_key=_STAGING_SECRET,
            policy=json.dumps(policy),
            region=_REGION,
            http_client=self._pool,
        ).retrieve()

    # The admin API of MinIO; its `mc` has no command for it.
    def _revoke_all_keys(self) -> None:
        query = urllib.parse.urlencode({"fullRevoke": "true", "user": _STAGING_USER})
        url = urllib.parse.urlsplit(f"{self.store.url}/minio/admin/v3/revoke-tokens/builtin?{query}")
        digest, now = hashlib.sha256(b"").hexdigest(), utcnow()
        headers = sign_v4_s3(
            method="POST",
            url=url,
            region=_REGION,
            headers={"Host": url.netloc, "x-amz-content-sha256": digest, "x-amz-date": to_amz_date(now)},
            credentials=Credentials(access_key=self.store.access_key, secret_key=self.store.secret_key),
            content_sha256=digest,
            date=now,
        )
        answer = self._pool.request("POST", url.geturl(), headers=headers)
        if answer.status != 204:
            raise RuntimeError(f"MinIO revokes no keys: {answer.status} {answer.data!r}")


def _data(data: dict[str, Any]) -> dict[str, Any]:
    return {"code": 0, "data": data}


# The codes are made up but for the API key's: the others are in no documentation.
def _refusal(code: int, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: ZillizDouble

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, document: dict[str, Any] | None = None) -> None:
        content = json.dumps(document).encode() if document is not None else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class _Api(_Handler):
    def do_GET(self) -> None:
        job = self.path.removeprefix("/v2/jobs/")
        self._guarded(lambda: self.double.describe(urllib.parse.unquote(job)) if job != self.path else None)

    def do_POST(self) -> None:
        body = self.body()
        verbs: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "/v2/volumes/apply": self.double.apply,
            "/v2/migrations/startByRemote": self.double.start,
        }
        verb = verbs.get(self.path)
        self._guarded(lambda: verb(json.loads(body)) if verb else None)

    def _guarded(self, verb: Callable[[], dict[str, Any] | None]) -> None:
        given = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {API_KEY}".encode()):
            self.double.seen.refused += 1
            return self.answer(401, _refusal(21119, "The apikey is illegal."))
        document = verb()
        return self.answer(404 if document is None else 200, document or _refusal(404, f"{self.path}: no such call"))


class _Events(_Handler):
    def do_POST(self) -> None:
        self.body()
        self.double.object_written()
        self.answer(200)

    def do_HEAD(self) -> None:  # MinIO looks whether somebody listens
        self.answer(200)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _serve(handler: type[_Handler], double: ZillizDouble, certificates: Certificates | None) -> _Server:
    server = _Server(("127.0.0.1", 0), type(handler.__name__, (handler,), {"double": double}))
    if certificates is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.server_cert, certificates.server_key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
