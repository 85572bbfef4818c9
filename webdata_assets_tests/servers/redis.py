"""A real Redis server on loopback, with a password, without persistence unless asked for.

What belongs here: starting, killing and restarting it. What does not: what is stored there.
"""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

PASSWORD = "sesame-of-redis"
_START_SECONDS = 20


class RedisServer:
    """One server in a folder. What it keeps over a restart is what `appendonly` says."""

    def __init__(self, folder: Path, *, appendonly: bool = False) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("needs redis-server (a package of the distribution)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._command = [
            program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "",
            "--appendonly", "yes" if appendonly else "no", "--requirepass", PASSWORD, "--daemonize", "no",
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("redis-server does not start")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
