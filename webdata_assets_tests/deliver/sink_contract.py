"""What every sink keeps, whatever it writes to: one suite, made into tests by a class per sink.

What belongs here: promises of the `Sink` protocol, proven on a real target. What does not: what one target
does in its own way (its own test file).

A test file says how its sink is made, by a function of the module, so that other processes make it too:

    def parquet(address: str, shape: Shape) -> Sink:
        return FilesSink(address, shape, format="parquet")

    class TestParquet(SinkContract):
        make = staticmethod(parquet)

        @pytest.fixture
        def address(self, tmp_path):
            return str(tmp_path / "target")

        def spoil(self, monkeypatch, address):
            ...  # until the test ends, the target does not keep what it is sent
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain
from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.sink import ROW_HASH, MismatchError, OvertakenError, Shape, Sink
from webdata_assets_tests.deliver.sink_rows import (
    WIDE,
    any_rows,
    deliver,
    delivery,
    files,
    frame,
    numbered,
    without,
)
from webdata_assets_tests.deliver.sink_workers import Make, Worker, deliver_at, deliver_for_ever

__all__ = [
    "WIDE",
    "SinkContract",
    "deliver",
    "delivery",
    "files",
    "frame",
    "numbered",
    "short_story",
]


def short_story(sink: Sink) -> None:
    """The suite in a few deliveries, beside the whole one where that takes long."""
    deliver(sink, numbered(20), 1)
    wanted = pl.concat([numbered(1, first=3, title="New 'title'"), numbered(20, first=5)])
    result = deliver(sink, wanted, 3)
    assert (result.rows, result.inserted, result.updated, result.deleted) == (21, 5, 1, 4)
    again = deliver(sink, wanted, 3)
    assert (again.inserted, again.updated, again.deleted) == (0, 0, 0)
    with pytest.raises(OvertakenError):
        deliver(sink, numbered(5), 2)
    assert sink.read().equals(wanted)


class SinkContract:
    """The suite. A subclass says how its sink is made, where it is, and how it is kept from keeping rows."""

    make: ClassVar[Make]
    shape: ClassVar[Shape] = WIDE
    examples: ClassVar[int] = 12
    """Of hypothesis: fewer where a delivery takes long."""
    values: ClassVar[Mapping[str, st.SearchStrategy[Any]]] = {}
    """Of columns of which the target cannot keep every value, and says so."""
    kills: ClassVar[int] = 3
    rows: ClassVar[int] = 400
    """Of a delivery that races, or is killed."""
    supersedes: ClassVar[bool] = True
    """Whether an older delivery, finding a newer one, raises OvertakenError."""
    atomic: ClassVar[bool] = True
    """Whether readers see the old or the new state only."""

    @pytest.fixture
    def address(self) -> str:
        """A target that does not exist yet."""
        raise NotImplementedError

    def spoil(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        """From now on the target does not keep what it is sent; undone when the test ends."""
        raise NotImplementedError

    def snapshot(self, address: str) -> object:
        """What must stay as it is when the same delivery comes again; files and their times, versions."""
        return None

    def sink(self, address: str) -> Sink:
        """The sink, opened anew."""
        return type(self).make(address, self.shape)

    def state(self, count: int, **given: Any) -> pl.DataFrame:
        """A state of numbered rows in this sink's shape."""
        return numbered(count, shape=self.shape, **given)

    def test_a_target_that_was_never_written_reads_as_empty(self, address: str) -> None:
        assert self.sink(address).read().equals(self.shape.empty())

    def test_the_first_merge_inserts_every_row(self, address: str) -> None:
        rows = self.state(20)
        result = deliver(self.sink(address), rows, 1)
        assert (result.rows, result.inserted, result.updated, result.deleted) == (20, 20, 0, 0)
        assert result.content_hash == hash_of(rows, self.shape)
        assert self.sink(address).read().equals(rows)

    def test_changed_new_and_vanished_rows_are_merged(self, address: str) -> None:
        deliver(self.sink(address), self.state(20), 1)
        wanted = pl.concat([self.state(1, first=3, title="New 'title'"), self.state(20, first=5)])
        result = deliver(self.sink(address), wanted, 2)
        assert (result.rows, result.inserted, result.updated, result.deleted) == (21, 5, 1, 4)
        assert result.content_hash == hash_of(wanted, self.shape)
        assert self.sink(address).read().equals(wanted)

    def test_no_rows_empty_the_target(self, address: str) -> None:
        assert deliver(self.sink(address), self.state(0), 1).rows == 0
        deliver(self.sink(address), self.state(20), 2)
        result = deliver(self.sink(address), self.state(0), 3)
        assert (result.rows, result.deleted) == (0, 20)
        assert self.sink(address).read().equals(self.shape.empty())

    def test_three_launches_of_one_delivery_change_the_target_once(self, address: str) -> None:
        rows = self.state(20)
        deliver(self.sink(address), rows, 4)
        before = self.snapshot(address)
        for _ in range(2):
            again = deliver(self.sink(address), rows.reverse(), 4)
            assert (again.rows, again.inserted, again.updated, again.deleted) == (20, 0, 0, 0)
            assert again.content_hash == hash_of(rows, self.shape)
        assert self.snapshot(address) == before
        assert self.sink(address).read().equals(rows)

    def test_rows_come_back_as_they_were_sent(self, address: str) -> None:
        sequences = iter(range(1, 1_000_000))

        @settings(
            max_examples=self.examples,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
            database=None,
            deadline=None,
        )
        @given(rows=any_rows(self.values))
        def check(rows: list[dict[str, Any]]) -> None:
            known = [
                {name: value for name, value in row.items() if name in self.shape.schema} for row in rows
            ]
            wanted = frame(known, self.shape)
            result = deliver(self.sink(address), wanted, next(sequences))
            held = self.sink(address).read()
            assert result.content_hash == hash_of(wanted, self.shape) == hash_of(held, self.shape)
            assert held.sort(self.shape.key).equals(wanted.sort(self.shape.key))

        check()

    def test_an_older_delivery_changes_nothing(self, address: str) -> None:
        rows = self.state(20)
        deliver(self.sink(address), rows, 7)
        before = self.snapshot(address)
        with pytest.raises(OvertakenError, match="newer delivery 7") as caught:
            deliver(self.sink(address), self.state(5), 6)
        assert caught.value.failure_domain is FailureDomain.SINK
        assert self.snapshot(address) == before
        assert self.sink(address).read().equals(rows)

    def test_a_newer_delivery_of_the_same_rows_is_remembered(self, address: str) -> None:
        rows = self.state(20)
        deliver(self.sink(address), rows, 5)
        again = deliver(self.sink(address), rows, 7)
        assert (again.inserted, again.updated, again.deleted) == (0, 0, 0)
        with pytest.raises(OvertakenError):
            deliver(self.sink(address), self.state(5), 6)
        assert self.sink(address).read().equals(rows)

    def test_another_state_of_the_same_sequence_takes_its_place(self, address: str) -> None:
        deliver(self.sink(address), self.state(20), 5)
        deliver(self.sink(address), self.state(10), 5)
        assert self.sink(address).read().equals(self.state(10))

    def test_a_new_column_comes_to_rows_that_are_there(self, address: str) -> None:
        *_, name = (name for name in self.shape.schema if name not in (self.shape.key, ROW_HASH))
        narrow = without(name, shape=self.shape)
        deliver(type(self).make(address, narrow), numbered(5, shape=narrow), 1)
        before = self.sink(address).read()
        assert before.drop(ROW_HASH).equals(
            numbered(5, shape=self.shape).with_columns(pl.lit(None).alias(name)).drop(ROW_HASH)
        )
        result = deliver(self.sink(address), self.state(7), 2)
        assert (result.inserted, result.updated) == (2, 5)
        assert self.sink(address).read().equals(self.state(7))

    def test_what_the_target_does_not_keep_is_taken_back(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deliver(self.sink(address), self.state(20), 1)
        with monkeypatch.context() as patch:
            self.spoil(patch, address)
            with pytest.raises(MismatchError) as caught:
                deliver(self.sink(address), self.state(30, title="New"), 2)
        assert caught.value.failure_domain is FailureDomain.SINK
        assert self.sink(address).read().equals(self.state(20))
        deliver(self.sink(address), self.state(25), 2)
        assert self.sink(address).read().equals(self.state(25))

    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda rows: pl.concat([rows, rows]), "occurs twice"),
            (lambda rows: rows.drop("title"), "have the schema"),
        ],
        ids=["twice", "schema"],
    )
    def test_rows_that_cannot_be_merged_by_key_are_refused(
        self, address: str, spoil: Callable[[pl.DataFrame], pl.DataFrame], message: str
    ) -> None:
        rows = self.state(3)
        with pytest.raises(ValueError, match=message):
            self.sink(address).merge(spoil(rows), delivery(rows, 1, shape=self.shape))

    def test_of_two_deliveries_at_once_the_newer_stays(self, address: str) -> None:
        deliver(self.sink(address), self.state(self.rows), 1)
        for sequence in (10, 20):
            at = time.time() + 1.5
            older, newer = (
                self._start(address, count, sequence + place, at)
                for place, count in enumerate((self.rows // 2, self.rows + 20))
            )
            assert older.wait() in {None, "OvertakenError"}
            assert newer.wait() is None
            assert self.sink(address).read().equals(self.state(self.rows + 20))

    def test_one_delivery_launched_twice_at_once_arrives_once(self, address: str) -> None:
        at = time.time() + 1.5
        racers = [self._start(address, self.rows, 3, at) for _ in range(2)]
        assert [racer.wait() for racer in racers] == [None, None]
        assert self.sink(address).read().equals(self.state(self.rows))

    def test_a_kill_at_any_moment_leaves_the_old_or_the_new_state(self, address: str) -> None:
        deliver(self.sink(address), self.state(self.rows), 1)
        allowed = {hash_of(self.state(count), self.shape) for count in (self.rows, self.rows // 2)}
        moments = random.Random(5)
        for number in range(self.kills):
            worker = Worker(
                deliver_for_ever, type(self).make, address, self.shape, self.rows, 100 * (number + 1)
            )
            assert worker.ready()
            time.sleep(moments.uniform(0.02, 0.5))
            worker.kill()
            if self.atomic:
                assert hash_of(self.sink(address).read(), self.shape) in allowed
        deliver(self.sink(address), self.state(33), 1_000_000)
        assert self.sink(address).read().equals(self.state(33))

    def test_readers_see_the_old_or_the_new_state(self, address: str) -> None:
        if not self.atomic:
            pytest.skip("this target has no readers of its own")
        states = [self.state(self.rows), self.state(self.rows // 2, title="Other")]
        allowed = {hash_of(rows, self.shape) for rows in states}
        deliver(self.sink(address), states[0], 1)
        seen: list[str] = []
        met: list[BaseException] = []
        done = threading.Event()

        def look() -> None:
            try:
                while not done.is_set():
                    seen.append(hash_of(self.sink(address).read(), self.shape))
            except BaseException as error:
                met.append(error)
                raise

        reader = threading.Thread(target=look)
        reader.start()
        try:
            for sequence in range(2, 10):
                deliver(self.sink(address), states[sequence % 2], sequence)
        finally:
            done.set()
            reader.join()
        assert met == []
        assert len(seen) > 1
        assert set(seen) <= allowed

    def _start(self, address: str, count: int, sequence: int, at: float) -> "Worker":
        return Worker(deliver_at, type(self).make, address, self.shape, count, sequence, at)
