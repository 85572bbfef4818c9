"""The corpus: newest version of each record, tombstones, duplicates, and no trace of the order of rows."""

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.near_duplicates import COMPARED_PARTITIONS, NEAR_DUPLICATES
from webdata_assets.stages.corpus.corpus import build_corpus
from webdata_assets.stages.dedup.across import compare
from webdata_assets.stages.dedup.fingerprint import fingerprint_records
from webdata_assets_tests.dedup.texts import edited, similarity, text
from webdata_assets_tests.store.rows import BLOG, DAY, SHOP, frame, row

CORPUS = TABLES["corpus"]


def day(number, source="shop"):
    return Partition(DAY + dt.timedelta(days=number), source)


def record(partition=SHOP, number=0, **values):
    return row("records", partition, number, **values)


def page(partition=SHOP, number=0, outcome="fetched", **values):
    return row("pages", partition, number, outcome=outcome, **values)


def compared(records):
    """Return the near-duplicates among all records, as they were before any page was gone."""
    fingerprints = fingerprint_records(frame("records", *records)).filter(pl.col("shingles") > 0)
    partitions = fingerprints.select("date", "source", data_version=pl.lit("0" * 64)).unique()
    texts = frame("records", *records).select("date", "source", "record_id", "text")
    key = ["date", "source", "record_id"]
    return compare(
        fingerprints,
        partitions,
        NEAR_DUPLICATES.empty(),
        COMPARED_PARTITIONS.empty(),
        lambda rows: rows.join(texts, on=key, how="left", maintain_order="left")["text"],
    ).near_duplicates


def corpus_of(records, pages=()):
    rows = build_corpus(frame("records", *records).lazy(), frame("pages", *pages).lazy(), compared(records))
    assert rows.schema == CORPUS.polars_schema
    return rows


def one(records, pages=()):
    rows = corpus_of(records, pages)
    assert rows.height == 1
    return rows.row(0, named=True)


def test_nothing_gives_an_empty_corpus():
    assert corpus_of([]).equals(CORPUS.empty())


def test_a_record_is_live_and_keeps_its_fields():
    found = one([record(price=5, currency="EUR", category="garden")], [page()])
    assert (found["state"], found["gone_on"], found["duplicate_of"]) == ("live", None, None)
    assert (found["date"], found["category"], float(found["price"])) == (DAY, "garden", 5.0)


def test_the_newest_version_of_a_record_wins():
    versions = [record(day(number), title=f"Version {number}") for number in (1, 3, 2)]
    found = one(versions)
    assert (found["title"], found["date"]) == ("Version 3", day(3).date)


def test_a_field_that_the_newest_version_lacks_is_not_taken_from_an_older_one():
    found = one([record(price=5, currency="EUR"), record(day(1))])
    assert (found["price"], found["currency"]) == (None, None)


def test_a_record_whose_page_is_gone_becomes_a_tombstone():
    found = one([record()], [page(), page(day(2), outcome="gone")])
    assert (found["state"], found["gone_on"]) == ("gone", day(2).date)


def test_a_page_that_came_back_makes_its_record_live_again():
    found = one([record(), record(day(2))], [page(), page(day(1), outcome="gone"), page(day(2))])
    assert found["state"] == "live"


def test_a_page_that_is_unchanged_or_failed_leaves_its_record_live():
    for outcome in ("unchanged", "failed", "skipped"):
        assert one([record()], [page(), page(day(1), outcome=outcome)])["state"] == "live"


def test_a_page_gone_before_the_record_was_extracted_does_not_bury_it():
    found = one([record(day(3))], [page(day(1), outcome="gone")])
    assert (found["state"], found["gone_on"]) == ("live", None)


def test_a_page_of_another_source_does_not_bury_a_record():
    gone = page(day(1, "blog"), outcome="gone", url="https://shop.example.com/0")
    assert one([record()], [gone])["state"] == "live"


def test_all_records_of_a_gone_page_become_tombstones():
    url = "https://shop.example.com/list"
    records = [record(number=number, url=url, ordinal=number) for number in range(3)]
    rows = corpus_of(records, [page(day(1), outcome="gone", url=url)])
    assert rows["state"].to_list() == ["gone"] * 3


def duplicates(records, pages=()):
    return {
        int(record_id, 16): duplicate and int(duplicate, 16)
        for record_id, duplicate in corpus_of(records, pages).select("record_id", "duplicate_of").iter_rows()
    }


def test_the_same_text_in_two_sources_is_one_cluster():
    assert duplicates([record(SHOP, 1, text="Same"), record(BLOG, 2, text="Same")]) == {1: None, 2: 1}


def test_case_and_white_space_do_not_tell_texts_apart():
    records = [
        record(number=1, text="One  Two\n"),
        record(number=2, text=" one two"),
        record(number=3, text="onetwo"),
    ]
    assert duplicates(records) == {1: None, 2: 1, 3: None}


def test_the_record_first_seen_is_canonical_also_after_a_new_version():
    records = [record(number=9, text="same"), record(day(1), 1, text="same"), record(day(2), 9, text="same")]
    assert duplicates(records) == {1: 9, 9: None}


def test_records_first_seen_on_one_date_are_ordered_by_id():
    assert duplicates([record(BLOG, 2, text="same"), record(SHOP, 1, text="same")]) == {1: None, 2: 1}


def test_a_tombstone_neither_leads_a_cluster_nor_belongs_to_one():
    records = [record(number=number, text="same") for number in (1, 2, 3)]
    assert duplicates(records, [page(day(1), 1, outcome="gone")]) == {1: None, 2: None, 3: 2}


def test_a_nearly_equal_text_of_another_source_is_a_duplicate_with_its_similarity():
    records = [record(SHOP, 1, text=text(1)), record(BLOG, 2, text=edited(text(1), 2))]
    rows = corpus_of(records)
    assert rows["duplicate_of"].to_list() == [None, f"{1:032x}"]
    assert rows["similarity"].to_list() == [None, similarity(text(1), edited(text(1), 2))]


def test_where_the_canonical_record_is_gone_the_rest_is_compared_anew():
    first = text(1)
    second, third = edited(first, 4, seed=1), edited(first, 4, seed=2)
    assert similarity(second, third) < 0.8
    records = [record(number=at, text=each) for at, each in enumerate([first, second, third, second], 1)]
    gone = page(day(1), 1, outcome="gone")
    assert duplicates(records) == {1: None, 2: 1, 3: 1, 4: 1}
    assert duplicates(records, [gone]) == {1: None, 2: None, 3: None, 4: 2}


def test_a_record_that_is_not_admitted_any_more_leads_no_cluster():
    records = [record(number=number, text="same") for number in (1, 2, 3)]
    found = build_corpus(frame("records", *records[1:]).lazy(), frame("pages").lazy(), compared(records))
    assert found["duplicate_of"].to_list() == [None, f"{2:032x}"]


def test_records_without_a_text_are_no_duplicates_of_each_other():
    assert duplicates([record(number=number, text=None) for number in (1, 2)]) == {1: None, 2: None}


def test_what_was_a_duplicate_within_its_partition_is_judged_anew():
    found = one([record(number=2, duplicate_of=f"{1:032x}")])
    assert found["duplicate_of"] is None


RECORDS = st.lists(
    st.builds(
        lambda at, number, source, text: record(day(at, source), number, text=text),
        st.integers(0, 3), st.integers(0, 4), st.sampled_from(["shop", "blog"]),
        st.sampled_from([None, "a text", "A  text", "other"]),
    ),
    max_size=12,
    unique_by=lambda each: (each["date"], each["record_id"]),
)  # fmt: skip
PAGES = st.lists(
    st.builds(
        lambda at, number, source, outcome: page(day(at, source), number, outcome),
        st.integers(0, 3), st.integers(0, 4), st.sampled_from(["shop", "blog"]),
        st.sampled_from(["fetched", "unchanged", "gone", "failed"]),
    ),
    max_size=12,
    unique_by=lambda each: (each["date"], each["url"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(RECORDS, PAGES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_count_and_every_rule_holds(records, pages, random):
    rows = corpus_of(records, pages)
    random.shuffle(records)
    random.shuffle(pages)
    assert corpus_of(records, pages).equals(rows)
    CORPUS.schema.validate(rows)
    assert set(rows["record_id"]) == {each["record_id"] for each in records}
    assert rows["record_id"].is_sorted()
    assert rows["record_id"].is_unique().all()
    canonical = rows.filter(pl.col("duplicate_of").is_null() & (pl.col("state") == "live"))["record_id"]
    assert set(rows["duplicate_of"].drop_nulls()) <= set(canonical)
