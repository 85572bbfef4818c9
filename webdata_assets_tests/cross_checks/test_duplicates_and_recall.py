"""Near-duplicates and the recall of the index, by comparing everything with everything."""

import datetime as dt
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.dedup import duplicates_within
from webdata_assets.stages.dedup.fingerprint import SIMILARITY
from webdata_assets.stages.index.recall import EVERYTHING, recall_at_10
from webdata_assets_tests.cross_checks.deduplicating import alike, clusters
from webdata_assets_tests.cross_checks.reading import rows_of
from webdata_assets_tests.cross_checks.recalling import nearest
from webdata_assets_tests.dedup.texts import edited, records, text
from webdata_assets_tests.deployment import Deployment

QUERIES = 12


def test_the_corpus_names_every_text_that_is_like_another(troubled: Deployment):
    live = {row["record_id"]: row for row in rows_of(troubled.store, "corpus") if row["state"] == "live"}
    first_seen: dict[str, dt.date] = {}
    for row in rows_of(troubled.store, "records"):
        first_seen[row["record_id"]] = min(row["date"], first_seen.get(row["record_id"], row["date"]))
    pairs = alike({name: row["text"] for name, row in live.items() if row["text"]})
    expected = {}
    for name, members in clusters(pairs, SIMILARITY).items():
        first = min(members, key=lambda member: (first_seen[member], member))
        if first != name:
            expected[name] = first
    assert {name: row["duplicate_of"] for name, row in live.items() if row["duplicate_of"]} == expected
    assert len(expected) > 5


@settings(max_examples=15)
@given(st.data())
def test_clusters_of_random_texts_are_those_of_all_pairs(data: st.DataObject):
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    texts = [text(chance.randrange(10**6), chance.choice([3, 8, 40, 120])) for _ in range(6)]
    for _ in range(data.draw(st.integers(0, 12))):
        original = chance.choice(texts)
        texts.append(edited(original, min(chance.randrange(6), len(original.split())), chance.randrange(99)))
    given_rows = records(*texts)
    ids = given_rows["record_id"].to_list()
    pairs = alike(dict(zip(ids, texts, strict=True)))
    within = clusters(pairs, SIMILARITY)
    found = list(duplicates_within(given_rows, SIMILARITY).iter_rows())
    for one, other, similarity in found:
        assert other in within[one]
        assert other < one
        assert similarity == pytest.approx(pairs.get((other, one), 0.0))
    stands_for = {name: name for name in ids} | {one: other for one, other, _ in found}
    # MinHash may overlook two that are only just alike
    for (one, other), similarity in pairs.items():
        assert similarity < 0.9 or stands_for[one] == stands_for[other]


def test_recall_is_that_of_comparing_with_every_vector(troubled: Deployment):
    snapshot = troubled.store.index("").at()
    vectors = dict(snapshot.rows(["chunk_id", "vector"]).iter_rows())
    ids = list(vectors)
    right = 0
    for number in range(QUERIES):
        wanted = vectors[ids[number * (len(ids) - 1) // (QUERIES - 1)]]
        answer = snapshot.nearest(np.array(wanted, dtype=np.float32), 10, EVERYTHING)["chunk_id"]
        right += len(set(answer) & set(nearest(vectors, wanted, 10)))
    assert right / (10 * QUERIES) == recall_at_10(snapshot, QUERIES)
    assert len(ids) > 20
