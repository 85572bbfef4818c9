"""A shop of a few pages, its known values, and induction on them in this process.

What belongs here: what tests of induction need. What does not: assertions.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from webdata_assets.sources.model import Source
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.induction.induce import induce
from webdata_assets.stages.extract.induction.lost import Induced, Known
from webdata_assets.stages.extract.workers.tasks import Task, prepare

DATE = dt.date(2026, 6, 1)
Layout = Callable[[int], str]


def source_of(fields: Mapping[str, object], **extract: object) -> Source:
    """Return a source that extracts these fields."""
    return Source.model_validate(
        {
            "name": "shop",
            "description": "A shop",
            "start": DATE,
            "fetch": {"discover": [{"by": "urls", "start": ["https://shop.example/"]}]},
            "extract": {"kind": "product", "fields": fields, **extract},
            "expect": {"completeness": {}, "required": []},
        }
    )


def propose(
    layout: Layout,
    known: Callable[[int], Mapping[str, object]],
    field: str,
    rule: object = ".old-one",
    *,
    pages: int = 20,
    **given: Any,
) -> Induced:
    """Return what is proposed for one field, from so many pages with known values."""
    values = {number: known(number) for number in range(pages)}
    names = sorted({name for each in values.values() for name in each} | {field})
    source = source_of({name: rule if name == field else f".{name}-was" for name in names})
    payloads = [page(number, layout(number)) for number in values]
    entries = [Known(url(number), 0, each) for number, each in values.items()]
    [induced] = induce(source, [field], entries, payloads, given.pop("run", run_here), **given)
    return induced


def selector(induced: Induced) -> str | None:
    """Return the label of the best proposal, if there is one."""
    return induced.proposals[0].selector.label if induced.proposals else None


def url(number: int) -> str:
    """Return the address of a page."""
    return f"https://shop.example/{number}"


def page(number: int, body: str) -> Payload:
    """Return a page."""
    whole = f"<!doctype html><html><body>{body}</body></html>".encode()
    return Payload(url(number), url(number), "text/html; charset=utf-8", whole, "", DATE)


def run_here(task: Task, pages: Iterable[Payload]) -> Iterator[tuple[Payload, Any]]:
    """Do a task in this process, as a pool does it in others: answers cross as JSON."""
    answer = prepare(task)
    for each in pages:
        yield each, json.loads(json.dumps(answer(each)))
