"""From pages that lost fields, and their known values, to proposals.

What belongs here: which pages are learnt from and which are held out, and the two rounds. What does not: one
page (trying.py) and many (ranking.py).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from blake3 import blake3

from webdata_assets.sources.model import Source
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.induction.lost import (
    MINIMAL_PAGES,
    MINIMAL_PRECISION,
    MINIMAL_SUPPORT,
    Induced,
    Known,
)
from webdata_assets.stages.extract.induction.ranking import (
    Candidate,
    candidates_of,
    is_constant,
    proposals_of,
)
from webdata_assets.stages.extract.induction.tokens import words_of
from webdata_assets.stages.extract.induction.trying import rule_of
from webdata_assets.stages.extract.induction.values import comparable
from webdata_assets.stages.extract.workers.pool import Lost
from webdata_assets.stages.extract.workers.tasks import Task, candidates_for, outcomes_for

MOST_PAGES = 60
MOST_SECONDS = 60.0
"""Of one partition's induction; what is not looked at by then stays out."""

_PAGES_AT_ONCE = 4
"""Between two looks at the clock."""

Run = Callable[[Task, Iterable[Payload]], Iterator[tuple[Payload, Any]]]
"""Does a task with pages: `WorkerPool.run`."""


def choose_pages(urls: Iterable[str], *, most: int = MOST_PAGES) -> list[str]:
    """Return the pages that induction takes, in an order that has nothing to do with the site."""
    return sorted(set(urls), key=_by_hash)[:most]


def induce(
    source: Source,
    fields: Sequence[str],
    known: Sequence[Known],
    payloads: Sequence[Payload],
    run: Run,
    *,
    seconds: float = MOST_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> list[Induced]:
    """Return what is proposed for each field.

    Half of the pages, chosen by the hash of their URL, are learnt from: every place that holds a known value
    gives candidates. The other half is held out, and says how often a candidate gives the known value.

    Args:
        source: as it extracts now.
        fields: those that are lost.
        known: last admitted values of the pages' records, of other fields too: they tell the record's own
            place from other mentions of the same value.
        payloads: pages with a record that lacks one of the fields.
        run: does tasks with pages in confined processes.
        seconds: after which no further page is looked at.
        clock: in seconds.

    Raises:
        PermanentError: CONFIGURATION, when a selector of the source cannot be evaluated on any page.
        TransientError: RESOURCE, when no worker starts.
    """
    until = clock() + seconds
    pages = {payload.url: payload for payload in payloads}
    usable = [entry for entry in known if entry.url in pages]
    order = choose_pages(entry.url for entry in usable)
    learning, held_out = order[: (len(order) + 1) // 2], order[(len(order) + 1) // 2 :]
    wanted = [name for name in fields if not rule_of(source, name).has_objects]

    def ask(task: Task, urls: Sequence[str]) -> dict[str, dict[str, Any]]:
        answers: dict[str, dict[str, Any]] = {}
        for start in range(0, len(urls), _PAGES_AT_ONCE):
            if clock() >= until:
                break
            chosen = [pages[url] for url in urls[start : start + _PAGES_AT_ONCE]]
            found = run(task, chosen)
            answers |= {payload.url: answer for payload, answer in found if not isinstance(answer, Lost)}
        return answers

    learnt = ask(candidates_for(source, wanted, usable), learning) if learning and wanted else {}
    chosen: dict[str, list[Candidate]] = {}
    for name in wanted:
        has_value = {entry.url for entry in usable if entry.values.get(name) is not None}
        if min(len(has_value & set(learning)), len(has_value & set(held_out))) >= MINIMAL_PAGES:
            found = [answer[name] for answer in learnt.values() if answer.get(name)]
            chosen[name] = candidates_of(found, _hints(source, name))
    selectors = {name: [one.selector for one in found] for name, found in chosen.items() if found}
    tried = ask(outcomes_for(source, selectors, usable), held_out) if selectors else {}
    return [_induced(source, name, usable, learnt, tried, chosen) for name in fields]


def _induced(
    source: Source,
    name: str,
    known: Sequence[Known],
    learning: Mapping[str, Any],
    held_out: Mapping[str, Mapping[str, Any]],
    chosen: Mapping[str, Sequence[Candidate]],
) -> Induced:
    """Return the outcome for one field, given the answers of learning and of held-out pages, by URL."""
    with_value = [entry for entry in known if entry.values.get(name) is not None]
    urls = {entry.url for entry in with_value}
    tried = [rows for answer in held_out.values() if (rows := answer.get(name))]
    learnt, held = len(urls & learning.keys()), len(tried)
    if rule_of(source, name).has_objects:
        return Induced(name, (), learnt, held, "objects are not proposed: write its selectors by hand")
    if name not in chosen:
        reason = f"too few pages whose earlier value is known: {len(urls)}, needed {2 * MINIMAL_PAGES}"
        return Induced(name, (), learnt, held, reason)
    if not chosen[name]:
        reason = "no page that was looked at in time shows the value that its last admitted record had"
        return Induced(name, (), learnt, held, reason)
    if held < MINIMAL_PAGES:
        reason = f"too few held-out pages were looked at in time: {held}, needed {MINIMAL_PAGES}"
        return Induced(name, (), learnt, held, reason)
    same = is_constant([comparable(entry.values[name]) for entry in with_value])
    outcomes = [row for rows in tried for row in rows]
    proposals = tuple(proposals_of(chosen[name], outcomes, is_constant=same))
    if not proposals:
        reason = (
            f"no selector gives the known value on {MINIMAL_SUPPORT:.0%} of the held-out pages, and another "
            f"one on at most {1 - MINIMAL_PRECISION:.0%} of those that show it"
        )
        return Induced(name, (), learnt, held, reason)
    return Induced(name, proposals, learnt, held, proposals[0].reason, is_constant=same)


def _hints(source: Source, name: str) -> frozenset[str]:
    """Return the words of a field's name and of the selectors that used to find it."""
    labels: list[Selector] = list(rule_of(source, name).from_)
    return words_of(name).union(*(words_of(selector.label.partition(":")[2]) for selector in labels))


def _by_hash(url: str) -> str:
    return blake3(url.encode()).hexdigest()
