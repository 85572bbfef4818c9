"""Bodies: decompression with a cap that holds while streaming, so that a bomb costs no more than the cap.

What belongs here: content encodings, and caps. What does not: the network (curl.py, aiohttp.py), characters
(discovery/).
"""

import zlib

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

ACCEPT_ENCODING = "gzip, deflate"
"""What is asked for, and all that is decoded."""

_GZIP = 16 + zlib.MAX_WBITS
_SLICE_BYTES = 16_384
"""Unpacked at a time: what follows a gzip member is copied at its end, and members may be of 20 bytes."""


class BodyReader:
    """Collects one body chunk by chunk, decompressed, and refuses it once it exceeds the cap."""

    def __init__(self, content_encoding: str, max_bytes: int) -> None:
        """Take the response's Content-Encoding and the cap in bytes after decompression."""
        self._encoding = content_encoding.strip().lower().removeprefix("x-")
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._inflater: zlib._Decompress | None = None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes as they came from the network.

        Raises:
            PermanentError: RESOURCE, once the body is larger than the cap; TARGET, for an encoding that was
                not asked for.
            TransientError: TARGET, when the bytes cannot be decompressed.
        """
        if self._encoding in ("", "identity"):
            self._keep(chunk)
            return
        if self._encoding not in ("gzip", "deflate"):
            raise PermanentError(
                f"the body's encoding {self._encoding[:40]!r} was not asked for",
                failure_domain=FailureDomain.TARGET,
            )
        for start in range(0, len(chunk), _SLICE_BYTES):
            self._unpack(chunk[start : start + _SLICE_BYTES])

    def finish(self) -> bytes:
        """Return the whole body.

        Raises:
            TransientError: TARGET, when a compressed body ends early.
        """
        if self._inflater is not None and not self._inflater.eof:
            raise _undecodable(self._encoding)
        return b"".join(self._parts)

    def _unpack(self, chunk: bytes) -> None:
        while chunk:
            if self._inflater is None or self._inflater.eof:
                # a finished gzip member may be followed by another; bytes after a deflate stream are noise
                if self._inflater is not None and self._encoding == "deflate":
                    return
                self._inflater = zlib.decompressobj(self._window_bits(chunk))
            try:
                # one byte over the cap is enough to know that the body is too large
                self._keep(self._inflater.decompress(chunk, self._max_bytes - self._size + 1))
            except zlib.error as error:
                raise _undecodable(self._encoding) from error
            chunk = self._inflater.unconsumed_tail or self._inflater.unused_data

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._max_bytes:
            raise body_too_large(self._max_bytes)
        if data:
            self._parts.append(data)

    def _window_bits(self, chunk: bytes) -> int:
        if self._encoding == "gzip":
            return _GZIP
        # RFC 9110 means zlib's format by deflate; some servers send the raw stream
        return zlib.MAX_WBITS if chunk[0] & 0x0F == 8 else -zlib.MAX_WBITS


def transfer_limit(max_bytes: int) -> int:
    """Return how many bytes on the wire can hold a body within the cap: compression may add a little."""
    return max_bytes + max_bytes // 1_000 + 1_024


def body_too_large(max_bytes: int) -> PermanentError:
    """Return the error of a body over the cap."""
    return PermanentError(
        f"the body is larger than {max_bytes} bytes (fetch.max_body_bytes)",
        failure_domain=FailureDomain.RESOURCE,
    )


def gunzip(body: bytes, max_bytes: int) -> bytes:
    """Return a gzip file's content. Raises as BodyReader does."""
    reader = BodyReader("gzip", max_bytes)
    reader.feed(body)
    return reader.finish()


def _undecodable(encoding: str) -> TransientError:
    return TransientError(
        f"the body is not whole {encoding}, which its headers promise", failure_domain=FailureDomain.TARGET
    )
