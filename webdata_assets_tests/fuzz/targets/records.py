"""The whole way from a page to its records: as `extract`, and on through cleaning, which is much slower."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from webdata_assets.stages.clean.cleaner import clean
from webdata_assets_tests.fuzz.targets import extract


def run(data: bytes) -> None:
    source, payload, extraction = extract.read(data)
    cleaned = clean(source, payload.payload_date, extraction)
    refused = cleaned.quarantine.filter(cleaned.quarantine["ordinal"] >= 0).n_unique(["url", "ordinal"])
    assert cleaned.extracted == len(extraction.candidates) == cleaned.records.height + refused, "records lost"
    extract.check_rows(cleaned.records, payload)


def seeds(data: Path) -> Iterator[bytes]:
    """Yield fewer than `extract` has: a minute would not suffice to read them all."""
    return islice(extract.seeds(data), 0, None, 6)


TARGET = replace(extract.TARGET, run=run, seeds=seeds)
