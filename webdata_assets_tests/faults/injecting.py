"""Bringing faults about: on the site, in the store, in our own code.

What belongs here: a deployment with one good source, and what breaks it. What does not: what should follow
(matrix.py).
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from webdata_assets.automation.jobs import CRAWL, PUBLISH, RETRAIN
from webdata_assets_tests.automation.trained import write_task
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.site.answers import page, status
from webdata_assets_tests.site.server import Answer, FaultServer

HOST, SOURCE, DATE, NEXT_DATE = "site.test", "site", "2026-06-02", "2026-06-03"
PAGES = [f"/page/{number}" for number in range(25)]
SUBJECTS = ("A lamp that shines", "A bell that rings", "A chair that swings")
GOOD = "<h1>A lamp for the garden</h1><p>It shines at night, and it costs little. It is quiet, too.</p>"
OTHER_LAYOUT = "<h2>A lamp for the garden</h2><p>It shines at night, and it costs little.</p>"


@dataclass
class Broken:
    """What a fault is put into."""

    deployment: Deployment
    site: FaultServer
    monkeypatch: pytest.MonkeyPatch
    crawled: Path
    """A store with the partition of the source as it is declared without changes, labelled at random."""
    date: str = DATE

    @property
    def key(self) -> str:
        """The partition in which the fault shows."""
        return f"{self.date}|{SOURCE}"

    def declare(self, changes: dict[str, object]) -> None:
        """Write the source file; keys of `fetch` and of the source may be mixed."""
        changes = dict(changes)
        own = {name: changes.pop(name) for name in ("expect",) if name in changes}
        self.deployment.write_source(
            {
                "name": SOURCE,
                "description": "Pages of the fault server",
                "start": "2026-06-01",
                "as_of": {"header": "X-As-Of"},
                "allow_private": True,
                "fetch": {
                    "discover": [{"by": "urls", "start": [f"http://{HOST}{path}" for path in PAGES]}],
                    "requests_per_second": 1_000,
                    "max_attempts": 2,
                    "breaker": {"max_wait_seconds": 5, "min_requests": 1_000},
                    **changes,
                },
                "extract": {"kind": "document", "fields": {"title": "h1", "text": "p", "category": "i"}},
                **own,
            }
        )

    def serve_well(self) -> None:
        """Let every page be good."""
        for number, path in enumerate(PAGES):
            self.site.add(path, page(good(number)))

    def crawl_well(self) -> None:
        """Crawl a partition before anything breaks."""
        outcome = self.deployment.run(CRAWL, f"{DATE}|{SOURCE}")
        assert outcome.success, outcome

    def label_at_random(self) -> None:
        """Let pages have labels that nothing in them foretells."""
        for number, path in enumerate(PAGES):
            label = "red" if number % 2 else "blue"
            self.site.add(path, page(good(number).replace("<i>", f"<i>{label} ")))

    def take_crawled(self) -> None:
        """Take over the crawled store, as after a crawl before anything breaks."""
        shutil.copytree(self.crawled, self.deployment.folder / "store")


Inject = Callable[[Broken], None]


def good(number: int) -> str:
    """Return one of 25 good pages, no two of which are alike."""
    subject = SUBJECTS[number % 3]
    return (
        f"<title>{subject}</title><h1>{subject} {number}</h1><i>{subject.split()[1]}</i><p>{subject} stands "
        f"in garden {number * 7}. The people of house {number * 13} look at it, and they like what they see."
        "</p>"
    )


def nothing(_: Broken) -> None:
    """The source file alone is the fault."""


def one(answer: Answer) -> Inject:
    """Let one page of all answer like this."""
    return lambda broken: broken.site.add(PAGES[3], answer)


def every(answer: Answer) -> Inject:
    """Let every page answer like this."""

    def inject(broken: Broken) -> None:
        for path in PAGES:
            broken.site.add(path, answer)

    return inject


def late(answer: Answer) -> Inject:
    """Let all pages but the first nine answer like this."""

    def inject(broken: Broken) -> None:
        for path in sorted(PAGES)[9:]:
            broken.site.add(path, answer)

    return inject


def robots(text: str | None) -> Inject:
    """Serve this robots.txt; None for one that cannot be had."""
    answer = status(503) if text is None else page(text, content_type="text/plain")
    return lambda broken: broken.site.add("/robots.txt", answer)


def no_address(broken: Broken) -> None:
    """Let the host's name lead nowhere."""
    broken.deployment.connect_to = {}


def floor(least: float) -> Inject:
    """Want a score of every model that none reaches."""

    def inject(broken: Broken) -> None:
        broken.take_crawled()
        broken.deployment.task = write_task(broken.deployment.folder, floor=least)

    return inject


def drift(broken: Broken) -> None:
    """Train on what the site was, and crawl what it has become: long pages of another kind."""
    broken.crawl_well()
    broken.deployment.task = write_task(broken.deployment.folder, floor=0.0)
    assert broken.deployment.run(RETRAIN).success
    for number, path in enumerate(PAGES):
        lines = [
            f"Paragraph {line} of report {number * 31} counts {line * number} ships." for line in range(60)
        ]
        label = SUBJECTS[number % 3].split()[1]
        broken.site.add(path, page(f"<h1>Report {number}</h1><i>{label}</i><p>{' '.join(lines)}</p>"))
    broken.date = NEXT_DATE
    assert broken.deployment.run(CRAWL, broken.key).success


def rows_deleted(broken: Broken) -> None:
    """Take rows out of what was delivered, behind our back."""
    from deltalake import DeltaTable

    broken.crawl_well()
    assert broken.deployment.run(PUBLISH).success
    DeltaTable(broken.deployment.store.location.delivered("records")).delete("title LIKE '%3%'")


def no_room_for_deliveries(broken: Broken) -> None:
    """Put a file where the sink's folder is to be made."""
    broken.take_crawled()
    store = broken.deployment.store
    target = broken.deployment.folder / "store" / store.location.relative(store.location.delivered("records"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("in the way")


def bug(broken: Broken) -> None:
    """Let our own code raise what nobody foresaw."""

    def raise_it(*_: object, **__: object) -> None:
        raise ZeroDivisionError("nobody foresaw it")

    broken.monkeypatch.setattr("webdata_assets.assets.frontier.plan_frontier", raise_it)
