"""A deployment that was given hostile strings by a site, and took them to its sinks.

What belongs here: the site, the files, and the runs. What does not: assertions.
"""

import contextlib
import html
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import ada_url
import polars as pl
import yaml

from webdata_assets.automation.jobs import CRAWL, REPORT, RETRAIN
from webdata_assets.cli.instance import Outcome
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.stages.clean.normalise import clean_body, clean_line
from webdata_assets.stages.extract.embedded import is_empty
from webdata_assets_tests.deliver.webhook_receiver import SECRET, Receiver
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.hostile.strings import Traps, injections, published
from webdata_assets_tests.site.answers import page, raw
from webdata_assets_tests.site.server import Answer, FaultServer
from webdata_assets_tests.ui.conftest import opened

DATE = "2026-06-02"
VALUES, PAGES, REFUSED = "values", "pages", "refused"
ITEMS_PER_PAGE = 100
CLASSES = 3
MEGABYTE = 1_000_000
_HOST = "site.test"


@dataclass
class Attacked:
    """What came of it.

    Attributes:
        deployment: with its history on disk, where a webserver finds it.
        traps: where a string would be noticed that is more than text.
        trap: the listener; whoever asked it is in its log.
        strings: by the `id` of the item that holds each.
        runs: how each run ended.
        said: standard streams of all runs.
        consumer: what the webhook has posted.
        warehouse: address of the PostgreSQL database.
    """

    deployment: Deployment
    traps: Traps
    trap: FaultServer
    strings: dict[str, str]
    consumer: Receiver
    warehouse: str
    runs: dict[str, Outcome] = field(default_factory=dict)
    said: str = ""

    @property
    def expected(self) -> dict[str, tuple[str | None, str | None]]:
        """Title and text of each item after documented cleaning."""
        return {
            key: (None, None) if is_empty(text) else (clean_line(text) or None, clean_body(text) or None)
            for key, text in self.strings.items()
        }

    def rows(self, table: str, source: str) -> pl.DataFrame:
        """Return what a table holds of a source."""
        partition = Partition.from_key(f"{DATE}|{source}")
        return self.deployment.store.tables.read_partition(TABLES[table], partition)


def ids_of(records: pl.DataFrame) -> dict[str, str]:
    """Return the `record_id` of each item."""
    return {json.loads(extra)["id"]: key for key, extra in records.select("record_id", "extra").iter_rows()}


@contextmanager
def attacked(
    folder: Path,
    encoders: Path,
    warehouse: str = "postgresql://nobody@localhost/none",
    sources: Sequence[str] = (VALUES, PAGES, REFUSED),
    jobs: Sequence[str] = (RETRAIN, REPORT),
) -> Iterator[Attacked]:
    """Crawl pages that hold every string, and publish, deliver and report what they held.

    Args:
        folder: for the deployment and the traps.
        encoders: of the default encoder.
        warehouse: address of an empty PostgreSQL database.
        sources: to crawl.
        jobs: to run then.
    """
    (folder / "trap").mkdir()
    with FaultServer() as trap, FaultServer() as site, opened(folder / "d", encoders, {}) as deployment:
        traps = Traps(trap.address, folder / "trap")
        own = injections(traps)
        strings = {str(number): text for number, text in enumerate(dict.fromkeys([*own, *published()]))}
        _serve(site, strings, own)
        deployment.connect_to[_HOST] = site.address
        deployment.encoder_max_tokens = 64
        consumer = Receiver()
        _write_files(deployment, warehouse, consumer.url, len(strings))
        found = Attacked(deployment, traps, trap, strings, consumer, warehouse)
        try:
            found.said = _run_all(found, sources, jobs)
            yield found
        finally:
            consumer.close()


def _run_all(found: Attacked, sources: Sequence[str], jobs: Sequence[str]) -> str:
    """Crawl and run with JSON logs; return what was written to the standard streams."""
    settings = {"WEBDATA_LOG": "json", "HOOK_SECRET": SECRET}
    said = io.StringIO()
    with patch.dict(os.environ, settings), contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        for source in sources:
            found.runs[source] = found.deployment.run(CRAWL, f"{DATE}|{source}")
        for job in jobs:
            found.runs[job] = found.deployment.run(job)
    return said.getvalue()


def _serve(site: FaultServer, strings: Mapping[str, str], own: Sequence[str]) -> None:
    """Add the pages of all sources."""
    items = [
        {
            "id": key, "title": text, "text": text, "note": text, "author": text, "tags": [text],
            "category": own[int(key) % CLASSES],
        }
        for key, text in strings.items()
    ]  # fmt: skip
    for number, start in enumerate(range(0, len(items), ITEMS_PER_PAGE)):
        body = json.dumps({"items": items[start : start + ITEMS_PER_PAGE]})
        site.add(f"/items/{number}", page(body, content_type="application/json"))
    refused = [{"id": key, "title": f"Item {key}", "day": text, "link": text} for key, text in enumerate(own)]
    for path, found in {"refused": refused, "title": [{"id": "title", "title": "x" * MEGABYTE}]}.items():
        site.add(f"/{path}", page(json.dumps({"items": found}), content_type="application/json"))
    surrogate = b'{"items": [{"id": "1", "title": "\\ud800"}]}'
    site.add("/surrogate", page(surrogate, content_type="application/json"))
    places = ("/p/{}", "/q?x={}#{}")
    hrefs = {places[number % 2].replace("{}", text): text for number, text in enumerate(own)}
    hrefs |= {f"http://{text}/": text for text in own} | {text: text for text in own[::4]}
    listed = "".join(f'<li><a href="{html.escape(href)}">{html.escape(href)}</a></li>' for href in hrefs)
    site.add("/", page(f"<!doctype html><title>All</title><h1>All</h1><ul>{listed}</ul>"))
    for href, text in hrefs.items():
        with contextlib.suppress(ValueError):
            parts = urlsplit(ada_url.URL(href, base=f"http://{_HOST}/").href)
            if parts.netloc == _HOST and parts.path != "/":
                site.add(f"{parts.path}?{parts.query}" if parts.query else parts.path, _html(text))


def _html(text: str) -> Answer:
    """A page with a string for its title, its text, its metadata and its headers."""
    shown = html.escape(text)
    described = json.dumps({"@type": "Article", "author": text, "headline": text}).replace("<", "\\u003c")
    body = (
        f"<!doctype html><html lang='{shown}'><title>{shown}</title><meta name=description content='{shown}'>"
        f"<script type='application/ld+json'>{described}</script><article><h1>{shown}</h1>"
        f"<p title='{shown}'>{shown}</p></article></html>"
    ).encode()
    value = "".join(letter for letter in text if letter not in "\r\n\0")
    head = "".join(f"{name}: {value}\r\n" for name in ("X-Hostile", "ETag", "Last-Modified", "X-Robots-Tag"))
    return raw(
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n{head}\r\n".encode()
        + body
    )


def _write_files(deployment: Deployment, warehouse: str, hook: str, count: int) -> None:
    pages = -(-count // ITEMS_PER_PAGE)
    fields = {name: {"jmespath": name} for name in ("id", "title", "text", "note", "author", "category")}
    items = {"kind": "item", "items": "items", "key": ["id"]}
    text_fields = {**fields, "tags": {"jmespath": "tags"}}
    wanted = {"fetched": 0, "error_status": 1, "valid": 0, "completeness": {"title": 0}}
    urls = [f"/items/{number}" for number in range(pages)]
    _write(
        deployment, VALUES, {"by": "urls"}, urls, {**items, "fields": text_fields}, {**wanted, "required": []}
    )
    _write(
        deployment,
        PAGES,
        {"by": "links", "max_depth": 1},
        ["/"],
        {"kind": "article", "fields": {"title": "h1"}},
        wanted,
    )
    odd = {"day": {"type": "date", "jmespath": "day"}, "link": {"type": "url", "jmespath": "link"}}
    _write(
        deployment,
        REFUSED,
        {"by": "urls"},
        ["/refused", "/surrogate", "/title"],
        {**items, "fields": {"id": fields["id"], "title": fields["title"], **odd}},
        {"fetched": 0},
    )
    deployment.sinks = deployment.folder / "sinks"
    deployment.sinks.mkdir()
    sinks = {
        "in_delta": {"kind": "delta"},
        "in_parquet": {"kind": "parquet"},
        "in_duckdb": {"kind": "duckdb"},
        "in_postgres": {"kind": "postgres", "uri": warehouse},
        "in_posts": {"kind": "webhook", "url": hook, "secret_env": "HOOK_SECRET"},
    }
    for name, keys in sinks.items():
        (deployment.sinks / f"{name}.yaml").write_text(
            yaml.safe_dump({"name": name, "description": "d", **keys})
        )


def _write(
    deployment: Deployment,
    name: str,
    rule: Mapping[str, object],
    paths: Sequence[str],
    extract: Mapping[str, object],
    expect: Mapping[str, object],
) -> None:
    deployment.write_source(
        {
            "name": name,
            "description": "Hostile strings",
            "start": "2026-06-01",
            "end": "2026-06-07",
            "allow_private": True,
            "as_of": {"header": "X-As-Of"},
            "fetch": {
                "discover": [{**rule, "start": [f"http://{_HOST}{path}" for path in paths]}],
                "requests_per_second": 1_000,
                "robots": "ignore",
                "max_attempts": 1,
            },
            "extract": extract,
            "clean": {"duplicates": {"action": "keep"}},
            "expect": expect,
        },
        f"{name}.yaml",
    )
