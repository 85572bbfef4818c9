"""The model of a source file: its top level.

What belongs here: the file's own keys, and rules across its sections. What does not: the sections (fetch.py,
extract.py, clean.py, expect.py), and reading files (registry.py).
"""

import datetime as dt
from typing import get_args

from pydantic import Field, field_validator, model_validator

from webdata_assets.sources.arrival import Arrival
from webdata_assets.sources.clean import Clean
from webdata_assets.sources.discover import DiscoverFeed, DiscoverFiles, DiscoverWarc
from webdata_assets.sources.expect import Expect
from webdata_assets.sources.extract import Extract
from webdata_assets.sources.fetch import AsOf, Fetch, StoredWay
from webdata_assets.sources.grammar import Date, Strict, broken_rule, is_cron

SOURCE_NAME_PATTERN = r"^[a-z0-9_-]{1,64}$"


class Source(Strict):
    """One declared web dataset: how to discover, fetch and extract it, and what to expect of it."""

    name: str = Field(
        pattern=SOURCE_NAME_PATTERN,
        description="Names the partition: lower-case letters, digits, `_` and `-`, at most 64",
    )
    description: str = Field(description="One sentence for people")
    owners: tuple[str, ...] = Field(
        default=("team:data",), description="`team:name` or an e-mail address, as Dagster shows them"
    )
    enabled: bool = Field(default=True, description="Whether the source is part of the grid")
    start: Date = Field(description="The first date that the source has")
    end: Date | None = Field(default=None, description="The last date that the source has, if it has one")
    cadence_hours: float = Field(default=24.0, gt=0, description="How often fresh data is due")
    schedule: str | None = Field(default=None, description="Cron expression (UTC) of the daily run")
    deadline_hours: float | None = Field(
        default=None,
        gt=0,
        description="Hours after the start of its date (UTC) by which a partition must have been admitted; "
        "an alert is sent if it is not. Without it, a scheduled partition is due when its date ends",
    )
    arrival: Arrival | None = Field(
        default=None,
        description="For data that others deliver: each date is crawled as soon as its data is complete, and "
        "what comes later is added. For `via: files`, `via: warc` and feeds",
    )
    as_of: AsOf | None = Field(
        default=None, description="How to ask for a past date; without it the source is live"
    )
    allow_private: bool = Field(
        default=False, description="Whether loopback and private addresses may be reached"
    )
    fetch: Fetch = Field(description="How URLs are found, and how pages are reached")
    extract: Extract = Field(description="What a page is turned into")
    clean: Clean = Field(default_factory=Clean, description="Which records are kept, flagged or left out")
    expect: Expect = Field(default_factory=Expect, description="What must hold for admission")
    auto_repair: bool = Field(
        default=False,
        description="Whether a proposed selector is put in place without a person, as a patch that a replay "
        "follows; else `webdata selectors accept` does it",
    )
    auto_repair_support: float = Field(
        default=0.98,
        gt=0.5,
        le=1,
        description="With auto_repair: least share of held-out pages on which the proposal is right",
    )

    @field_validator("schedule")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        if value is not None and not is_cron(value):
            raise ValueError(f"{value!r} is not a cron expression of five parts, such as `0 6 * * *`")
        return value

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> "Source":
        if self.end is not None and self.end < self.start:
            raise broken_rule(
                f"{self.end} is before `start`, {self.start}", at=("end",), remedy="choose a later date"
            )
        return self

    @model_validator(mode="after")
    def _arrives_where_it_can_be_seen(self) -> "Source":
        if self.arrival is None:
            return self
        is_stored = self.fetch.via in get_args(StoredWay)
        if not is_stored and not any(isinstance(rule, DiscoverFeed) for rule in self.fetch.discover):
            raise broken_rule(
                f"`arrival` does not go with `via: {self.fetch.via}` without a feed",
                at=("arrival",),
                remedy="write `schedule:` instead, or declare a rule `by: feed`",
            )
        for position, rule in enumerate(self.fetch.discover):
            if isinstance(rule, DiscoverWarc) and not rule.is_dated:
                raise broken_rule(
                    "a web archive that arrives needs `{date}` in its path: it starts that date's crawl",
                    at=("fetch", "discover", position, "path"),
                    remedy="write it, or `schedule:` instead of `arrival:`",
                )
        if not is_stored and self.arrival.marker is not None:
            raise broken_rule(
                "a feed has no marker", at=("arrival", "marker"), remedy="leave it out: a feed is polled"
            )
        return self

    def has(self, date: dt.date) -> bool:
        """Whether the source has a date at all, from its start to its end."""
        return self.start <= date and (self.end is None or date <= self.end)

    @model_validator(mode="after")
    def _expected_fields_exist(self) -> "Source":
        known = set(self.extract.fields) | {"url", "title", "text", "language", "published_at", "author"}
        if self.extract.kind == "product":  # what a shop's JSON-LD states is found without a rule
            known |= {"price", "currency", "sku", "brand", "availability"}
        for place, names in (("completeness", self.expect.completeness), ("required", self.expect.required)):
            for position, name in enumerate(names):
                if name not in known:
                    raise broken_rule(
                        f"{name!r} is not in extract.fields",
                        at=("expect", place, name if place == "completeness" else position),
                        remedy=f"declare it there, or use one of {', '.join(sorted(known))}",
                    )
        return self

    @property
    def is_live(self) -> bool:
        """Whether it shows its present state only; others can be asked for any date."""
        is_dated = all(isinstance(rule, DiscoverFiles) and rule.is_dated for rule in self.fetch.discover)
        return self.as_of is None and self.fetch.via != "warc" and not is_dated

    @property
    def max_age_hours(self) -> float:
        """Age at which a partition is stale."""
        return self.expect.max_age_cadences * self.cadence_hours
