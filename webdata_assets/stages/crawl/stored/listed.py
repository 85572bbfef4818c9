"""Stored sources: which URLs archives and folders hold for a date.

What belongs here: asking the archives and folders that a source's rules name. What does not: reading pages
from them (warc.py, files.py).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from webdata_assets.sources.discover import DiscoverFiles, DiscoverWarc
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.stored.copies import local_archive

_NONE: Mapping[str, str] = MappingProxyType({})


def list_urls(
    source: Source, date: dt.date, archives: Path, options: Mapping[str, str] = _NONE
) -> Mapping[int, Sequence[str]]:
    """Return the URLs that are stored for a date, by the position of the rule that names them.

    Args:
        source: its other rules are left out.
        date: the partition's; a folder is the same on every date, unless its path holds the date.
        archives: the folder for indexes of web archives.
        options: of the object store, for what lies in one.

    Raises:
        PermanentError: CONFIGURATION or PARSE, naming what cannot be read.
    """
    found: dict[int, Sequence[str]] = {}
    for position, rule in enumerate(source.fetch.discover):
        if isinstance(rule, DiscoverWarc):
            from webdata_assets.stages.crawl.stored.warc_index import WarcIndex

            index = WarcIndex.open(local_archive(rule.at(date), archives, options), archives)
            try:
                found[position] = index.urls_on(date, rule.allow, rule.deny)
            finally:
                index.close()
        elif isinstance(rule, DiscoverFiles):
            from webdata_assets.stages.crawl.stored.file_urls import base_of, url_of
            from webdata_assets.stages.crawl.stored.files import list_files

            marker = source.arrival.marker if source.arrival else None
            left_out = None if marker is None else url_of(marker, base_of(rule))
            found[position] = [url for url in list_files(rule, date, options) if url != left_out]
    return found


def list_validators(source: Source, date: dt.date, options: Mapping[str, str] = _NONE) -> dict[str, str]:
    """Return URL → entity tag, as the way in answers with it, of the files that folders hold now.

    Args:
        source: its rules that name no folder are left out.
        date: the partition's.
        options: of the object store, for folders that lie in one.
    """
    found: dict[str, str] = {}
    for rule in reversed(source.fetch.discover):
        if isinstance(rule, DiscoverFiles):
            from webdata_assets.stages.crawl.stored.files import validators_of

            found |= validators_of(rule, date, options)
    return found
