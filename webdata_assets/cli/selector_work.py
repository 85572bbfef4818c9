"""The work of `webdata selectors`: reading proposals, trying them on stored pages, editing source files.

What belongs here: what the commands report and do. What does not: parsing and printing (selectors.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, SourceFileError
from webdata_assets.settings import PACKAGED_SOURCES, Settings
from webdata_assets.sources.document import parse_document
from webdata_assets.sources.editing import difference, read_text, replace_file, with_selector
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry, load_sources
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.workers.limits import Limits
from webdata_assets.stages.extract.workers.pool import ExtractionPool
from webdata_assets.store import Store
from webdata_assets.store.selector_proposals import COMMAND, as_selector, current_proposals

SAMPLES = 5
"""Pages that `show` tries the proposal on."""


@dataclass(frozen=True)
class Edit:
    """A source file before it is edited.

    Attributes:
        path: the file to write, which need not be there yet.
        text: what it will hold.
        origin: the file that declares the source now.
        before: what that one holds.
        keys: of the selector that is added to each field.
        difference: as a unified diff to the file that declares the source now.
        next: lines on what follows.
    """

    path: Path
    text: str
    origin: Path
    before: str
    keys: Mapping[str, Mapping[str, str]]
    difference: str
    next: tuple[str, ...]

    def write(self) -> None:
        """Put the file in place.

        Raises:
            SourceFileError: it is no good source file, or somebody has written one of the two files since.
        """
        overtaken = self.path != self.origin and self.path.exists()
        if overtaken or read_text(self.origin) != self.before:
            raise SourceFileError(
                f"{self.path if overtaken else self.origin} was written meanwhile: try again"
            )
        replace_file(self.path, self.text)


def list_lost_fields(source: str | None) -> list[dict[str, Any]]:
    """Return one row per lost field. Raises PermanentError, CONFIGURATION, for an unknown source."""
    _, _, registry = _open()
    if source is not None:
        registry.get(source)
    return [
        {
            "source": row["source"],
            "field": row["field"],
            "date": row["date"].isoformat(),
            "selectors": ", ".join(row["selectors"]),
            "found": round(row["found_share"], 3),
            "pages_without": row["pages"],
            "proposal": as_selector(row["proposal"]).label if row["proposal"] else None,
            "support": None if row["support"] is None else round(row["support"], 3),
            "held_out_pages": row["held_out_pages"],
            "reason": row["reason"],
        }
        for row in _current(source).iter_rows(named=True)
    ]


def show_lost_field(source: str, field: str) -> dict[str, Any]:
    """Return a lost field with `samples`: URL, the last admitted value, and what the proposal gives.

    Stored pages are read in a confined process, as ever.

    Raises:
        PermanentError: CONFIGURATION, when the source is unknown or the field is not lost.
    """
    row = _lost(source, field)
    report = {
        "partition": f"{row['date']}|{source}",
        "selectors": ", ".join(row["selectors"]),
        "found_share": round(row["found_share"], 4),
        "pages_without": row["pages"],
        "proposal": row["proposal"],
        "support": row["support"],
        "learnt_pages": row["learnt_pages"],
        "held_out_pages": row["held_out_pages"],
        "reason": row["reason"],
    }
    return {**report, "samples": _samples(row)}


def plan_edit(source: str, fields: Sequence[str], selector: Selector | None, *, patch: bool) -> Edit:
    """Return the edit that puts selectors into a source's file, or into its patch.

    Fields that were lost together are best put in place together: with the first of them the source extracts
    differently, and the sensor may replay before the others are there.

    Args:
        source: its name.
        fields: their names; all for which a selector is proposed if none are given.
        selector: the one to add to a single field; the proposed ones if none.
        patch: whether the source file stays as it is; so do files that came with the package.

    Raises:
        PermanentError: CONFIGURATION, when source or field is unknown, or nothing is proposed.
        SourceFileError: the file cannot be edited.
    """
    settings, _, registry = _open()
    path = registry.path_of(source)
    lost = _current(source)
    names = list(fields) or lost.drop_nulls("proposal")["field"].to_list()
    if not names:
        raise _unusable(f"nothing is proposed for {source}")
    if selector is not None and len(names) > 1:
        raise _unusable("--selector goes with one field")
    added = {name: selector or _proposed(source, name) for name in names}
    text = edited = read_text(path)
    for name, one in added.items():
        edited = with_selector(edited, name, one)
    target = settings.patches / path.name if patch or path.parent == PACKAGED_SOURCES else path
    dates = [str(date) for date in lost.filter(pl.col("field").is_in(names))["date"].unique().sort()]
    others = lost.filter(~pl.col("field").is_in(names))["field"]
    following = (
        *(f"No longer found either: {name} ({COMMAND} {source} {name})" for name in others),
        "The recrawl sensor replays the partitions that failed; or, at once:",
        *(f"  webdata run --source {source} --date {date} --replay" for date in dates),
    )
    keys = {name: one.model_dump(exclude_none=True) for name, one in added.items()}
    return Edit(target, edited, path, text, keys, difference(text, edited, target), following)


def _proposed(source: str, field: str) -> Selector:
    proposal = _lost(source, field)["proposal"]
    if proposal is None:
        raise _unusable(f"nothing is proposed for {source}.{field}: name one with --selector")
    return as_selector(proposal)


def _samples(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return, for some records, the value that was known, and the one that the proposal gives."""
    from webdata_assets.partitions import Partition
    from webdata_assets.schemas.pages import PAGES
    from webdata_assets.schemas.records import RECORDS
    from webdata_assets.store.last_records import last_values
    from webdata_assets.store.payloads import Payloads

    settings, store, registry = _open()
    partition, field = Partition(row["date"], row["source"]), row["field"]
    records = store.tables.scan_partition(RECORDS, partition).select("url", "ordinal", "record_id")
    places = records.sort("url", "ordinal").collect().unique(["url"], keep="first", maintain_order=True)
    places = places.head(SAMPLES)
    are_items = registry.get(row["source"]).extract.items is not None
    known = last_values(store, partition, places, [field], are_items=are_items)
    before = {(entry.url, entry.ordinal): entry.values.get(field) for entry in known}
    now: dict[tuple[str, int], object] = {}
    if row["proposal"]:
        patched = _patched(registry, row["source"], field, as_selector(row["proposal"]))
        of_places = pl.col("url").is_in(places["url"].implode())
        payloads = Payloads.of_pages(store.tables.scan_partition(PAGES, partition).filter(of_places))
        limits = Limits(settings.extract_page_seconds, settings.extract_memory_mb)
        pool = ExtractionPool(1, limits)
        with pool:
            for extraction in pool.extract(patched, payloads):
                now |= {(each.url, each.ordinal): each.values.get(field) for each in extraction.candidates}
    return [
        {"url": url, "before": _text(before.get((url, ordinal))), "now": _text(now.get((url, ordinal)))}
        for url, ordinal in places.select("url", "ordinal").iter_rows()
    ]


def _patched(registry: Registry, source: str, field: str, selector: Selector) -> Source:
    text = with_selector(read_text(registry.path_of(source)), field, selector)
    return Source.model_validate(parse_document(text).data)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _open() -> tuple[Settings, Store, Registry]:
    settings = Settings()
    return settings, Store.of(settings), load_sources(settings.sources, patches=settings.patches)


def _current(source: str | None) -> pl.DataFrame:
    _, store, registry = _open()
    rows = current_proposals(store, registry)
    return rows if source is None else rows.filter(source=source)


def _lost(source: str, field: str) -> dict[str, Any]:
    _, _, registry = _open()
    registry.get(source)
    rows = _current(source)
    found = rows.filter(field=field)
    if found.is_empty():
        lost = ", ".join(rows["field"]) or "none"
        raise _unusable(f"{source}.{field} is not among the fields that are no longer found: {lost}")
    return found.row(0, named=True)


def _unusable(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)
