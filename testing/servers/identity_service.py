#!/usr/bin/env python3
"""Says who somebody is, as clouds do: an OpenID provider for MinIO's STS, and the metadata service of an EC2 instance.

    identity_service.py PORT DIRECTORY ACCESS_KEY SECRET_KEY

On 127.0.0.1:PORT. GET /mint?policy=NAME answers an identity token (RS256, one hour) whose bearer may do what the
MinIO policy NAME allows. The instance's role has the keys given; a session (IMDSv2) must be begun for them. Keys of its
own lie in DIRECTORY.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

AUDIENCE = "milvus-backup"
KEY_ID = "key-1"
ROLE = "backup-role"
ROLES_PATH = "/latest/meta-data/iam/security-credentials/"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*args: object, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *map(str, args)], input=stdin, capture_output=True, check=True).stdout


class Signer:
    """An RSA key that signs identity tokens."""

    def __init__(self, directory: Path) -> None:
        self._key = directory / "identity.key"
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self._key)
        modulus = openssl("rsa", "-in", self._key, "-noout", "-modulus").decode().strip().partition("=")[2]
        self.public = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
                       "n": base64url(bytes.fromhex(modulus)), "e": base64url(b"\x01\x00\x01")}  # fmt: skip

    def token(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        return f"{text}.{base64url(openssl('dgst', '-sha256', '-sign', self._key, stdin=text.encode()))}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    signer: Signer
    origin: str
    role_keys: dict[str, str]
    sessions: set[str] = set()

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: Any) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self) -> None:
        if self.path != "/latest/api/token" or not self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
            return self.answer(400, "Bad Request")
        session = uuid.uuid4().hex
        self.sessions.add(session)
        return self.answer(200, session)

    def do_GET(self) -> None:
        url = urllib.parse.urlparse(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/.well-known/openid-configuration":
            return self.answer(200, self._configuration())
        if url.path == "/jwks":
            return self.answer(200, {"keys": [self.signer.public]})
        if url.path == "/mint":
            return self.answer(200, self._mint(query.get("policy", "readwrite")))
        if url.path.startswith(ROLES_PATH):
            return self._metadata(url.path.removeprefix(ROLES_PATH))
        return self.answer(404, "Not Found")

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.origin,
            "jwks_uri": f"{self.origin}/jwks",
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _mint(self, policy: str) -> str:
        now = int(time.time())
        return self.signer.token({"iss": self.origin, "aud": AUDIENCE, "sub": "backup", "policy": policy,
                                  "iat": now, "exp": now + 3600})  # fmt: skip

    def _metadata(self, role: str) -> None:
        if self.headers.get("X-aws-ec2-metadata-token") not in self.sessions:
            return self.answer(401, "Unauthorized")
        if not role:
            return self.answer(200, ROLE)
        if role != ROLE:
            return self.answer(404, "Not Found")
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        return self.answer(200, {"Code": "Success", "Type": "AWS-HMAC", **self.role_keys, "Expiration": expires})


def main(port: str, directory: str, access_key: str, secret_key: str) -> None:
    Handler.signer = Signer(Path(directory))
    Handler.origin = f"http://127.0.0.1:{port}"
    Handler.role_keys = {"AccessKeyId": access_key, "SecretAccessKey": secret_key}
    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
