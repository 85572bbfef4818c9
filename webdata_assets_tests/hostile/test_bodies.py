"""Bodies that are bombs, endless, slow or lie: little memory, a bounded time, and a typed dead letter."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from webdata_assets_tests.crawl.harness import starting, urls
from webdata_assets_tests.hostile import answers
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.site.answers import drip, endless_headers, page, redirect
from webdata_assets_tests.site.server import Answer, FaultServer

PART = "Bodies"
MAX_MEGABYTES = 200
"""That any page may take above what the process had before."""
TIMEOUT = 3
"""Seconds that a source gives to one request here."""
MAX_SECONDS = 60
"""A bound that a busy machine keeps too."""


@dataclass(frozen=True)
class Attack:
    """What is sent for a path, by which rule it is read, and the domains that its dead letter may have."""

    what: str
    answer: Answer
    domain: str
    rule: Mapping[str, Any] = field(default_factory=dict)
    fetch: Mapping[str, Any] = field(default_factory=dict)


def packed(body: bytes, encoding: str, content_type: str = "text/html") -> Answer:
    return page(body, content_type=content_type, headers={"Content-Encoding": encoding})


@functools.cache
def attacks() -> list[Attack]:
    """Every attack, in the order of the page."""
    sitemap, feed = {"by": "sitemap"}, {"by": "feed"}
    api = {"by": "api", "cursor": "next"}
    listing = {"by": "listing", "items": "a"}
    slow = {"timeout_seconds": TIMEOUT}
    members = answers.many_members()
    return [
        Attack("gzip, 1 GB in ten members", packed(members, "gzip"), "resource"),
        Attack("deflate, 100 MB", packed(answers.deflated(), "deflate"), "resource"),
        Attack("a million empty gzip members", packed(answers.empty_members(), "gzip"), "fetched"),
        Attack("gzip in gzip", packed(answers.nested(2), "gzip, gzip"), "target"),
        Attack("brotli, which was not asked for", packed(b"\x8b\xff\xff\xff" * 500, "br"), "target"),
        Attack("zstd, which was not asked for", packed(b"\x28\xb5\x2f\xfd" * 500, "zstd"), "target"),
        Attack("a chunked body without end", answers.chunked(b"x" * 65_536), "resource"),
        Attack("a chunk extension without end", answers.chunk_extension(), "target", fetch=slow),
        Attack("trailers without end", answers.trailers(), "resource", fetch=slow),
        Attack("headers without end", endless_headers(), "resource"),
        Attack("one header without end", answers.header_line(), "resource"),
        Attack("1xx responses without end", answers.interim(), "resource target", fetch=slow),
        Attack("a head that drips", answers.header_drip(), "target", fetch=slow),
        Attack("a body that drips", drip(b"x" * 10_000), "target", fetch=slow),
        Attack("chunks that drip", answers.chunked(b"x", pause_seconds=0.1), "target", fetch=slow),
        Attack("a Content-Length of 1 EB", answers.length(10**18, b"x"), "resource"),
        Attack("a Content-Length that is never kept", answers.length(1_000, b"x"), "target", fetch=slow),
        Attack("a redirect to itself", redirect(""), "target"),
        Attack("sitemap.xml.gz, 1 GB", page(members, content_type="application/gzip"), "resource", sitemap),
        Attack(
            "sitemap.xml.gz of a million empty members",
            page(answers.empty_members(), content_type="application/gzip"),
            "parse",
            sitemap,
        ),
        Attack(
            "a sitemap of five million empty elements",
            page(answers.filled(b"<urlset>", b"<a/>", b"</urlset>")),
            "resource",
            sitemap,
        ),
        Attack(
            "a sitemap of 400,000 URLs",
            page(answers.numbered(b"<urlset>", b"<url><loc>http://site.test/%d</loc></url>", b"</urlset>")),
            "resource",
            sitemap,
        ),
        Attack(
            "a feed of attributes",
            page(answers.filled(b"<rss><channel><a", b" b=''", b"/></channel></rss>")),
            "resource",
            feed,
        ),
        Attack(
            "a JSON Feed of empty objects",
            page(answers.filled(b'{"items":[', b"{},", b"{}]}")),
            "resource",
            feed,
        ),
        Attack("JSON of empty lists", page(answers.filled(b"[", b"[],", b"1]")), "resource", api),
        Attack("JSON nested ten million deep", page(answers.filled(b"", b"[")), "resource", api),
        Attack("JSON nested 5,000 deep", page(b"[" * 5_000), "parse", api),
        Attack("a JSON number of 20 MB", page(answers.filled(b"", b"9")), "parse", api),
        Attack(
            "a list page of two million links",
            page(answers.filled(b"<html>", b"<a href=x>")),
            "resource",
            listing,
        ),
        Attack(
            "a page nested seven million deep", page(answers.filled(b"<html>", b"<b>")), "resource", listing
        ),
        Attack(
            "a page of a million different links",
            page(answers.numbered(b"<html>", b"<a href=/%d>")),
            "resource",
            {"by": "links"},
        ),
    ]


@pytest.mark.parametrize("way", ["curl", "aiohttp"])
def test_no_body_exhausts_us(way: str, site: FaultServer, proves: Proves) -> None:
    tried = attacks()
    rules = []
    for number, attack in enumerate(tried):
        site.add(f"/{number}", attack.answer)
        rule = starting("", str(number)) if attack.rule else urls(str(number))
        fetch = {"robots": "ignore", "max_attempts": 1, "timeout_seconds": 30, **attack.fetch}
        rules.append({"discover": rule | dict(attack.rule), "fetch": fetch})
    site.add("/small", page("<p>small"))
    given = {
        "way": way,
        "address": site.address,
        "warm_up": {"discover": urls("small"), "fetch": {"robots": "ignore"}},
        "rules": rules,
    }
    rows = crawled_apart(given)
    assert len(rows) == len(tried)
    faults = []
    for attack, row in zip(tried, rows, strict=True):
        became = row["failure_domain"] or row["outcome"]
        figures = f"{became}, +{row['peak_megabytes']:.0f} MB, {row['seconds']:.1f} s"
        if (
            became not in attack.domain.split()
            or row["peak_megabytes"] > MAX_MEGABYTES
            or row["seconds"] > MAX_SECONDS
        ):
            faults.append(f"{attack.what}: {figures}; {row['reason']}")
        kept = "kept as it is" if became == "fetched" else f"dead letter ({became})"
        proves(
            PART,
            f"{attack.what}, by {'libcurl' if way == 'curl' else way}",
            f"peak {row['peak_megabytes']:.0f} MB above before, {row['seconds']:.1f} s, {kept}",
        )
    assert not faults, "\n".join(faults)


def crawled_apart(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the figures of each rule, crawled by a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "webdata_assets_tests.hostile.crawled_apart"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=os.environ | {"POLARS_MAX_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
