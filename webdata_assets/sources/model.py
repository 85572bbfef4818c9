"""The model of a source file: its top level, and what it expects of a partition.

What belongs here: the file's own keys, and rules across its sections. What does not: the sections `fetch`
(fetch.py) and `extract` (extract.py), and reading files (registry.py).
"""

import datetime as dt
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from webdata_assets.sources.clean import Clean
from webdata_assets.sources.extract import Extract
from webdata_assets.sources.fetch import AsOf, Fetch
from webdata_assets.sources.grammar import Strict, broken_rule, is_cron

SOURCE_NAME_PATTERN = r"^[a-z0-9_-]{1,64}$"


class Expect(Strict):
    """What must hold for a partition to be admitted."""

    fetched: float = Field(
        default=0.95, ge=0, le=1, description="Share of the visited URLs that were reached"
    )
    min_pages: int = Field(default=1, ge=0, description="Pages reached, changed or not")
    completeness: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=lambda: {"title": 0.95},
        description="Field → least share of a partition's extracted records that have it",
    )
    valid: float = Field(
        default=0.95, ge=0, le=1, description="Share of the extracted records that pass validation"
    )
    required: tuple[str, ...] = Field(
        default=("title",), description="Fields without which a record is quarantined"
    )


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
    start: dt.date = Field(description="The first date that the source has")
    end: dt.date | None = Field(default=None, description="The last date that the source has, if it has one")
    cadence_hours: float = Field(default=24.0, gt=0, description="How often fresh data is due")
    schedule: str | None = Field(default=None, description="Cron expression (UTC) of the daily run")
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
        return self.as_of is None and self.fetch.via != "warc"

    @property
    def max_age_hours(self) -> float:
        """Age at which a partition is stale: 1.5 × the cadence."""
        return 1.5 * self.cadence_hours
