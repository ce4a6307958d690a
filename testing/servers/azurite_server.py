"""An Azurite on loopback: Microsoft's emulator of Azure Blob Storage. It checks Shared Key and SAS signatures."""

from __future__ import annotations

from pathlib import Path

from certificates import Certificates
from server_process import Ports, ServerProcess, accepts_connections
from tools import tool

ACCOUNT = "mbkaccount"
# Of this emulator alone: 32 bytes in base64.
ACCOUNT_KEY = "bWlsdnVzLWJhY2t1cCdzIGtleSBmb3IgQXp1cml0ZS4="
START_SECONDS = 60


class Azurite:
    """An Azurite that is starting; `wait_ready` returns when it serves. Its containers are made by whoever uses it."""

    provider = "azure"
    # With TLS it is addressed as Azure is, account.blob.azurite.localhost: curl resolves names below localhost
    # by itself.
    domain = "azurite.localhost"

    def __init__(
        self, name: str, directory: Path, ports: Ports, *, certificates: Certificates | None = None
    ) -> None:
        self.name = name
        self.port = ports.take()
        self.ca = certificates and certificates.ca
        self.address = self.domain if self.ca else "127.0.0.1"
        self.access_key = ACCOUNT
        self.secret_key = ACCOUNT_KEY
        script = tool("azurite/node_modules/azurite/dist/src/blob/main.js")
        command = [str(tool("bin/node")), str(script), "--blobHost", "127.0.0.1", "--blobPort", str(self.port),
                   "--location", str(directory / name), "--silent", "--disableTelemetry"]  # fmt: skip
        if certificates is not None:
            # "basic" lets bearer tokens in whose claims fit, whoever signed them.
            command += ["--cert", str(certificates.server_cert), "--key", str(certificates.server_key),
                        "--oauth", "basic"]  # fmt: skip
        self.process = ServerProcess(
            name,
            command,
            log=directory / f"{name}.log",
            env={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{ACCOUNT_KEY}"},
        )

    @property
    def url(self) -> str:
        return f"{'https' if self.ca else 'http'}://{self.address}:{self.port}"

    def wait_ready(self) -> None:
        self.process.wait_until(lambda: accepts_connections(self.port), timeout_s=START_SECONDS)
