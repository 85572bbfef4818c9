"""The demo site for commands that may need it: served while they run, if the source is one of the demo's."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from webdata_assets.settings import Settings
from webdata_assets.sources.model import Source


@contextmanager
def demo_hosts(sources: Source | Iterable[Source], settings: Settings) -> Iterator[Mapping[str, str]]:
    """Serve the demo site where a source starts there; yield where its hosts are, or nothing.

    Hosts that WEBDATA_CONNECT_TO already names are left to it.
    """
    from webdata_assets.demo.server import SITES, DemoSite

    wanted = [sources] if isinstance(sources, Source) else sources
    starts = [start for source in wanted for rule in source.fetch.discover for start in rule.start]
    needed = any(f"//{host}/" in f"{start}/" for start in starts for host in SITES)
    if not needed or set(SITES) <= set(settings.connect_to):
        yield {}
        return
    with DemoSite() as site:
        yield site.connect_to
