"""Publication dates beside htmldate: which pages are right, and pages per CPU second, in the same run.

`python -m webdata_assets_tests.benchmarks.dates`. A page is right when the day is that of the gold
answer; no answer is a wrong one, as in htmldate's own evaluation. Both sides take a page in turn and pay for
their parse; htmldate gets the decoded text, as its evaluation gives it, and ours starts from the bytes.

What belongs here: the contenders and the figures. What does not: the sets (dated_pages.py).
"""

import datetime as dt
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from htmldate import find_date
from htmldate.meta import reset_caches

from webdata_assets.stages.extract.decode import decode
from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.found import PageContext
from webdata_assets.stages.extract.published import publication_of
from webdata_assets_tests.benchmarks.arguments import fold_of, parser, report
from webdata_assets_tests.benchmarks.dated_pages import DatedPage, dated_pages

OURS, HTMLDATE, FAST = "ours", "htmldate", "htmldate, not extensive"
FOLDS = 5
MIN_TIMES = 1.5
_UNDATED = "pages without a date"

Contender = Callable[[DatedPage, str], str | None]
"""Takes a page and its decoded text, and returns the day of publication as YYYY-MM-DD."""


@dataclass
class Tally:
    """What one contender made of one set; of pages without a date, `answered` counts the false ones."""

    pages: int = 0
    right: int = 0
    answered: int = 0
    seconds: float = 0.0
    folds: list[list[int]] = field(default_factory=lambda: [[0, 0] for _ in range(FOLDS)])

    def add(self, page: DatedPage, day: str | None, seconds: float) -> None:
        """Count one page."""
        is_right = day is not None and day == page.date
        self.pages += 1
        self.right += is_right
        self.answered += day is not None
        self.seconds += seconds
        fold = self.folds[fold_of(page.url, FOLDS)]
        fold[0] += is_right
        fold[1] += 1


Tallies = dict[str, dict[str, Tally]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; return 1 where ours is less accurate than htmldate on its own set, or too slow."""
    given = parser("Publication dates beside htmldate").parse_args(arguments)
    contenders = _contenders()
    pages = dated_pages(given.data)
    _round(pages, contenders)  # both load what they load once, such as the names of months in all languages
    reset_caches()
    tallies = _round(pages, contenders)
    rows = [_row(name, contender, tally) for name, by in tallies.items() for contender, tally in by.items()]
    figures = {
        name: {contender: vars(tally) for contender, tally in by.items()} for name, by in tallies.items()
    }
    verdicts = _verdicts(tallies)
    report(figures, [("Date of publication", rows), ("Verdicts", verdicts)], given.json)
    return int(not all(verdict["holds"] for verdict in verdicts))


def _contenders() -> dict[str, Contender]:
    # the day of the run, as htmldate takes it when it is not told
    context = PageContext("article", dt.datetime.now(tz=dt.UTC).date())

    def ours(page: DatedPage, _: str) -> str | None:
        found = publication_of(parse_document(page.url, page.body, "text/html", "html"), context)
        return found.date.isoformat() if found else None

    return {
        OURS: ours,
        HTMLDATE: lambda _, text: find_date(text, original_date=True),
        FAST: lambda _, text: find_date(text, original_date=True, extensive_search=False),
    }


def _round(pages: Sequence[DatedPage], contenders: Mapping[str, Contender]) -> Tallies:
    """Take the pages one by one, each by every contender in turn."""
    tallies: Tallies = defaultdict(lambda: defaultdict(Tally))
    for page in pages:
        name = page.dataset if page.date else f"{page.dataset}: {_UNDATED}"
        text = decode(page.body, "text/html")
        for contender, find in contenders.items():
            started = time.process_time()
            day = find(page, text)
            tallies[name][contender].add(page, day, time.process_time() - started)
    return tallies


def _row(name: str, contender: str, tally: Tally) -> dict[str, object]:
    row: dict[str, object] = {"set": name, "contender": contender, "pages": tally.pages}
    row["accuracy"] = None if _UNDATED in name else tally.right / tally.pages
    row["answered"] = tally.answered / tally.pages
    row["pages/CPU-s"] = round(tally.pages / tally.seconds)
    row["by fold"] = " ".join(
        f"{right / pages:.3f}" for right, pages in tally.folds if pages and _UNDATED not in name
    )
    return row


def _verdicts(tallies: Tallies) -> list[dict[str, object]]:
    """Return whether ours is as accurate as htmldate and fast enough, on htmldate's own sets together."""
    own = [by for name, by in tallies.items() if name.startswith("htmldate")]
    if not own:
        return []
    right = {contender: sum(by[contender].right for by in own) for contender in (OURS, HTMLDATE)}
    seconds = {contender: sum(by[contender].seconds for by in own) for contender in (OURS, HTMLDATE)}
    pages = sum(by[OURS].pages for by in own)
    gain, times = (right[OURS] - right[HTMLDATE]) / pages, seconds[HTMLDATE] / seconds[OURS]
    return [
        {"on htmldate's sets": "accuracy above htmldate's", "figure": gain, "holds": gain >= 0},
        {
            "on htmldate's sets": f"speed, at least {MIN_TIMES} times",
            "figure": times,
            "holds": times >= MIN_TIMES,
        },
    ]


if __name__ == "__main__":
    sys.exit(main())
