"""What surrounds Google Cloud Storage, as far as a client meets it, in front of fake-gcs-server.

    google_double.py --port PORT --backend-port PORT --server PATH --directory DIR

Starts fake-gcs-server (which checks no tokens) with its objects in memory, and serves on 127.0.0.1:PORT

* POST /token                  an access token for a service account's signed assertion (RFC 7523)
* /computeMetadata/v1/…        the metadata server: token and project
* everything else              the JSON API, for whoever has a token: passed on, and where fake-gcs-server falls short
                               of Google's documents put right: pages count prefixes, ifGenerationMatch is obeyed by
                               reads and rewrites, X-Goog-Hash is compared, the state of a resumable upload can be asked

DIR/key.json is the file of the service account; it appears when everything serves.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TOKEN_SECONDS = 3600
ACCOUNT = "tester@project.iam.gserviceaccount.com"
PROJECT = "project"
# What of the backend's headers a client may rely on.
PASSED_ON = ("location", "range", "content-range", "x-goog-hash", "x-goog-generation", "content-type")


class Keys:
    """The service account's key pair, and the tokens that were given out."""

    def __init__(self, directory: Path) -> None:
        self._private, self._public = directory / "private.pem", directory / "public.pem"
        self._directory = directory
        rsa = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        self._openssl("genpkey", "-quiet", *rsa, "-out", self._private)
        self._openssl("pkey", "-in", self._private, "-pubout", "-out", self._public)
        self._expiry: dict[str, float] = {}

    def key_file(self, token_uri: str) -> dict[str, str]:
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "key-1",
            "private_key": self._private.read_text(),
            "client_email": ACCOUNT,
            "token_uri": token_uri,
        }

    def why_not(self, assertion: str, token_uri: str) -> str:
        """What is wrong with an assertion; empty if nothing is."""
        try:
            header, claims, signature = assertion.split(".")
            named, said = json.loads(_decode(header)), json.loads(_decode(claims))
            signed = self._directory / f"{uuid.uuid4().hex}.sig"
            signed.write_bytes(_decode(signature))
        except (ValueError, TypeError):
            return "Invalid JWT: not three parts of base64url"
        try:
            if named.get("alg") != "RS256" or not self._is_signed(f"{header}.{claims}", signed):
                return "Invalid JWT Signature."
        finally:
            signed.unlink()
        now = time.time()
        if said.get("iss") != ACCOUNT or said.get("aud") != token_uri or "devstorage" not in said.get("scope", ""):
            return "Invalid JWT: iss, aud or scope"
        if not (said["iat"] - 60 <= now <= said["exp"] <= said["iat"] + 3600):
            return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        return ""

    def issue(self) -> dict[str, Any]:
        token = f"ya29.{uuid.uuid4().hex}"
        self._expiry[token] = time.time() + TOKEN_SECONDS
        return {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"}

    def takes(self, authorization: str) -> bool:
        return self._expiry.get(authorization.removeprefix("Bearer "), 0) > time.time()

    def _is_signed(self, text: str, signature: Path) -> bool:
        command = ["openssl", "dgst", "-sha256", "-verify", str(self._public), "-signature", str(signature)]
        return subprocess.run(command, input=text.encode(), capture_output=True, check=False).returncode == 0

    @staticmethod
    def _openssl(*args: object) -> None:
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Answer:
    def __init__(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, dict(headers or {})

    @classmethod
    def of(cls, status: int, document: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return cls(status, json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})})

    @classmethod
    def refusal(cls, status: int, reason: str, message: str) -> Answer:
        detail = {"message": message, "domain": "global", "reason": reason}
        return cls.of(status, {"error": {"code": status, "message": message, "errors": [detail]}})

    def document(self) -> Any:
        return json.loads(self.body)


class Service:
    """Shared by all connections."""

    def __init__(self, keys: Keys, origin: str, backend_port: int) -> None:
        self.keys, self.origin, self.backend_port = keys, origin, backend_port
        self._kept: dict[str, int] = {}  # bytes by the id of a resumable upload
        self._lock = threading.Lock()

    def kept(self, upload: str) -> int | None:
        with self._lock:
            return self._kept.get(upload)

    def keep(self, upload: str, size: int | None) -> None:
        with self._lock:
            if size is None:
                self._kept.pop(upload, None)
            else:
                self._kept[upload] = size


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    service: Service
    backend: http.client.HTTPConnection | None = None

    def log_message(self, *_: object) -> None:
        pass

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(size) if size else b""
        url = urllib.parse.urlsplit(self.path)
        self.url_path, self.query = url.path, dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        answer = self._route()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

    def _route(self) -> Answer:
        if self.url_path == "/token":
            return self._token()
        if self.url_path.startswith("/computeMetadata/v1/"):
            return self._metadata()
        if not self.service.keys.takes(self.headers.get("Authorization", "")):
            return Answer.refusal(401, "authError", "Invalid Credentials")
        if self.command == "GET" and re.fullmatch(r"/storage/v1/b/[^/]+/o", self.url_path):
            return self._list()
        if "upload_id" in self.query:
            return self._resumable(self.query["upload_id"])
        if self.query.get("uploadType") == "media":
            return self._media_upload()
        refused = self._condition()
        return refused or self._pass_on()

    def _token(self) -> Answer:
        form = dict(urllib.parse.parse_qsl(self.body.decode()))
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return Answer.of(400, {"error": "unsupported_grant_type"})
        wrong = self.service.keys.why_not(form.get("assertion", ""), self.service.origin + "/token")
        if wrong:
            return Answer.of(400, {"error": "invalid_grant", "error_description": wrong})
        return Answer.of(200, self.service.keys.issue())

    def _metadata(self) -> Answer:
        flavor = {"Metadata-Flavor": "Google"}
        if self.headers.get("Metadata-Flavor") != "Google":
            return Answer(403, b"Missing Metadata-Flavor:Google header.", flavor)
        if self.url_path.endswith("/instance/service-accounts/default/token"):
            return Answer.of(200, self.service.keys.issue(), flavor)
        if self.url_path.endswith("/project/project-id"):
            return Answer(200, PROJECT.encode(), flavor)
        return Answer(404, b"not found", flavor)

    # A page holds at most maxResults entries, prefixes among them.
    # https://cloud.google.com/storage/docs/json_api/v1/objects/list
    def _list(self) -> Answer:
        most, after = int(self.query.pop("maxResults", 1000)), self.query.pop("pageToken", "")
        whole = self._ask("GET", self.url_path + "?" + urllib.parse.urlencode(self.query))
        if whole.status != 200:
            return Answer.refusal(404, "notFound", "The specified bucket does not exist.")
        listed = whole.document()
        entries = [(item["name"], item) for item in listed.get("items") or []]
        entries += [(prefix, prefix) for prefix in listed.get("prefixes") or []]
        entries = [entry for entry in entries if entry[0].encode() > _decode(after)]
        entries.sort(key=lambda entry: entry[0].encode())
        page: dict[str, Any] = {"kind": "storage#objects"}
        page["items"] = [entry for _, entry in entries[:most] if not isinstance(entry, str)]
        page["prefixes"] = [entry for _, entry in entries[:most] if isinstance(entry, str)]
        if len(entries) > most:
            page["nextPageToken"] = base64.urlsafe_b64encode(entries[most - 1][0].encode()).decode()
        return Answer.of(200, page)

    # https://cloud.google.com/storage/docs/request-preconditions
    def _condition(self) -> Answer | None:
        wanted, where = self.query.get("ifSourceGenerationMatch"), self.url_path.partition("/rewriteTo/")[0]
        if self.query.get("alt") == "media":
            wanted, where = self.query.get("ifGenerationMatch"), self.url_path
        if wanted is None:
            return None
        found = self._ask("GET", where)
        if found.status == 200 and found.document()["generation"] != wanted:
            return Answer.refusal(412, "conditionNotMet", "At least one of the pre-conditions did not hold.")
        return None

    def _media_upload(self) -> Answer:
        return self._compared(self._pass_on())

    # https://cloud.google.com/storage/docs/data-validation
    def _compared(self, answer: Answer) -> Answer:
        promised = re.search(r"crc32c=([^,]+)", self.headers.get("X-Goog-Hash", ""))
        if answer.status != 200 or promised is None or answer.document()["crc32c"] == promised[1]:
            return answer
        written = answer.document()
        name = urllib.parse.quote(written["name"], safe="")
        self._ask("DELETE", f"/storage/v1/b/{written['bucket']}/o/{name}?generation={written['generation']}")
        return Answer.refusal(
            400,
            "invalid",
            f"Provided CRC32C \"{promised[1]}\" doesn't match calculated CRC32C \"{written['crc32c']}\".",
        )

    # https://cloud.google.com/storage/docs/performing-resumable-uploads#status-check
    def _resumable(self, upload: str) -> Answer:
        if self.command == "DELETE":
            self.service.keep(upload, None)
            return Answer(499)
        kept = self.service.kept(upload) or 0
        content_range = self.headers.get("Content-Range", "")
        total = content_range.partition("/")[2]
        if content_range.startswith("bytes */") and total != str(kept):
            return Answer(308, b"", {"Range": f"bytes=0-{kept - 1}"} if kept else {})
        start = re.match(r"bytes (\d+)-", content_range)
        if start is not None and int(start[1]) != kept:
            return Answer.refusal(400, "invalid", f"The upload goes on at byte {kept}.")
        if total == "*" and len(self.body) % (256 << 10):
            return Answer.refusal(400, "invalid", "A chunk that is not the last has a multiple of 256 KiB.")
        answer = self._compared(self._pass_on())
        self.service.keep(upload, kept + len(self.body) if answer.status == 308 else None)
        return answer

    def _pass_on(self) -> Answer:
        return self._ask(self.command, self.path, self.body)

    def _ask(self, method: str, target: str, body: bytes = b"") -> Answer:
        headers = {name: value for name in ("Content-Type", "Content-Range", "Range", "X-Upload-Content-Type")
                   if (value := self.headers.get(name)) is not None}  # fmt: skip
        if self.backend is None:
            self.backend = http.client.HTTPConnection("127.0.0.1", self.service.backend_port)
        self.backend.request(method, target, body or None, headers)
        response = self.backend.getresponse()
        content = response.read()
        return Answer(response.status, content, {n: v for n, v in response.getheaders() if n.lower() in PASSED_ON})

    def finish(self) -> None:
        if self.backend is not None:
            self.backend.close()
        super().finish()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def start_backend(server: str, port: int) -> subprocess.Popen[bytes]:
    command = [server, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory",
               "-public-host", f"127.0.0.1:{port}", "-log-level", "warn"]  # fmt: skip
    backend = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command])
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/storage/v1/b")
            connection.getresponse().read()
            return backend
        except OSError:
            if backend.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{server} does not serve on port {port}")
            time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--backend-port", type=int, required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--directory", type=Path, required=True)
    args = parser.parse_args()
    origin = f"http://127.0.0.1:{args.port}"
    keys = Keys(args.directory)
    start_backend(args.server, args.backend_port)
    Handler.service = Service(keys, origin, args.backend_port)
    server = Server(("127.0.0.1", args.port), Handler)
    partial = args.directory / "key.json.part"
    partial.write_text(json.dumps(keys.key_file(origin + "/token")))
    os.replace(partial, args.directory / "key.json")
    server.serve_forever()


if __name__ == "__main__":
    main()
