"""Pages that hang their parser or fill its memory: killed at a limit, and nobody else with them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from webdata_assets.sources.model import Source
from webdata_assets.stages.extract.extraction import Extraction, Payload, joined
from webdata_assets.stages.extract.workers.limits import Limits, resident_bytes
from webdata_assets.stages.extract.workers.pool import ExtractionPool
from webdata_assets_tests.cli.calling import make_webdata
from webdata_assets_tests.extract.making import make_payload, make_source
from webdata_assets_tests.extract.workers.hostile import BOMBS, good_page
from webdata_assets_tests.hostile.conftest import Proves

SECONDS = 3.0
MOST_MEGABYTES = 200
MEMORY_MB = 256
"""A process takes some 120 of them before it has read a page."""
ARTICLES = make_source({"kind": "article"})
FIELDS = make_source({
    "kind": "item", "items": "article",
    "fields": {
        "title": "h1",
        "text": {"regex": r"((a+)+)+b"},
        "number": {"css": "p:has(a):not(:has(b)) ~ p a", "regex": r"(\d+|\d+,)*x"},
        "other": {"xpath": "//p[not(preceding::p = following::p)]"},
    },
})  # fmt: skip


def _shared() -> dict[str, tuple[Source, str]]:
    nested = "[" * 50_000 + "]" * 50_000
    dates = "".join(f"<p>{n % 28 + 1} January 2026, {'1' * 200}-{'1' * 200} " for n in range(3_000))
    return {
        **{name: (ARTICLES, body) for name, body in BOMBS.items()},
        "100,000 nested lists": (ARTICLES, "<ul><li>" * 100_000),
        "100,000 nested inline tags, none closed": (ARTICLES, "<b><i>x" * 50_000),
        "50,000 nested tables": (ARTICLES, "<table><tr><td>" * 50_000),
        "a table of 500,000 cells": (ARTICLES, "<table>" + "<tr>" + "<td>1" * 500_000),
        "a million attributes": (ARTICLES, "<p " + " ".join(f"a{n}" for n in range(1_000_000)) + ">x"),
        "a text of 20 MB": (ARTICLES, "<article><p>" + "word " * 4_000_000),
        "one word of 20 MB": (ARTICLES, "<article><p>" + "a" * 20_000_000),
        "a <select> of 300,000 options": (ARTICLES, "<select>" + "<option>x" * 300_000),
        "a script of JSON-LD of 20 MB": (
            ARTICLES, f'<script type="application/ld+json">{{"a": "{"b" * 20_000_000}"}}</script><p>x',
        ),
        "JSON-LD of 50,000 levels": (
            ARTICLES, f'<script type="application/ld+json">{nested}</script><article><p>x',
        ),
        "JSON-LD of 200,000 objects": (
            ARTICLES,
            '<script type="application/ld+json">[' + '{"@type":"Article"},' * 200_000 + "{}]</script><p>x",
        ),
        "comments and scripts that never end": (ARTICLES, "<!--" * 500_000 + "<script>" * 100_000),
        "300,000 dates": (ARTICLES, f"<article><h1>x</h1>{dates}"),
        "a character reference of a megabyte": (ARTICLES, "<p>&#" + "1" * 1_000_000 + ";" + "&amp" * 300_000),
        "a text at which regular expressions go astray": (
            FIELDS, f"<article><h1>x</h1><p>{'a' * 40_000}</p></article>",
        ),
        "digits at which regular expressions go astray": (
            FIELDS, f"<article><h1>x</h1><p>y<p><a>{'1' * 40_000}</a></article>",
        ),
        "30,000 paragraphs for selectors of siblings": (
            FIELDS, "<article><h1>x</h1>" + "<p><a>1</a>" * 30_000,
        ),
    }  # fmt: skip


@contextmanager
def watched(pool: ExtractionPool) -> Iterator[list[int]]:
    """Note the resident memory of the pool's processes, every few milliseconds."""
    peak, done = [0], Event()

    def watch() -> None:
        while not done.wait(0.01):
            peak[0] = max([peak[0], *map(resident_bytes, pool.pids)])

    thread = Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def read(name: str, limits: Limits) -> tuple[Extraction, float, float]:
    """Return what came of a bomb between two good pages, megabytes above the base, and seconds."""
    source, body = _shared()[name]
    with ExtractionPool(1, limits) as pool:
        joined(pool.extract(ARTICLES, [good_page()]))
        base = max(map(resident_bytes, pool.pids))
        bomb = make_payload(body, "http://shop.test/bomb")
        begun = time.monotonic()
        with watched(pool) as peak:
            found = joined(pool.extract(source, [_good(source, 1), bomb, _good(source, 2)]))
        return found, (peak[0] - base) / 1e6, time.monotonic() - begun


def _good(source: Source, number: int) -> Payload:
    if source is ARTICLES:
        return good_page(number)
    return make_payload("<article><h1>A lamp</h1><p>It shines.</article>", f"http://shop.test/good/{number}")


def _check(name: str, limits: Limits, proves: Proves) -> None:
    found, megabytes, seconds = read(name, limits)
    good = [each for each in found.candidates if "/good/" in each.url]
    assert len(good) == 2, name
    reasons = [failure.reason for failure in found.failures if failure.url.endswith("/bomb")]
    outcome = reasons[0] if reasons else "read"
    assert all(reason.startswith("parser ") or "nested" in reason for reason in reasons), reasons
    assert megabytes < MOST_MEGABYTES
    proves(
        "Stored pages and parsers",
        name,
        f"{outcome}, {seconds:.1f} s in all; peak {megabytes:.0f} MB above base, at a limit of "
        f"{limits.memory_mb} MiB; "
        f"{len(good)} of 2 batch-mates live",
    )


QUICK = ("a text at which regular expressions go astray",)


@pytest.mark.parametrize("name", QUICK)
def test_a_bomb_costs_its_page_alone(name: str, proves: Proves) -> None:
    _check(name, Limits(page_seconds=SECONDS, memory_mb=MEMORY_MB), proves)


@pytest.mark.soak
@pytest.mark.parametrize("name", [name for name in _shared() if name not in QUICK])
def test_every_bomb_costs_its_page_alone(name: str, proves: Proves) -> None:
    _check(name, Limits(page_seconds=5, memory_mb=MEMORY_MB), proves)


def test_a_bomb_that_a_person_tries_is_killed_too(
    tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch, proves: Proves
) -> None:
    webdata = make_webdata(tmp_path / "deployment", encoder_folder, monkeypatch)
    (webdata.sources / "one.yaml").write_text(
        "name: one\ndescription: A test\nstart: 2026-06-01\n"
        "fetch: {discover: [{by: urls, start: ['http://nowhere.test/']}]}\nextract: {kind: article}\n"
    )
    page = webdata.folder / "bomb.html"
    page.write_text(BOMBS["a megabyte of nested divs"])
    monkeypatch.setenv("WEBDATA_EXTRACT_PAGE_SECONDS", str(SECONDS))
    begun = time.monotonic()
    said = webdata("try", str(page), "--source", "one")
    seconds = time.monotonic() - begun
    assert said.exit_code == 1
    assert f"parser killed after {SECONDS:g} s" in said.stdout
    assert "Traceback" not in said.stdout + said.stderr
    proves(
        "Stored pages and parsers",
        "a page of 200,000 nested tags given to `webdata try`",
        f"killed and said so, exit code {said.exit_code}, after {seconds:.1f} s",
    )
