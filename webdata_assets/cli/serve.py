"""`webdata serve`: the promoted pair over HTTP, until interrupted."""

import logging
import signal
import sys

from webdata_assets.cli.output import say
from webdata_assets.errors import NotAdmittedError
from webdata_assets.serving.listening import LOOPBACK, listen, names_of
from webdata_assets.settings import Settings
from webdata_assets.store import Store
from webdata_assets.store.releases import current_release

GRACE_SECONDS = 30
"""For requests in flight, after the server was told to stop."""
_MAX_CONNECTIONS = 512
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
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    config = uvicorn.Config(
        create_app(store, settings, hosts=names_of(host, allowed_hosts)),
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
    with listen(host, port) as listener:
        address = f"[{host}]" if ":" in host else host
        say(f"http://{address}:{listener.getsockname()[1]}/search?q=…   (Ctrl-C ends it)")
        if host not in LOOPBACK:
            say(f"Warning: whoever reaches {address} may ask; there is no login (docs/webserver.md).")
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
