"""`webdata serve`: the promoted pair over HTTP, until interrupted."""

import logging
import signal
import socket
import sys

from webdata_assets.cli.output import say
from webdata_assets.errors import FailureDomain, NotAdmittedError, PermanentError
from webdata_assets.settings import Settings
from webdata_assets.store import Store
from webdata_assets.store.releases import current_release

LOOPBACK = ("127.0.0.1", "localhost", "::1")
GRACE_SECONDS = 30
"""For requests in flight, after the server was told to stop."""
_MAX_CONNECTIONS = 512
_BACKLOG = 1_024
_KEEP_ALIVE_SECONDS = 75
"""Longer than proxies keep theirs, usually 60 s: the caller closes first, and loses no request to it."""


def run_server(host: str, port: int, allowed_hosts: tuple[str, ...] = ()) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are answered before the end.

    Args:
        host: address to listen on.
        port: 0 for any that is free.
        allowed_hosts: names that callers may use beside those of a loopback address; any if the address is
            another one and none are given.

    Raises:
        PermanentError: the address cannot be listened on.
    """
    import uvicorn

    from webdata_assets.serving.app import create_app

    settings = Settings()
    store = Store.of(settings)
    names = (*LOOPBACK, "[::1]", *allowed_hosts) if host in LOOPBACK else allowed_hosts or ("*",)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    config = uvicorn.Config(
        create_app(store, settings, hosts=names),
        # the strict parser, with a bound on the size of heads
        http="h11",
        ws="none",
        log_config=None,
        # queries are nobody else's business; /metrics counts them
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    with _listen(host, port) as listener:
        address = f"[{host}]" if ":" in host else host
        say(f"http://{address}:{listener.getsockname()[1]}/search?q=…   (Ctrl-C ends it)")
        try:
            say(f"Release {current_release(store).release} is the newest.")
        except NotAdmittedError as error:
            say(f"Every answer is 503 until there is a release: {error}")
        # the server hands the signal on when it has come to its end
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            say("Ended.")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise PermanentError(
            f"cannot listen on {host} port {port} ({error.strerror}): give another one with --port",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
