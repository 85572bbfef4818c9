"""Proposed selectors put in place without a person, for the sources that ask for it.

What belongs here: whether, and into which file. What does not: how a proposal comes about
(stages/extract/induction), and the replay that heals the partition: the sensor's rules find that the source
extracts differently now.
"""

from dataclasses import dataclass
from pathlib import Path

from webdata_assets.errors import SourceFileError
from webdata_assets.resources import SourcesResource
from webdata_assets.sources.editing import read_text, replace_file, with_selector
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry
from webdata_assets.store import Store
from webdata_assets.store.selector_proposals import as_selector, current_proposals

LEAST_HELD_OUT_PAGES = 10
"""With fewer a share says too little to act on without a person."""


@dataclass(frozen=True)
class AutoRepair:
    """What became of one source's proposals.

    Attributes:
        fields: those that got a selector; empty where the file could not be edited.
        path: the patch that was written.
        told: in one line.
    """

    source: str
    fields: tuple[str, ...]
    path: Path
    told: str


def repair_sources(store: Store, sources: SourcesResource) -> list[str]:
    """Write the patches that are due, have the sources read again, and return a line for each."""
    if not sources.patches:
        return []
    repairs = auto_repair(store, sources.registry(), Path(sources.patches))
    if any(repair.fields for repair in repairs):
        sources.read_again()
    return [repair.told for repair in repairs]


def auto_repair(store: Store, registry: Registry, patches: Path) -> list[AutoRepair]:
    """Write a patch for each source with `auto_repair: true` whose proposals are good enough.

    Good enough is a support of at least the source's `auto_repair_support` on at least
    `LEAST_HELD_OUT_PAGES` held-out pages, of values that are not all the same. All good proposals of a source
    go into one patch. A patched field has other selectors, so that its proposal is over: none is put in place
    twice.

    Args:
        store: with the log of proposals.
        registry: the declared sources, patches included.
        patches: the folder that patches go to; it is made if need be.
    """
    asking = {name: source for name, source in registry.enabled.items() if source.auto_repair}
    if not asking:
        return []
    rows = current_proposals(store, registry)
    return [
        _repaired(source, good, registry.path_of(name), patches)
        for name, source in asking.items()
        if (good := [row for row in rows.filter(source=name).iter_rows(named=True) if _is_good(source, row)])
    ]


def _is_good(source: Source, row: dict[str, object]) -> bool:
    if row["proposal"] is None or not isinstance(row["support"], float) or row["is_constant"]:
        return False
    pages = row["held_out_pages"]
    enough = isinstance(pages, int) and pages >= LEAST_HELD_OUT_PAGES
    return enough and row["support"] >= source.auto_repair_support


def _repaired(source: Source, rows: list[dict[str, object]], path: Path, patches: Path) -> AutoRepair:
    fields = tuple(str(row["field"]) for row in rows)
    target = patches / path.name
    text = read_text(path)
    try:
        for row in rows:
            text = with_selector(text, str(row["field"]), as_selector(str(row["proposal"])))
        replace_file(target, text)
    except SourceFileError as error:
        return AutoRepair(source.name, (), target, f"{source.name} is not repaired by itself: {error}")
    return AutoRepair(source.name, fields, target, f"{source.name}: {', '.join(fields)} patched in {target}")
