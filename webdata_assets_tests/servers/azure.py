"""Azurite, Microsoft's emulator of Azure's blob storage, on loopback.

What belongs here: starting and ending it. What does not: what is stored there.
"""

import base64
import hashlib
import hmac
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Of every Azurite; no secret."""
CONTAINER = "webdata"
_PREFIX = Path(__file__).parents[2] / ".webdata" / "node"
_START_SECONDS = 60


class AzureServer:
    """One emulator over a folder, while the block runs."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("azurite-blob", path=str(_PREFIX / "node_modules" / ".bin"))
        program = program or shutil.which("azurite-blob")
        if program is None:
            pytest.skip("needs Azurite: npm install --prefix .webdata/node azurite")
        self._command = [program, "--silent", "--skipApiVersionCheck", "--location", str(folder)]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use it: the standard variables of Azure clients."""
        return {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": KEY,
            "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{self._port}/{ACCOUNT}",
            "AZURE_ALLOW_HTTP": "true",
        }

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [*self._command, "--blobHost", "127.0.0.1", "--blobPort", str(self._port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._make_container()
                return self
            except urllib.error.URLError as error:
                if time.monotonic() > deadline:
                    self.__exit__()
                    raise RuntimeError("Azurite does not start") from error
                time.sleep(0.2)

    def __exit__(self, *_exception: object) -> None:
        self._process.kill()
        self._process.wait()

    def _make_container(self) -> None:
        headers = {
            "x-ms-date": f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT",
            "x-ms-version": "2021-08-06",
        }
        said = "".join(f"{name}:{value}\n" for name, value in headers.items())
        signed = f"PUT{chr(10) * 12}{said}/{ACCOUNT}/{ACCOUNT}/{CONTAINER}\nrestype:container"
        digest = hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()
        headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
        headers["Content-Length"] = "0"
        address = f"http://127.0.0.1:{self._port}/{ACCOUNT}/{CONTAINER}?restype=container"
        urllib.request.urlopen(urllib.request.Request(address, method="PUT", headers=headers)).close()
