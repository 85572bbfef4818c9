"""Recall against brute force."""

from dataclasses import dataclass, replace

import polars as pl
import pytest

from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.index.recall import admits, recall_at_10
from webdata_assets_tests.index.many import EVERYTHING, chunks


@dataclass(frozen=True)
class Held:
    """A snapshot that finds some of the true nearest only."""

    frame: pl.DataFrame
    finds: int = 10
    ignores_filters: bool = False

    def rows(self, columns):
        return self.frame.select(columns)

    def nearest(self, vector, limit, where):
        frame = self.frame if self.ignores_filters else self.frame.filter(admits(where))
        similarity = pl.Series(vector_matrix(frame["vector"]) @ vector)
        return frame.with_columns(similarity=similarity).sort("similarity", descending=True).head(
            min(limit, self.finds)
        )  # fmt: skip


@pytest.mark.parametrize("finds", [10, 7, 0])
def test_recall_is_the_share_of_the_true_ten_that_was_found(finds):
    assert recall_at_10(Held(chunks(200), finds), 20) == pytest.approx(finds / 10)


def test_recall_within_a_filter_counts_what_the_filter_lets_through():
    blog = replace(EVERYTHING, sources=("blog",))
    assert recall_at_10(Held(chunks(200)), 20, blog) == 1.0
    assert recall_at_10(Held(chunks(200), ignores_filters=True), 20, blog) < 0.9


def test_fewer_than_ten_chunks_can_all_be_found():
    assert recall_at_10(Held(chunks(4)), 20) == 1.0


def test_nothing_to_find_is_all_found():
    assert recall_at_10(Held(chunks(0)), 20) == 1.0
    assert recall_at_10(Held(chunks(9), finds=0), 20, replace(EVERYTHING, sources=())) == 1.0


def test_chunks_of_equal_vectors_are_all_right_answers():
    same = pl.concat([chunks(30).with_columns(chunk_id=pl.col("chunk_id") + f"-{copy}") for copy in range(3)])
    assert recall_at_10(Held(same.reverse()), 20) == 1.0
