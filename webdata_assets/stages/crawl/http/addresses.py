"""Addresses: which network addresses a crawl may connect to, so that no page can aim it at the inside.

What belongs here: the deny list, unwrapping of embedded IPv4 addresses, resolution with the check, and what a
URL connects to. What does not: opening connections (curl.py, aiohttp.py, browser/browser.py).
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_PRIVATE: tuple[IPNetwork, ...] = tuple(
    map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
"""Loopback, RFC 1918 and unique local addresses: the only ones that `allow_private` opens."""

_DENIED: tuple[IPNetwork, ...] = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",  # this network
            "100.64.0.0/10",  # carrier-grade NAT, some clouds' metadata
            "169.254.0.0/16",  # link-local, most clouds' metadata
            "168.63.129.16/32",  # Azure's host service, a globally routed address
            "192.0.0.0/24",  # protocol assignments, Oracle Cloud's metadata
            "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",  # documentation
            "192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24",  # AS112 and AMT
            "192.88.99.0/24",  # 6to4 relays
            "198.18.0.0/15",  # benchmarks
            "224.0.0.0/4", "240.0.0.0/4",  # multicast, reserved, broadcast
            "::/96", "::ffff:0:0:0/96",  # unspecified, IPv4-compatible, IPv4-translated
            "64:ff9b:1::/48",  # local NAT64
            "100::/64", "100:0:0:1::/64",  # discard
            "2001::/23",  # protocol assignments, Teredo, ORCHID
            "2001:db8::/32", "3fff::/20",  # documentation
            "2002::/16",  # 6to4, which may carry any IPv4 address
            "5f00::/16",  # segment routing
            "fd00:ec2::/32",  # AWS's metadata over IPv6
            "fe80::/10", "fec0::/10", "ff00::/8",  # link-local, site-local, multicast
        ),
    )
)  # fmt: skip
"""IANA's special-purpose registries and cloud metadata services; `is_global` alone lets several through."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOOPBACK4 = ipaddress.IPv4Address("127.0.0.1")
_LOOPBACK6 = ipaddress.IPv6Address("::1")

_ORIGIN = re.compile(
    r"(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?(?=[/?#]|\Z)", re.ASCII
)
"""Strict, so that no client reads another host from a URL than is checked here."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


class NameNotFoundError(TransientError):
    """A host name that does not resolve, at least now."""

    def __init__(self, host: str, why: object) -> None:
        super().__init__(f"the name {host!r} does not resolve: {why}", failure_domain=FailureDomain.TARGET)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a URL connects to, and what it asks for there.

    Attributes:
        scheme: `http` or `https`.
        host: without brackets.
        port: the scheme's own if the URL names none.
        target: path and query as they stand.
    """

    scheme: str
    host: str
    port: int
    target: str


def endpoint_of(url: str) -> Endpoint:
    """Return the parts of a canonical URL that a request needs.

    Raises:
        PermanentError: ACCESS, when it is not http or https, carries credentials, or is not plain ASCII.
    """
    match = _ORIGIN.match(url)
    if match is None or not url.isascii() or not url.isprintable() or " " in url:
        raise PermanentError("the URL cannot be requested over http", failure_domain=FailureDomain.ACCESS)
    scheme, host, port = match.groups()
    target = url[match.end() :].partition("#")[0]
    return Endpoint(
        scheme,
        host.strip("[]"),
        int(port) if port else _DEFAULT_PORTS[scheme],
        target if target.startswith("/") else f"/{target}",
    )


def check_host(host: str, *, allow_private: bool = False) -> None:
    """Refuse a host that says by itself, without a lookup, that it is not on the public internet.

    What goes through a proxy is resolved there; this is what can be judged here.

    Args:
        host: a name, or an address in any of the forms that resolvers read, such as `0x7f.1`.
        allow_private: see check_address.

    Raises:
        PermanentError: ACCESS, when the host is an address that is refused, or `localhost`.
    """
    name = host.lower().removesuffix(".")
    is_local = name == "localhost" or name.endswith(".localhost")
    address = _LOOPBACK4 if is_local else literal_of(name)
    if address is not None:
        check_address(address, allow_private=allow_private)


def literal_of(host: str) -> IPAddress | None:
    """Return the address that a host is by itself, in any form that resolvers read; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def check_address(address: str | IPAddress, *, allow_private: bool = False) -> None:
    """Refuse an address that does not belong to the public internet.

    An IPv4 address that a mapped or NAT64 address carries is judged in its place.

    Args:
        address: an IPv4 or IPv6 address, with or without a zone.
        allow_private: whether loopback and private ranges may be reached; nothing else is opened by it.

    Raises:
        PermanentError: ACCESS, when the address is refused.
    """
    ip = ipaddress.ip_address(address) if isinstance(address, str) else address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            ip = ipaddress.IPv6Address(int(ip))
        if ip.ipv4_mapped is not None:
            check_address(ip.ipv4_mapped, allow_private=allow_private)
            return
        if ip in _NAT64:
            # a translator reaches the public internet for us; a private address behind one is an attack
            check_address(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
            return
    if any(ip in network for network in _DENIED) and ip != _LOOPBACK6:
        raise _refusal(ip, "is reserved and never crawled")
    if any(ip in network for network in _PRIVATE):
        if not allow_private:
            raise _refusal(ip, "is private; the source file may say `allow_private: true`")
        return
    if not ip.is_global:
        raise _refusal(ip, "is not a public address")


async def resolve(
    host: str, port: int, *, connect_to: Mapping[str, str], allow_private: bool
) -> list[tuple[str, int]]:
    """Return the addresses and ports to connect to for a host, each of them checked.

    Args:
        host: a host name or an address literal, without brackets.
        port: the URL's port.
        connect_to: host, or host:port, → `address:port` to use in its place; checked all the same.
        allow_private: see check_address.

    Raises:
        NameNotFoundError: when the name does not resolve.
        PermanentError: ACCESS, when any of the addresses is refused: a name that answers with public and
            private addresses at once is an attack; CONFIGURATION, when `connect_to` cannot be read.
    """
    target = connect_to.get(f"{host}:{port}") or connect_to.get(host)
    addresses: Sequence[tuple[str, int]]
    if target is not None:
        addresses = [_split_target(host, target)]
    else:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NameNotFoundError(host, error) from error
        addresses = [(str(sockaddr[0]), port) for *_, sockaddr in found]
    for address, _ in addresses:
        check_address(address, allow_private=allow_private)
    return list(dict.fromkeys(addresses))


def _split_target(host: str, target: str) -> tuple[str, int]:
    address, _, port = target.rpartition(":")
    try:
        return str(ipaddress.ip_address(address.strip("[]"))), int(port)
    except ValueError as error:
        raise PermanentError(
            f"connect_to says {host}={target}; write {host}=address:port with a numeric address",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error


def _refusal(ip: IPAddress, why: str) -> PermanentError:
    return PermanentError(f"the address {ip} {why}", failure_domain=FailureDomain.ACCESS)
