"""Paths in a source file: they are relative to the file's own folder.

What belongs here: which values are paths, and making them absolute. What does not: whether anything lies
there; that is asked when the source is crawled.
"""

from pathlib import Path

from webdata_assets.sources.discover import DiscoverFiles, DiscoverJob, DiscoverWarc, Discovery
from webdata_assets.sources.model import Source


def with_absolute_paths(source: Source, folder: Path) -> Source:
    """Return the source with each relative path in it put below a folder."""
    rules = tuple(_absolute(rule, source.fetch.via, folder) for rule in source.fetch.discover)
    if rules == source.fetch.discover:
        return source
    return source.model_copy(update={"fetch": source.fetch.model_copy(update={"discover": rules})})


def _absolute(rule: Discovery, via: str, folder: Path) -> Discovery:
    if isinstance(rule, DiscoverWarc | DiscoverFiles):
        return rule.model_copy(update={"path": _below(folder, rule.path)})
    if isinstance(rule, DiscoverJob) and via == "scrapy":
        project, colon, spider = rule.name.rpartition(":")
        if colon and project:
            return rule.model_copy(update={"name": f"{_below(folder, project)}:{spider}"})
        if rule.name.endswith(".py"):
            return rule.model_copy(update={"name": _below(folder, rule.name)})
    return rule


def _below(folder: Path, path: str) -> str:
    return path if "://" in path else str(folder.absolute() / path)
