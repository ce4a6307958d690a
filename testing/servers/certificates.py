"""A certificate authority of our own, with a server and a client certificate for loopback."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_SUBJECT_NAMES = (
    "subjectAltName=DNS:localhost,DNS:s3.localhost,DNS:*.s3.localhost,DNS:*.blob.azurite.localhost,IP:127.0.0.1"
)


@dataclass(frozen=True)
class Certificates:
    """PEM files. The server's certificate is valid for 127.0.0.1, localhost, s3.localhost with what
    is below it, and the accounts of an Azurite."""

    ca: Path
    server_cert: Path
    server_key: Path
    client_cert: Path
    client_key: Path


def make_certificates(directory: Path) -> Certificates:
    directory.mkdir(parents=True, exist_ok=True)
    ca, ca_key = directory / "ca.pem", directory / "ca.key"
    _openssl("req", "-x509", *_new_key(ca_key), "-days", "2", "-subj", "/CN=milvus-backup test CA", "-out", ca)
    server_cert, server_key = _issue(directory, "server", ca, ca_key, "extendedKeyUsage=serverAuth\n" + _SUBJECT_NAMES)
    client_cert, client_key = _issue(directory, "client", ca, ca_key, "extendedKeyUsage=clientAuth")
    return Certificates(ca, server_cert, server_key, client_cert, client_key)


def _issue(directory: Path, name: str, ca: Path, ca_key: Path, extensions: str) -> tuple[Path, Path]:
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    request, wanted = directory / f"{name}.csr", directory / f"{name}.ext"
    wanted.write_text(extensions + "\n")
    _openssl("req", *_new_key(key), "-subj", f"/CN=milvus-backup test {name}", "-out", request)
    _openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
             "-days", "2", "-extfile", wanted, "-out", cert)  # fmt: skip
    return cert, key


def _new_key(path: Path) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", str(path)]


def _openssl(*args: object) -> None:
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {args[0]} failed: {done.stderr.strip()}")
