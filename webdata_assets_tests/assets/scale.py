"""A partition of many pages through extract → clean → features, in a process whose memory is measured.

`make` stores the pages; `python -m webdata_assets_tests.assets.scale run FOLDER` runs them, and prints JSON.
What belongs here: the pages, the run, the numbers. What does not: assertions.
"""

import json
import logging
import os
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import dagster as dg

from webdata_assets.schemas.features import FEATURES
from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.stages.extract.workers.limits import resident_bytes
from webdata_assets_tests.assets.stored_pages import (
    MadePages,
    declare_shop,
    local_deployment,
    run_layers,
    store_pages,
)
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.store.rows import SHOP

_WORDS = [
    f"{first}{last}"
    for first in ("ba", "lo", "ti", "ner", "sul", "gam", "fro", "pel")
    for last in ("ta", "ric", "lon", "emp", "ud", "ist", "ora", "wek", "nim", "fol", "sta", "ger", "hul")
]
_MENU = "<ul>" + "".join(f'<li><a href="/c/{n}">Category {n}</a></li>' for n in range(120)) + "</ul>"
EMPTY_EVERY = 101
UNTITLED_EVERY = 103
COPY_EVERY = 107
ENGLISH = "This is one of the lamps that we have in the shop, and it will be sent to you with a cable. "


@dataclass(frozen=True)
class Lamps(MadePages):
    """Articles of about 20 KB; some are empty, some lack a title, some have the text of the one before."""

    def body(self, number: int) -> bytes:
        if number % EMPTY_EVERY == 1:
            return b" " * (number + 1)
        texts = random.Random(number - (number % COPY_EVERY == 1))
        paragraphs = [
            f"<p>{ENGLISH}{' '.join(texts.choices(_WORDS, k=texts.randrange(40, 90)))}.</p>"
            for _ in range(12)
        ]
        title = "" if number % UNTITLED_EVERY == 1 else f"<h1>Lamp {number}</h1>"
        return (
            f"<!doctype html><html lang=en><head><title>{number}</title></head><body>{_MENU}"
            f"<article>{title}{''.join(paragraphs)}</article>{_MENU}</body></html>"
        ).encode()


class PeakMemory:
    """The most memory that this process, and any one of its children, held."""

    def __init__(self) -> None:
        self.own = self.child = 0
        self._done = Event()
        self._watch = Thread(target=self._look, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._done.wait(0.2):
            self.own = max(self.own, resident_bytes(os.getpid()))
            self.child = max([self.child, *map(resident_bytes, _children())])


def _children() -> list[int]:
    """Return the ids of this process's children: whichever thread started them."""
    threads = Path(f"/proc/{os.getpid()}/task").iterdir()
    return [int(pid) for thread in threads for pid in (thread / "children").read_text().split()]


def make(folder: Path, pages: int) -> None:
    """Declare the source, and store its pages."""
    with dg.DagsterInstance.ephemeral() as instance:
        shop = local_deployment(folder, instance)
        declare_shop(
            shop,
            {"kind": "article", "fields": {"title": "h1", "text": {"css": "article"}}},
            expect={"valid": 0.9, "required": ["title"], "completeness": {}},
            clean={"duplicates": {"action": "drop"}},
        )
        store_pages(shop.store, Lamps(pages))


def run(folder: Path) -> dict[str, object]:
    """Run the stored pages; return what became of them, and what it cost."""
    logging.disable(logging.INFO)
    with dg.DagsterInstance.ephemeral() as instance:
        shop = Deployment(folder, instance, {})
        begun = time.monotonic()
        with PeakMemory() as peak:
            outcome = run_layers(shop)
        seconds = time.monotonic() - begun
        tables = shop.store.tables
        quarantine = tables.read_partition(QUARANTINE, SHOP, ["url", "rule"])
        return {
            "success": outcome.success,
            "failed_checks": outcome.failed_checks,
            "records": tables.read_partition(RECORDS, SHOP, ["record_id"]).height,
            "features": tables.read_partition(FEATURES, SHOP, ["record_id"]).height,
            "put_aside": dict(quarantine.group_by("rule").len().sort("rule").iter_rows()),
            "urls_put_aside": quarantine["url"].n_unique(),
            "seconds": round(seconds, 1),
            "rss_mb": peak.own >> 20,
            "worker_rss_mb": peak.child >> 20,
        }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["run", folder]:
            print(json.dumps(run(Path(folder))))
