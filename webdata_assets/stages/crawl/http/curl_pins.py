"""Pins: where libcurl connects for a host, resolved and checked here, never by its own resolver.

What belongs here: the cache of resolutions and libcurl's way to write them. What does not: the check
(addresses.py), and connecting (curl_handle.py).
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webdata_assets.stages.crawl.http.addresses import literal_of, resolve

_SECONDS = 300.0
_MAX_PINS = 10_000


@dataclass(frozen=True, slots=True)
class Pin:
    """The addresses of one host and port.

    Attributes:
        resolve: entries of CURLOPT_RESOLVE; none for an address literal.
        target: `address:port` that `connect_to` gives in place of the host.
        until: on the clock of the pins.
    """

    resolve: list[str]
    target: str | None
    until: float


class Pins:
    """Resolves each host and port once in a while, and once only however many ask at a time."""

    def __init__(
        self,
        connect_to: Mapping[str, str],
        *,
        allow_private: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what `addresses.resolve` takes."""
        self._connect_to = connect_to
        self._allow_private = allow_private
        self._monotonic = monotonic
        self._pins: dict[tuple[str, int], Pin] = {}
        self._lookups: dict[tuple[str, int], asyncio.Task[Pin]] = {}

    def known(self, host: str, port: int) -> Pin | None:
        """Return the pin of a host that was resolved lately."""
        pin = self._pins.get((host, port))
        return pin if pin is not None and self._monotonic() < pin.until else None

    async def find(self, host: str, port: int) -> Pin:
        """Resolve a host now. Raises what `addresses.resolve` raises; failures are not remembered."""
        key = (host, port)
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = self._lookups[key] = asyncio.create_task(self._look_up(host, port))
            lookup.add_done_callback(lambda done: self._ended(key, done))
        # one caller's cancellation is not the others'
        return await asyncio.shield(lookup)

    def close(self) -> None:
        """End what is being looked up."""
        for lookup in self._lookups.values():
            lookup.cancel()

    async def _look_up(self, host: str, port: int) -> Pin:
        found = await resolve(host, port, connect_to=self._connect_to, allow_private=self._allow_private)
        until = self._monotonic() + _SECONDS
        mapped = f"{host}:{port}" in self._connect_to or host in self._connect_to
        if mapped:
            return Pin([], _authority(*found[0]), until)
        if literal_of(host) is not None:
            return Pin([], None, until)
        addresses = ",".join(f"[{address}]" if ":" in address else address for address, _ in found)
        # `+`: libcurl forgets it after a while; it is given anew with each request
        return Pin([f"+{host}:{port}:{addresses}"], None, until)

    def _ended(self, key: tuple[str, int], lookup: asyncio.Task[Pin]) -> None:
        del self._lookups[key]
        if lookup.cancelled() or lookup.exception() is not None:
            return
        self._pins.pop(key, None)
        self._pins[key] = lookup.result()
        while len(self._pins) > _MAX_PINS:
            # the first was resolved first
            del self._pins[next(iter(self._pins))]


def _authority(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
