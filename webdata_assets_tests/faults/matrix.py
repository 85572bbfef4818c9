"""The fault matrix: what goes wrong, and what follows from it. One row reads like a sentence.

What belongs here: the rows. What does not: injecting them (injecting.py) and comparing (test_matrix.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from webdata_assets.automation.jobs import CRAWL, PUBLISH, RETRAIN
from webdata_assets_tests.extract.workers.hostile import BOMBS
from webdata_assets_tests.faults import injecting as inject
from webdata_assets_tests.faults.injecting import Broken
from webdata_assets_tests.site.answers import bomb, drop, endless, in_turn, page, raw, slow, status
from webdata_assets_tests.site.stand_ins import CAPTCHA, LOGIN

Follows = Literal["goes on", "paused", "halted", "crashed"]
"""goes on: admitted down to the embeddings; paused: what was fetched goes on, the rest is left for the next
run; halted: a blocking check keeps every reader out; crashed: the run ended with an error."""


@dataclass(frozen=True)
class Fault:
    """One way to fail.

    Attributes:
        domain: whose fault it is.
        name: what happens.
        inject: brings it about, in a deployment with one source of 24 good pages.
        follows: what becomes of the partition.
        visits: outcome and domain of visits that are neither fetched nor skipped, each with its count.
        failed: the checks that fail and block.
        alert: the kind of the one alert; None where nobody needs to be told.
        next: the job that is launched by itself for the partition, or what is waited for; None for nothing.
        job: the job in which it shows.
        cheap: whether it stands for its domain in the short form.
        source: keys of the source file that differ.
    """

    domain: str
    name: str
    inject: Callable[[Broken], None]
    follows: Follows
    visits: Mapping[tuple[str, str | None], int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    alert: str | None = None
    next: str | None = None
    job: str = CRAWL
    cheap: bool = False
    source: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.domain}: {self.name}"


IMPATIENT = {"breaker": {"min_requests": 3, "probe_seconds": 0.1, "max_wait_seconds": 0.3}}
SMALL = {"max_body_bytes": 100_000}
LENIENT = {"expect": {"valid": 0.9, "completeness": {"title": 0.9}}}

ONE_TARGET, ALL_TARGET = {("failed", "target"): 1}, {("failed", "target"): 25}
ONE_ACCESS, ALL_ACCESS = {("failed", "access"): 1}, {("failed", "access"): 25}
ONE_RESOURCE = {("failed", "resource"): 1}
INCOMPLETE = ("pages.completeness",)
NOTHING_SEEN = ("pages.completeness", "pages.freshness")
LOST_FIELD = ("records.completeness", "records.valid_share")

MATRIX = (
    # target: retried with backoff; what stays away is a dead letter; a site that is down pauses the crawl
    Fault("target", "one page answers 503 for ever", inject.one(status(503)), "goes on", ONE_TARGET),
    Fault("target", "one page answers 429, then 200",
          inject.one(in_turn(status(429), page(inject.GOOD))), "goes on"),
    Fault("target", "one page times out", inject.one(slow(30, page(inject.GOOD))), "goes on", ONE_TARGET,
          source={"timeout_seconds": 0.5}),
    Fault("target", "one connection drops", inject.one(drop()), "goes on", ONE_TARGET),
    Fault("target", "one answer is not HTTP", inject.one(raw(b"garbage\r\n\r\n")), "goes on", ONE_TARGET),
    Fault("target", "every page answers 503", inject.every(status(503)), "halted", ALL_TARGET, INCOMPLETE,
          "check_failed", CRAWL),
    Fault("target", "the name is not known", inject.no_address, "halted", {}, NOTHING_SEEN,
          "breaker_open", CRAWL, source=IMPATIENT),
    Fault("target", "robots.txt answers 503", inject.robots(None), "halted", {}, NOTHING_SEEN,
          "breaker_open", CRAWL, source=IMPATIENT),
    Fault("target", "the host goes down in the middle", inject.late(status(503)), "paused", {}, (),
          "breaker_open", CRAWL, cheap=True, source={"max_attempts": 6, **IMPATIENT}),
    # access: never hammered
    Fault("access", "robots.txt forbids the site", inject.robots("User-agent: *\nDisallow: /"), "halted", {},
          NOTHING_SEEN, "check_failed", CRAWL),
    Fault("access", "one page answers 403", inject.one(status(403)), "goes on", ONE_ACCESS),
    Fault("access", "every page answers 401", inject.every(status(401)), "halted", ALL_ACCESS, INCOMPLETE,
          "check_failed", CRAWL),
    Fault("access", "every page is a login page", inject.every(page(LOGIN)), "halted", ALL_ACCESS, INCOMPLETE,
          "check_failed", CRAWL),
    Fault("access", "every page is a captcha", inject.every(page(CAPTCHA)), "halted", ALL_ACCESS, INCOMPLETE,
          "check_failed", CRAWL, cheap=True),
    Fault("access", "no proxy answers", inject.nothing, "halted", {}, ("frontier.proxies_healthy",),
          "proxies_empty", CRAWL, source={"proxies": {"pool": ["http://127.0.0.1:1"]}}),
    # parse: payloads stay; a patch and a replay mend it
    Fault("parse", "the selector no longer matches", inject.every(page(inject.OTHER_LAYOUT)), "halted", {},
          LOST_FIELD, "awaiting_patch", "awaiting_patch", cheap=True),
    Fault("parse", "one page has no title", inject.one(page("<p>no heading here, and little else</p>")),
          "goes on", source=LENIENT),
    # resource: the page is put aside, the partition goes on
    Fault("resource", "one body never ends", inject.one(endless()), "goes on", ONE_RESOURCE, source=SMALL),
    Fault("resource", "one body is a decompression bomb", inject.one(bomb("gzip")), "goes on", ONE_RESOURCE,
          cheap=True, source=SMALL),
    Fault("resource", "one page hangs its parser", inject.one(page(BOMBS["a megabyte of nested divs"])),
          "goes on", source=LENIENT),
    Fault("resource", "one page has 98,000 attributes", inject.one(page(BOMBS["868 KB of attributes"])),
          "goes on", source=LENIENT),
    # model: the champion stays
    Fault("model", "a new model is under its floor", inject.floor(1.0), "goes on", alert="model_held_back",
          job=RETRAIN, cheap=True),
    Fault("model", "new records have drifted", inject.drift, "goes on", alert="model_held_back", job=PUBLISH),
    # sink: nothing partial is visible; merged again on the next try
    Fault("sink", "the target cannot be written", inject.no_room_for_deliveries, "halted",
          alert="delivery_halted", job=PUBLISH, cheap=True),
    Fault("sink", "others have deleted rows of the target", inject.rows_deleted, "goes on", job=PUBLISH),
    # bug: raised as it is, never recorded as bad data
    Fault("bug", "our own code raises", inject.bug, "crashed", alert="run_failed", cheap=True),
)  # fmt: skip
