"""Ways in: which transport a source's `fetch.via` names.

What belongs here: the choice. What does not: any way itself (http.py, browser.py).
"""

from collections.abc import Mapping
from pathlib import Path

from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.transport import Transport


def open_transport(
    source: Source, *, connect_to: Mapping[str, str] | None = None, chromium: Path | None = None
) -> Transport:
    """Return the source's way in; whoever opens it closes it.

    Args:
        source: says which in `fetch.via`.
        connect_to: host, or host:port, → `address:port` to connect to in its place.
        chromium: the browser's executable; found by itself if not given.
    """
    if source.fetch.via == "browser":
        from webdata_assets.stages.crawl.browser import BrowserTransport

        return BrowserTransport(source, executable=chromium, connect_to=connect_to)
    from webdata_assets.stages.crawl.http import HttpTransport

    return HttpTransport(connect_to=connect_to)
