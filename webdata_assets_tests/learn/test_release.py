"""Which pair of index and model comes into use."""

from dataclasses import dataclass, field

import polars as pl
import pytest

from webdata_assets.schemas.release import Release as ReleaseSchema
from webdata_assets.stages.learn.release import (
    IndexState,
    NextRelease,
    newest_release,
    next_release,
    snapshots_to_keep,
)
from webdata_assets_tests.learn.releasing import (
    ENCODER,
    OTHER_ENCODER,
    decisions,
    index,
    model,
    moment,
    no_releases,
    promote,
    registry,
    rollback,
    version,
)


@dataclass
class Story:
    """A deployment's releases as they come about, each judged and passed unless said otherwise."""

    rows: pl.DataFrame = field(default_factory=no_releases)
    passed: int = 0
    models: list[dict[str, object]] = field(default_factory=list)
    decided: list[dict[str, object]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    def release(self, state: IndexState, hours: float, *, passes: bool = True) -> NextRelease:
        self.named.add(state.snapshot)
        found = next_release(
            self.rows,
            newest_release(self.rows.head(self.passed)),
            registry(*self.models),
            decisions(*self.decided),
            state,
            named=self.named,
            now=moment(hours),
        )
        self.rows = found.appended_to(self.rows, run_id="run")
        ReleaseSchema.validate(self.rows)
        if passes:
            self.passed = self.rows.height
        return found

    @property
    def pair(self) -> tuple[str, str | None]:
        newest = newest_release(self.rows)
        assert newest is not None
        return newest.index_snapshot, newest.model_version


@pytest.fixture
def story() -> Story:
    """Release 1 has no model; in release 2 the model a came with the index one; in release 3 b with two."""
    story = Story()
    story.release(index("one", 0), 1)
    story.models.append(model("a", 2))
    story.release(index("one", 0), 3)
    story.models.append(model("b", 4, parent="a"))
    story.release(index("two", 4), 5)
    return story


def test_index_and_models_come_into_use_one_after_the_other(story: Story):
    assert story.rows.select("release", "index_snapshot", "model_version", "chunks", "encoder").rows() == [
        (1, "one", None, 5, ENCODER),
        (2, "one", version("a"), 5, ENCODER),
        (3, "two", version("b"), 5, ENCODER),
    ]
    assert story.rows["reason"].to_list() == [
        "index one of 5 chunks; no model",
        f"model {version('a')[:8]} promoted: a is good",
        f"index two of 5 chunks (were 5); model {version('b')[:8]} promoted: b is good",
    ]


def test_the_same_pair_is_released_once(story: Story):
    before = story.rows
    again = story.release(index("two", 4), 6)
    assert (again.added, again.reason) == (False, "release 3 is up to date")
    assert story.rows.equals(before)


def test_a_model_that_is_not_promotable_is_not_released(story: Story):
    story.models.append(model("c", 6, parent="b", promotable=False))
    assert not story.release(index("two", 4), 7).added


def test_of_several_promotable_models_the_newest_is_released(story: Story):
    story.models += [model("d", 7, parent="b"), model("c", 6, parent="b")]
    story.release(index("two", 4), 8)
    assert story.pair == ("two", version("d"))


def test_a_model_that_was_compared_with_an_earlier_champion_is_not_released(story: Story):
    story.models.append(model("c", 6, parent="a"))
    assert not story.release(index("two", 4), 7).added


def test_a_release_that_was_written_and_not_judged_is_found_again(story: Story):
    story.models.append(model("c", 6, parent="b"))
    story.release(index("three", 6), 7, passes=False)
    again = story.release(index("three", 6), 8)
    assert (again.added, story.rows.height) == (False, 4)


def test_a_release_that_failed_its_checks_is_followed_by_the_one_before_it(story: Story):
    story.models.append(model("c", 6, parent="b"))
    story.release(index("three", 6), 7, passes=False)
    story.models.pop()
    again = story.release(index("two", 4), 8)
    assert again.added
    assert again.reason == "the pair in use once more"
    assert story.pair == ("two", version("b"))


def test_a_promotion_by_a_person_leaves_the_index_and_lasts(story: Story):
    story.decided.append(promote("a", 6, left="b"))
    found = story.release(index("two", 4), 7)
    assert story.pair == ("two", version("a"))
    assert found.reason == f"model {version('a')[:8]} promoted by ann"
    assert not story.release(index("two", 4), 8).added
    story.release(index("three", 9), 10)
    assert story.pair == ("three", version("a"))


def test_a_decision_whose_release_was_not_judged_still_counts(story: Story):
    story.decided.append(promote("a", 6, left="b"))
    story.release(index("two", 4), 7, passes=False)
    assert not story.release(index("two", 4), 8).added
    assert story.pair == ("two", version("a"))


def test_a_model_trained_after_a_persons_promotion_replaces_it(story: Story):
    story.decided.append(promote("a", 6, left="b"))
    story.release(index("two", 4), 7)
    story.models.append(model("c", 8, parent="a"))
    story.release(index("two", 4), 9)
    assert story.pair == ("two", version("c"))
    assert not story.release(index("two", 4), 10).added


def test_a_rollback_takes_model_and_index_back_together_and_lasts(story: Story):
    story.decided.append(rollback("a", "one", 6, left="b", left_snapshot="two"))
    found = story.release(index("two", 4), 7)
    assert story.pair == ("one", version("a"))
    assert found.reason == f"index one of 5 chunks (were 5); model {version('a')[:8]} rolled back to by ann"
    for hours in (8, 9):
        # published again with the same content: the state that was left has the same name
        assert not story.release(index("two", hours), hours).added


def test_an_index_that_was_written_before_a_rollback_does_not_come_by_itself(story: Story):
    story.decided.append(rollback("a", "one", 6, left="b", left_snapshot="two"))
    story.release(index("three", 5.5), 7)
    assert story.pair == ("one", version("a"))


def test_what_is_newer_than_a_rollback_comes_into_use(story: Story):
    story.decided.append(rollback("a", "one", 6, left="b", left_snapshot="two"))
    story.release(index("two", 4), 7)
    story.release(index("three", 8), 9)
    assert story.pair == ("three", version("a"))
    story.models.append(model("c", 10, parent="a"))
    story.release(index("three", 8), 11)
    assert story.pair == ("three", version("c"))
    # the rollback is over: content that was left may come again
    story.release(index("two", 12), 13)
    assert story.pair == ("two", version("c"))


def test_a_second_rollback_does_not_bring_back_what_the_first_one_left(story: Story):
    story.models.append(model("c", 6, parent="b"))
    story.release(index("three", 6), 7)
    story.decided.append(rollback("b", "two", 8, left="c", left_snapshot="three"))
    story.release(index("three", 6), 9)
    story.decided.append(rollback("a", "one", 10, left="b", left_snapshot="two"))
    for hours in (11, 12):
        story.release(index("three", hours), hours)
        assert story.pair == ("one", version("a"))


def test_a_promotion_after_a_rollback_leaves_the_index_rolled_back(story: Story):
    story.decided.append(rollback("a", "one", 6, left="b", left_snapshot="two"))
    story.release(index("two", 4), 7)
    story.decided.append(promote("b", 8, left="a"))
    story.release(index("two", 4), 9)
    assert story.pair == ("one", version("b"))


def test_a_rollback_to_a_release_without_a_model(story: Story):
    story.decided.append(rollback(None, "one", 6, left="b", left_snapshot="two"))
    found = story.release(index("two", 4), 7)
    assert story.pair == ("one", None)
    assert found.reason == "index one of 5 chunks (were 5); no model (rolled back to by ann)"
    assert not story.release(index("two", 4), 8).added


def test_a_rollback_to_a_state_that_is_no_more_leaves_the_index(story: Story):
    story.decided.append(rollback("a", "one", 6, left="b", left_snapshot="two"))
    story.named.remove("one")
    story.release(index("two", 4), 7)
    assert story.pair == ("two", version("a"))


def test_an_index_of_another_encoder_waits_for_a_model_that_reads_it(story: Story):
    held = story.release(index("three", 6, OTHER_ENCODER), 7)
    assert not held.added
    assert held.reason.startswith("the pair in use stays whole: the index's vectors are of tiny@2")
    story.models.append(model("c", 8, parent="b", encoder=OTHER_ENCODER, promotable=False))
    assert not story.release(index("three", 6, OTHER_ENCODER), 9).added
    story.models.append(model("d", 10, parent="b", encoder=OTHER_ENCODER))
    story.release(index("three", 6, OTHER_ENCODER), 11)
    assert story.pair == ("three", version("d"))
    assert story.rows["encoder"].to_list()[-1] == OTHER_ENCODER


def test_a_model_of_another_encoder_waits_for_an_index_that_it_reads(story: Story):
    story.models.append(model("c", 6, parent="b", encoder=OTHER_ENCODER))
    assert not story.release(index("two", 4), 7).added
    story.release(index("three", 8, OTHER_ENCODER), 9)
    assert story.pair == ("three", version("c"))


def test_a_rollback_holds_while_the_newest_index_is_of_another_encoder(story: Story):
    story.release(index("three", 6, OTHER_ENCODER), 7)
    story.decided.append(rollback("a", "one", 8, left="b", left_snapshot="two"))
    for hours in (9, 10):
        story.release(index("three", hours, OTHER_ENCODER), hours)
        assert story.pair == ("one", version("a"))


def test_without_any_model_an_index_of_another_encoder_is_released():
    story = Story()
    story.release(index("one", 0), 1)
    story.release(index("two", 2, OTHER_ENCODER), 3)
    assert story.pair == ("two", None)


def test_an_empty_index_goes_with_any_model(story: Story):
    story.release(index("none", 6, encoder=None, chunks=0), 7)
    assert story.pair == ("none", version("b"))


def test_releases_are_in_the_order_of_their_moments_when_a_clock_is_set_back(story: Story):
    story.release(index("three", 6), 0)
    assert story.rows["released_at"].is_sorted()
    assert story.rows["released_at"].n_unique() == story.rows.height


def test_the_states_of_the_last_releases_and_of_the_one_in_use_are_kept(story: Story):
    first = newest_release(story.rows.head(1))
    assert snapshots_to_keep(story.rows, releases=1) == {"two"}
    assert snapshots_to_keep(story.rows, first, None, releases=1) == {"one", "two"}
    assert snapshots_to_keep(no_releases(), releases=1) == set()
