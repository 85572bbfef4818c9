"""Duplicates across partitions: whatever arrives in whatever order, the result is that of comparing all."""

import datetime as dt

import polars as pl
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.schemas.near_duplicates import COMPARED_PARTITIONS, NEAR_DUPLICATES
from webdata_assets.stages.dedup.across import Comparison, compare
from webdata_assets.stages.dedup.fingerprint import fingerprint_records
from webdata_assets_tests.dedup.texts import edited, similarity, text

DAY = dt.date(2026, 6, 1)
RECORDS = pl.Schema({"date": pl.Date, "source": pl.String, "record_id": pl.String, "text": pl.String})


class World:
    """Partitions as they are now, and what was found about them so far."""

    def __init__(self) -> None:
        self.partitions: dict[tuple[int, str], dict[int, str]] = {}
        self.known = NEAR_DUPLICATES.empty()
        self.compared = COMPARED_PARTITIONS.empty()

    def put(self, day: int, source: str, **texts: str) -> None:
        """Write a partition of records such as `r1="a text"`."""
        self.partitions[day, source] = {int(name[1:]): each for name, each in texts.items()}

    def records(self) -> pl.DataFrame:
        rows = [
            (DAY + dt.timedelta(days=day), source, f"{number:032x}", each)
            for (day, source), texts in self.partitions.items()
            for number, each in texts.items()
        ]
        return pl.DataFrame(rows, schema=RECORDS, orient="row")

    def compare(self) -> Comparison:
        records = self.records()
        versions = pl.DataFrame(
            [
                (
                    DAY + dt.timedelta(days=day),
                    source,
                    blake3(repr(sorted(texts.items())).encode()).hexdigest(),
                )
                for (day, source), texts in self.partitions.items()
            ],
            schema=COMPARED_PARTITIONS.polars_schema,
            orient="row",
        )
        found = compare(
            fingerprint_records(records),
            versions,
            self.known,
            self.compared,
            lambda rows: rows.join(
                records, on=["date", "source", "record_id"], how="left", maintain_order="left"
            )["text"],
        )
        NEAR_DUPLICATES.schema.validate(found.near_duplicates)
        self.known, self.compared = found.near_duplicates, versions
        return found

    def duplicates(self) -> dict[int, int]:
        self.compare()
        return {
            int(one, 16): int(other, 16)
            for one, other in self.known.select("record_id", "duplicate_of").iter_rows()
        }

    def from_nothing(self) -> pl.DataFrame:
        other = World()
        other.partitions = self.partitions
        return other.compare().near_duplicates


def test_nothing_has_no_duplicates():
    assert World().duplicates() == {}


def test_a_near_duplicate_of_another_source_and_day_is_found_with_its_similarity():
    world = World()
    original = text(1)
    world.put(0, "shop", r5=original)
    assert world.duplicates() == {}
    world.put(1, "blog", r1=edited(original, 2), r2=text(2))
    assert world.duplicates() == {1: 5}
    assert world.known["similarity"].to_list() == [similarity(original, edited(original, 2))]


def test_the_oldest_then_the_smallest_id_is_canonical_also_when_it_arrives_last():
    world = World()
    world.put(3, "shop", r1=text(1))
    world.put(2, "blog", r9=text(1), r8=text(1))
    assert world.duplicates() == {1: 8, 9: 8}
    world.put(1, "news", r7=edited(text(1), 1))
    assert world.duplicates() == {1: 7, 8: 7, 9: 7}


def test_a_record_first_seen_earlier_by_an_older_partition_becomes_canonical():
    world = World()
    world.put(2, "shop", r1=text(1))
    world.put(1, "blog", r2=text(1))
    assert world.duplicates() == {1: 2}
    world.put(0, "shop", r1=text(7))
    assert world.duplicates() == {2: 1}


def test_only_the_newest_version_of_a_record_is_compared():
    world = World()
    world.put(0, "shop", r1=text(1))
    world.put(0, "blog", r2=text(1))
    assert world.duplicates() == {2: 1}
    world.put(1, "shop", r1=text(5))
    assert world.duplicates() == {}


def test_what_only_a_lost_member_held_together_falls_apart():
    world = World()
    first = text(1)
    second = edited(first, 4, seed=1)
    third = edited(second, 4, seed=2)
    world.put(0, "shop", r1=first)
    world.put(0, "blog", r2=second)
    world.put(0, "news", r3=third)
    assert world.duplicates() == {2: 1, 3: 1}
    del world.partitions[0, "blog"]
    assert world.duplicates() == {}


def test_a_withdrawn_partition_brings_the_version_before_it_back():
    world = World()
    world.put(0, "shop", r1=text(1))
    world.put(1, "shop", r1=text(5))
    world.put(1, "blog", r2=text(1))
    assert world.duplicates() == {}
    del world.partitions[1, "shop"]
    assert world.duplicates() == {2: 1}


def test_nothing_new_compares_nothing_and_reads_no_text():
    world = World()
    world.put(0, "shop", r1=text(1), r2=text(1), r3=edited(text(1), 1))
    first = world.compare()
    second = world.compare()
    assert (second.compared, second.texts_read) == (0, 0)
    assert second.near_duplicates.equals(first.near_duplicates)


def test_only_texts_that_share_a_band_with_a_new_one_are_read():
    world = World()
    world.put(0, "shop", **{f"r{number}": text(number) for number in range(200)})
    world.compare()
    world.put(1, "blog", r300=edited(text(7), 1), r301=text(9), r302=text(999))
    found = world.compare()
    assert found.compared == 3
    assert found.texts_read == 2
    assert found.near_duplicates["similarity"].to_list() == [similarity(text(7), edited(text(7), 1)), 1.0]


def test_a_new_version_with_the_same_text_is_not_compared_again():
    world = World()
    world.put(0, "shop", r1=text(1), r2=edited(text(1), 1))
    world.compare()
    world.put(1, "shop", r2=edited(text(1), 1).upper())
    assert world.compare().compared == 0
    assert world.known.equals(world.from_nothing())


def test_a_crowd_of_the_same_phrases_gives_the_same_in_any_order():
    boilerplate = text(0, 200)
    pages = [f"{boilerplate} {text(seed, 10 + seed % 30)}" for seed in range(1, 90)]
    world = World()
    for day, first in enumerate(range(0, len(pages), 15)):
        world.put(
            9 - day, "shop", **{f"r{at}": each for at, each in enumerate(pages[first : first + 15], first)}
        )
        world.compare()
    assert world.known.equals(world.from_nothing())
    assert world.known.height > 10


TEXTS = [
    text(1),
    *(edited(text(1), edits, seed) for edits in (1, 4) for seed in (1, 2)),
    text(2),
    "two words",
]
PARTITION = st.tuples(st.integers(0, 3), st.sampled_from(["shop", "blog"]))
CONTENT = st.dictionaries(st.integers(0, 4), st.sampled_from(TEXTS), max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(PARTITION, st.none() | CONTENT, st.booleans()), max_size=8))
def test_what_is_found_bit_by_bit_is_what_a_comparison_of_all_finds(events):
    world = World()
    for (day, source), content, compare_now in events:
        if content is None:
            world.partitions.pop((day, source), None)
        else:
            # a record id belongs to one source
            world.partitions[day, source] = {
                2 * number + (source == "blog"): each for number, each in content.items()
            }
        if compare_now:
            world.compare()
    world.compare()
    assert world.known.equals(world.from_nothing())
