"""Partitions that were made of another past than is admitted now, as a naive search finds them, too."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal, get_args

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.store.ledger_snapshot import LedgerSnapshot
from webdata_assets.store.past import MADE, READ, past_version
from webdata_assets_tests.store.rows import DAY, NOON, digest

Outcome = Literal["admitted", "failed", "unjudged"]


def day(number: int, source: str = "shop") -> Partition:
    return Partition(DAY + dt.timedelta(days=number), source)


@dataclass
class Past:
    """A ledger in memory. `held` and `read` say the same in plain words: for the naive answer."""

    entries: list[dict[str, object]] = field(default_factory=list)
    held: dict[tuple[str, Partition], tuple[str, Outcome, int]] = field(default_factory=dict)
    read: dict[tuple[str, Partition], set[tuple[str, Partition, str]]] = field(default_factory=dict)

    @property
    def ledger(self) -> LedgerSnapshot:
        rows = pl.DataFrame(self.entries, schema=CHECK_RESULTS.polars_schema)
        by_table = rows.partition_by("asset", as_dict=True)
        return LedgerSnapshot({str(name): of_table for (name,), of_table in by_table.items()})

    def write(
        self, name: str, partition: Partition, content: str = "", outcome: Outcome = "admitted"
    ) -> None:
        """Enter a write, with its verdicts; one that reads the past tells of which."""
        past = None
        if name in MADE:
            past = past_version(self.ledger, partition)
            self.read[name, partition] = self.admitted_before(partition)
        moment = len(self.entries)
        entry = {
            "asset": name, "date": partition.date, "source": partition.source, "severity": "ERROR",
            "data_version": digest(f"{name} {partition} {content}"), "rows": 1, "run_id": "run",
        }  # fmt: skip
        self._enter(entry, MATERIALIZED, passed=False, past_version=past)
        for check in TABLES[name].blocking_checks if outcome != "unjudged" else ():
            self._enter(entry, check, passed=outcome == "admitted")
        self.held[name, partition] = (content, outcome, moment)

    def make(self, partition: Partition, content: str = "") -> None:
        """Write every table of a partition, as a crawl does."""
        for name in ("pages", "records", *MADE):
            self.write(name, partition, content)

    def compare(self, partition: Partition) -> None:
        """Make the tables again that read the past; what they hold follows from it."""
        for name in MADE:
            self.write(name, partition, str(sorted(self.admitted_before(partition), key=str)))

    def admitted_before(self, partition: Partition) -> set[tuple[str, Partition, str]]:
        return {
            (name, earlier, content)
            for (name, earlier), (content, outcome, _) in self.held.items()
            if name in READ
            and outcome == "admitted"
            and earlier < partition
            and earlier.source == partition.source
        }

    def naive(self) -> dict[Partition, str]:
        """Return what is to be made again, by comparing sets."""
        due: dict[Partition, str] = {}
        for name in reversed(MADE):
            for (of, partition), (_, outcome, moment) in self.held.items():
                unjudged = any(
                    what == "unjudged" and at > moment and read in READ
                    for (read, earlier), (_, what, at) in self.held.items()
                    if earlier < partition and earlier.source == partition.source
                )
                records = self.held.get(("records", partition), ("", "failed", 0))[1]
                if of != name or {outcome, records} != {"admitted"} or unjudged:
                    continue
                if self.read[name, partition] != self.admitted_before(partition):
                    due[partition] = name
        return due

    def _enter(self, entry: dict[str, object], check: str, **values: object) -> None:
        at = NOON + dt.timedelta(seconds=len(self.entries))
        self.entries.append({**entry, "check": check, "blocking": check != MATERIALIZED, "at": at, **values})


def test_in_the_order_of_dates_nothing_is_made_twice():
    past = Past()
    for number in range(4):
        past.make(day(number))
        past.make(day(number, "blog"))
    assert past.ledger.of_another_past == {}


def test_a_date_that_comes_late_is_seen_by_the_later_ones_of_its_source():
    past = Past()
    for number in (0, 2, 3):
        past.make(day(number))
        past.make(day(number, "blog"))
    past.make(day(1))
    assert past.ledger.of_another_past == {day(2): "changes", day(3): "changes"}


def test_an_earlier_date_that_is_made_again_as_it_was_changes_nothing():
    past = Past()
    for number in (0, 1, 0):
        past.make(day(number))
    assert past.ledger.of_another_past == {}


def test_nothing_is_compared_before_the_earlier_date_is_judged():
    past = Past()
    past.make(day(0))
    past.make(day(1))
    past.write("records", day(0), "other", "unjudged")
    assert past.ledger.of_another_past == {}
    past.make(day(0), "other")
    assert past.ledger.of_another_past == {day(1): "changes"}


def test_a_date_that_is_withdrawn_is_no_longer_seen():
    past = Past()
    past.make(day(0))
    past.make(day(1))
    past.write("records", day(0), "broken", "failed")
    assert past.ledger.of_another_past == {day(1): "changes"}


def test_what_was_written_without_the_name_of_its_past_is_left_alone():
    past = Past()
    past.make(day(1))
    past.entries = [{**entry, "past_version": None} for entry in past.entries]
    past.make(day(0))
    assert past.ledger.of_another_past == {}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["make", "compare", *READ, *MADE]),
        st.builds(day, st.integers(0, 3), st.sampled_from(["shop", "blog"])),
        st.sampled_from(["", "other"]),
        st.sampled_from(get_args(Outcome)),
    ),
    max_size=14,
)


@given(STEPS)
def test_any_past_is_found_as_by_comparing_sets(steps: list[tuple[str, Partition, str, Outcome]]):
    past = Past()
    for name, partition, content, outcome in steps:
        if name == "make":
            past.make(partition, content)
        elif name == "compare":
            past.compare(partition)
        else:
            past.write(name, partition, content, outcome)
    assert past.ledger.of_another_past == past.naive()


@given(st.permutations(range(4)))
def test_dates_in_any_order_come_to_rest(order: list[int]):
    past = Past()
    for number in order:
        past.make(day(number))
    rounds = 0
    while due := past.ledger.of_another_past:
        rounds += 1
        for partition in due:
            past.compare(partition)
    assert rounds < len(order)
    assert all(past.read[name, day(3)] == past.admitted_before(day(3)) for name in MADE)
