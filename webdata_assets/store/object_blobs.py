"""Blobs in an object store: one object for each, under the hash of its bytes.

What belongs here: keeping them there. What does not: which payloads are binary (blobs.py).
"""

import datetime as dt
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from blake3 import blake3

from webdata_assets.stages.objects import Objects
from webdata_assets.store.blobs import place_of
from webdata_assets.store.payloads import PayloadCorruptError, PayloadMissingError

_PUTS_AT_ONCE = 8
_RENEWED_AFTER = dt.timedelta(hours=12)
"""Well before what nothing names may go (store/maintenance), so that a commit is in time to name it."""


@dataclass(frozen=True)
class ObjectBlobs:
    """Read and write blobs as objects: `<first 2 digits>/<64 digits>` by BLAKE3. Implements `Blobs`."""

    objects: Objects

    def put(self, body: bytes) -> str:
        """Store bytes and return their hash. When this returns, they are durable.

        Several writers of the same bytes do not disturb each other, and bytes that are there are not sent,
        unless they are so old that maintenance might take them for what nothing names.

        Raises:
            PermanentError: CONFIGURATION, the object store refuses.
            TransientError: RESOURCE, it is out of reach.
        """
        digest = blake3(body).hexdigest()
        key = place_of(digest)
        held = self.objects.info(key)
        if held is None or held.size != len(body) or held.modified is None or _is_old(held.modified):
            self.objects.put(key, body)
        return digest

    def put_all(self, bodies: Iterable[bytes]) -> None:
        """Store several; an object store answers many requests in the time of one."""
        with ThreadPoolExecutor(_PUTS_AT_ONCE) as pool:
            for _ in pool.map(self.put, bodies):
                pass

    def get(self, digest: str) -> bytes:
        """Return the bytes of a hash.

        Raises:
            PayloadMissingError: there are none.
            PayloadCorruptError: they do not have that hash.
            TransientError: RESOURCE, the object store is out of reach.
        """
        body = self.objects.get(place_of(digest))
        if body is None:
            raise PayloadMissingError(f"there is no blob {digest} in {self.objects.uri}")
        if blake3(body).hexdigest() != digest:
            raise PayloadCorruptError(
                f"the blob {self.objects.uri}/{place_of(digest)} does not have the hash that is its name"
            )
        return body

    def has(self, digest: str) -> bool:
        """Return whether there are bytes of a hash."""
        return self.objects.size(place_of(digest)) is not None


def _is_old(modified: dt.datetime) -> bool:
    return dt.datetime.now(dt.UTC) - modified > _RENEWED_AFTER
