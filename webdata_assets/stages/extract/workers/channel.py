"""Messages between a worker and its parent: a JSON header and bytes, over a pair of sockets.

What belongs here: framing, deadlines, the end of the other side. What does not: what a message means.
"""

import json
import select
import socket
import struct
from collections.abc import Mapping
from typing import Any

_SIZES = struct.Struct(">QQ")
_RECEIVED_AT_ONCE = 2**20


class MessageTooLargeError(Exception):
    """The other side announced a message larger than was to be received."""


class Channel:
    """One end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connected stream socket."""
        self._socket = connection
        self._readable = select.poll()
        self._readable.register(connection, select.POLLIN)

    def send(self, header: Mapping[str, Any], body: bytes = b"", *, seconds: float | None = None) -> None:
        """Send a message whole.

        Raises:
            TimeoutError: the other side did not take it in time.
            ConnectionError: the other side is gone.
        """
        # escaped, so that lone surrogates, which UTF-8 cannot hold, survive
        head = json.dumps(header, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        self._socket.settimeout(seconds)
        self._socket.sendall(_SIZES.pack(len(head), len(body)) + head)
        if body:
            self._socket.sendall(body)

    def wait(self, seconds: float) -> bool:
        """Return whether something can be received, a message or the end, before so many seconds are over."""
        return bool(self._readable.poll(seconds * 1_000))

    def receive(
        self, *, seconds: float | None = None, most_bytes: int | None = None
    ) -> tuple[dict[str, Any], bytes] | None:
        """Return the next message, or None when the other side has closed its end.

        Raises:
            TimeoutError: it did not come in time.
            MessageTooLargeError: it is larger than `most_bytes`; nothing can be received any more.
            ConnectionError: the other side is gone.
        """
        self._socket.settimeout(seconds)
        sizes = self._receive_exactly(_SIZES.size)
        if sizes is None:
            return None
        head_bytes, body_bytes = _SIZES.unpack(sizes)
        if most_bytes is not None and head_bytes + body_bytes > most_bytes:
            raise MessageTooLargeError(f"{head_bytes + body_bytes} bytes")
        head, body = self._receive_exactly(head_bytes), self._receive_exactly(body_bytes)
        if head is None or body is None:
            return None
        return json.loads(head), body

    def close(self) -> None:
        """Close this end, which the other side sees."""
        self._socket.close()

    def _receive_exactly(self, size: int) -> bytes | None:
        parts = bytearray()
        while len(parts) < size:
            part = self._socket.recv(min(size - len(parts), _RECEIVED_AT_ONCE))
            if not part:
                return None
            parts += part
        return bytes(parts)
