"""Stored sources: what archives and folders hold for a date, and the way in to it.

What belongs here: opening the archives and folders that a source's rules name. What does not: reading them
(warc.py, files.py).
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from webdata_assets.sources.discover import DiscoverFiles, DiscoverWarc
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.transport import Transport


def list_urls(source: Source, date: dt.date, archives: Path) -> Mapping[int, Sequence[str]]:
    """Return the URLs that are stored for a date, by the position of the rule that names them.

    Args:
        source: its other rules are left out.
        date: the partition's; a folder is the same on every date.
        archives: the folder for indexes of web archives.

    Raises:
        PermanentError: CONFIGURATION or PARSE, naming what cannot be read.
    """
    found: dict[int, Sequence[str]] = {}
    for position, rule in enumerate(source.fetch.discover):
        if isinstance(rule, DiscoverWarc):
            from webdata_assets.stages.crawl.warc_index import WarcIndex

            index = WarcIndex.open(Path(rule.path), archives)
            try:
                found[position] = index.urls_on(date, rule.allow, rule.deny)
            finally:
                index.close()
        elif isinstance(rule, DiscoverFiles):
            from webdata_assets.stages.crawl.files import list_files

            found[position] = list_files(rule)
    return found


def open_warc(source: Source, date: dt.date, archives: Path) -> tuple[Transport, Callable[[], None]]:
    """Return the way in to a source's web archives, and what closes their indexes."""
    from webdata_assets.stages.crawl.warc import WarcTransport
    from webdata_assets.stages.crawl.warc_index import WarcIndex

    rules = [rule for rule in source.fetch.discover if isinstance(rule, DiscoverWarc)]
    indexes = [WarcIndex.open(Path(rule.path), archives) for rule in rules]

    def close() -> None:
        for index in indexes:
            index.close()

    return WarcTransport(date, indexes), close


def open_files(source: Source) -> Transport:
    """Return the way in to a source's folders."""
    from webdata_assets.stages.crawl.files import FilesTransport

    return FilesTransport(source)
