"""The addresses that aiohttp connects to: resolved and checked here, never by its own resolver.

What belongs here: aiohttp's resolver and socket factory. What does not: the check itself (addresses.py).
"""

import socket
from collections.abc import Mapping
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from webdata_assets.stages.crawl.http.addresses import check_address, resolve


class CheckedResolver(AbstractResolver):
    """Resolves a name once, checks every address, and hands the same addresses to the connector."""

    def __init__(self, connect_to: Mapping[str, str], allow_private: bool) -> None:
        self._connect_to = connect_to
        self._allow_private = allow_private

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002
    ) -> list[ResolveResult]:
        addresses = await resolve(host, port, connect_to=self._connect_to, allow_private=self._allow_private)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=target_port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address, target_port in addresses
        ]

    async def close(self) -> None:
        """Nothing is held open."""


def checked_sockets(allow_private: bool) -> Any:
    """Return a socket factory that checks the very address that is connected to, literals included."""

    def create(address_info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = address_info
        check_address(address[0], allow_private=allow_private)
        return socket.socket(family=family, type=kind, proto=protocol)

    return create
