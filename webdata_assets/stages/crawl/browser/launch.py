"""How the browser is found and confined: its executable, its arguments, and the hosts that exist for it.

What belongs here: everything decided before a page is opened. What does not: pages (page.py).
"""

import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import ada_url

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.http.addresses import resolve
from webdata_assets.stages.crawl.urls import scope_of

logger = logging.getLogger(__name__)

BLOCKED_URLS = tuple(
    f"*.{extension}{end}"
    for extension in (
        "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico", "bmp",
        "css", "woff", "woff2", "ttf", "otf", "eot", "mp4", "webm", "mp3",
    )
    for end in ("", "?*")
)  # fmt: skip
"""Images, fonts, styles and media: never part of a record, most of a page's bytes."""

_PATH_NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
"""In order: the shell renders as Chromium does, at a third of its cost."""
_SHELL_IN_CACHE = "chromium_headless_shell-*/*/*headless*shell"
_CACHE_LEVELS = 3
GATEWAY_HOST = "webdata-gateway.invalid"
"""The name by which a browser knows the gateway to the crawl's proxies."""
_DEFAULT_PORTS = {"http:": 80, "https:": 443}


class BrowserMissingError(PermanentError):
    """No browser can be started. The message says how to install one."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}, and this source has `via: browser`. Install Playwright with "
            '`pip install "webdata_assets[browser]"`, and a browser with `apt-get install chromium` or '
            "`playwright install chromium-headless-shell`",
            failure_domain=FailureDomain.CONFIGURATION,
        )


class Pins:
    """Which host is at which address: resolved here, checked, and the only ones that the browser knows."""

    def __init__(self, source: Source, connect_to: Mapping[str, str]) -> None:
        """Take the source, for its scope and `allow_private`, and where to connect in place of a host."""
        self._source = source
        self._connect_to = connect_to
        self._pins: dict[str, str] = {}
        self._knows_scope = False

    async def add(self, url: str) -> bool:
        """Pin the URL's host, and at first all that the scope names; return whether any is new.

        Raises:
            TransientError: TARGET, when the URL's host does not resolve.
            PermanentError: ACCESS, when an address is refused.
        """
        is_first, self._knows_scope = not self._knows_scope, True
        if is_first:
            for host, port in self._named_hosts():
                try:
                    await self._pin(host, port)
                except (TransientError, PermanentError) as error:
                    # only a page's own host must be reachable; the others stay unknown to the browser
                    logger.info("%s is left out: %s", host, error)
        parsed = ada_url.URL(url)
        port = int(parsed.port) if parsed.port else _DEFAULT_PORTS[parsed.protocol]
        if parsed.hostname in self._pins or f"{parsed.hostname}:{port}" in self._pins:
            return is_first
        await self._pin(parsed.hostname, port)
        return True

    def add_gateway(self, port: int) -> None:
        """Pin the gateway, which listens on this port of 127.0.0.1."""
        self._pins[f"{GATEWAY_HOST}:{port}"] = f"127.0.0.1:{port}"

    def rules(self) -> str:
        """Return Chromium's host-resolver rules: the pinned hosts, and no others. The first match counts."""
        pins = sorted(self._pins.items(), key=lambda pin: (":" not in pin[0], pin))
        return ", ".join([*(f"MAP {host} {target}" for host, target in pins), "MAP * ~NOTFOUND"])

    def _named_hosts(self) -> Iterator[tuple[str, int | None]]:
        """Yield the scope's hosts with their ports; None for all ports. Wildcards name none."""
        scope = scope_of(self._source)
        every_port: tuple[int | None, ...] = (None,)
        named = [(host, every_port) for host in scope.patterns if not host.startswith("*.")]
        named += [(host, tuple(_DEFAULT_PORTS.values())) for host in sorted(scope.authorities)]
        for host, ports in named:
            parsed = ada_url.URL(f"http://{host}")
            for port in (int(parsed.port),) if parsed.port else ports:
                yield parsed.hostname, port

    async def _pin(self, hostname: str, port: int | None) -> None:
        addresses = await resolve(
            hostname.strip("[]"),
            port or 0,
            connect_to=self._connect_to,
            allow_private=self._source.allow_private,
        )
        address, target_port = addresses[0]
        target = f"[{address}]" if ":" in address else address
        # without a port, Chromium keeps the one that the URL has
        self._pins[f"{hostname}:{port}" if port else hostname] = (
            f"{target}:{target_port}" if target_port else target
        )


def find_executable(given: Path | None, playwright_default: str) -> Path:
    """Return the browser to start: the given one, one on PATH, or one of Playwright's own.

    Raises:
        BrowserMissingError: when there is none.
    """
    if given is not None:
        if not given.is_file():
            raise BrowserMissingError(f"there is no browser at {given}")
        return given
    default = Path(playwright_default)
    on_path = [Path(found) for found in map(shutil.which, _PATH_NAMES) if found]
    # Playwright keeps browsers side by side: …/chromium-1234/chrome-linux/chrome
    cache = default.parents[_CACHE_LEVELS - 1] if len(default.parents) >= _CACHE_LEVELS else default.parent
    candidates = [*on_path, *sorted(cache.glob(_SHELL_IN_CACHE), reverse=True), default]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        raise BrowserMissingError("no Chromium was found")
    return found


def launch_arguments(host_rules: str) -> list[str]:
    """Return Chromium's arguments: the hosts that exist for it, and no way around them."""
    return [
        f"--host-resolver-rules={host_rules}",
        "--no-proxy-server",
        "--disable-background-networking",
        # WebRTC would send packets to addresses that no rule above covers
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    ]


def uses_sandbox() -> bool:
    """Return whether Chromium's sandbox is on: always, but for root, as whom it does not start with one."""
    return os.geteuid() != 0
