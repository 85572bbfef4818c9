"""Tables that one step writes, and which of their versions belong together.

What belongs here: finding those versions. What does not: going back to them (rollback.py), and reading the
log of one table (versions.py).
"""

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES, Table
from webdata_assets.store.tables import Tables
from webdata_assets.store.versions import Version, history, newest_of

TOGETHER = (("pages", "dead_letters"), ("records", "quarantine"), ("near_duplicates", "compared_partitions"))
"""Tables that one step writes, the first one first: they go back together, and never disagree."""


def members(
    tables: Tables, table: Table, version: int, partition: Partition | None
) -> list[tuple[Table, int]]:
    """Return a table and those that are written in the same step, each with the version that the step left.

    Args:
        tables: of the store.
        table: one that was written.
        version: of it, as it was at which all of them shall be.
        partition: only this one; the whole tables if None.

    Returns:
        In the order in which the step writes them.
    """
    names = next((group for group in TOGETHER if table.name in group), (table.name,))
    known = history(tables.location, table)
    wrote = newest_of(known, lambda one: one.number <= version and one.wrote(partition))
    moment = next((one.at for one in known if one.number == version), known[-1].at)
    found = []
    for name in names:
        sibling = TABLES[name]
        if name == table.name:
            found.append((table, version))
            continue
        if not tables.exists(sibling):
            continue
        theirs = history(tables.location, sibling)
        comes_first = names.index(name) < names.index(table.name)
        same = None if wrote is None else _in_the_same_step(wrote, known, theirs, comes_first=comes_first)
        same = same or newest_of(theirs, lambda one: one.at <= moment)
        if same is not None:
            found.append((sibling, same.number))
    return found


def _in_the_same_step(
    wrote: Version, known: list[Version], theirs: list[Version], *, comes_first: bool
) -> Version | None:
    """Return the sibling's commit of the step that made a commit; None where the step did not get so far.

    A run that tries a step again, and each rollback, commits the same partition several times under one name:
    the moments tell which commits belong together.

    Args:
        wrote: the commit, of `known`.
        known: the versions of its table.
        theirs: those of the sibling.
        comes_first: whether a step writes the sibling before the table.
    """
    here = [one for one in known if one.writer == wrote.writer]
    there = [one for one in theirs if one.writer == wrote.writer]
    if comes_first:
        before = max((one.at for one in here if one.number < wrote.number), default=None)
        return newest_of(there, lambda one: one.at <= wrote.at and (before is None or one.at > before))
    after = min((one.at for one in here if one.number > wrote.number), default=None)
    return newest_of(there, lambda one: one.at >= wrote.at and (after is None or one.at < after))
