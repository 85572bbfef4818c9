"""A server of others in a process of its own: started on a socket that is bound already, ended by its own id.

What belongs here: the process, its address and its log. What does not: any one server's configuration.
"""

import os
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

STOP_SECONDS = 5.0


class Answered(NamedTuple):
    """One line of a server's log: the status that it answered, and path and query of the request."""

    status: int
    target: str


class ServerProcess:
    """A context manager around one server's process.

    The server inherits a socket that listens before it starts, so no port is guessed and nobody waits for it.
    It logs one line `STATUS TARGET` for each request to `self.log_file`.
    """

    def __init__(self, folder: Path) -> None:
        """Take a folder of its own for configuration and logs."""
        self.folder = folder
        self.log_file = folder / "requests.log"
        self.error_file = folder / "errors.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def command(self, descriptor: int) -> Sequence[str]:
        """Return what starts the server on a listening socket, in the foreground; may write its files."""
        raise NotImplementedError

    def environment(self, descriptor: int) -> Mapping[str, str]:
        """Return what the server's environment has beside ours."""
        return {}

    def working_folder(self) -> Path:
        """Return where the server is started."""
        return self.folder

    @property
    def address(self) -> str:
        """`address:port`, as `connect_to` takes it."""
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.address}"

    def answers(self) -> list[Answered]:
        """Return every request so far in the order of its end, robots.txt left out."""
        if not self.log_file.exists():
            return []
        lines = (line.split(" ", 1) for line in self.log_file.read_text().splitlines())
        answers = (Answered(int(status), target) for status, target in lines)
        return [answer for answer in answers if answer.target != "/robots.txt"]

    def statuses(self, target: str) -> list[int]:
        """Return the statuses that were answered to one target, in order."""
        return [answer.status for answer in self.answers() if answer.target == target]

    def counts(self) -> Counter[int]:
        """Return how often each status was answered."""
        return Counter(answer.status for answer in self.answers())

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._listener.listen(511)
        descriptor = self._listener.fileno()
        with self.error_file.open("wb") as errors:
            self._process = subprocess.Popen(
                self.command(descriptor),
                cwd=self.working_folder(),
                env={**os.environ, **self.environment(descriptor)},
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        # only the server holds it now: when it dies, connections are refused and do not hang
        self._listener.close()
        self._wait_for_an_answer()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_for_an_answer(self) -> None:
        """Ask for robots.txt, which the log leaves out. Raises RuntimeError with what the server said."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                connection.sendall(
                    b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                answer = connection.recv(1)
        except OSError:
            answer = b""
        if not answer:
            self.__exit__()
            raise RuntimeError(f"{type(self).__name__} did not start: {self.error_file.read_text()[-2_000:]}")
