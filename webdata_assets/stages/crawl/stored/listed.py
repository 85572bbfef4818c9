"""Stored sources: which URLs archives and folders hold for a date.

What belongs here: asking the archives and folders that a source's rules name. What does not: reading pages
from them (warc.py, files.py).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from webdata_assets.sources.discover import DiscoverFiles, DiscoverWarc
from webdata_assets.sources.model import Source


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
            from webdata_assets.stages.crawl.stored.warc_index import WarcIndex

            index = WarcIndex.open(Path(rule.path), archives)
            try:
                found[position] = index.urls_on(date, rule.allow, rule.deny)
            finally:
                index.close()
        elif isinstance(rule, DiscoverFiles):
            from webdata_assets.stages.crawl.stored.files import list_files

            found[position] = list_files(rule)
    return found
