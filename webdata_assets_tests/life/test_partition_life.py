"""Whatever happens to partitions, in any order: readers and sinks hold what the promises say.

Real runs of the real assets, against a model of plain dictionaries. `make soak` takes many steps,
`PARTITION_LIFE_STEPS` says how many.
"""

import contextlib
import itertools
import os
import random
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

import dagster as dg
import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store.tables import Tables
from webdata_assets_tests.life.deployment import (
    CRAWLED,
    LAYOUTS,
    NUMBERS,
    PARTITIONS,
    PUBLISHED,
    REPLAYED,
    SINKS,
    SOURCES,
    Life,
)
from webdata_assets_tests.life.model import Model, Records
from webdata_assets_tests.site.server import FaultServer

RECORDS = TABLES["records"]
STEPS_OF_A_LIFE = 80
STEPS_IN_SUITE = 15
_PARTITION = {"partition": PARTITIONS}
_SOURCE = {"source": SOURCES}
_AMONG = {"which": range(100)}
_TIMES = {"times": [1, 1, 2]}
_TROUBLES = ["", "", "", "a page fails", "a page is gone", "broken down"]
STEPS: Mapping[str, tuple[int, Mapping[str, Sequence[Any]]]] = {
    "the_site_changes": (3, {**_PARTITION, "layout": LAYOUTS, "trouble": _TROUBLES}),
    "the_parser_is_patched": (1, {**_SOURCE, "parser": LAYOUTS}),
    "other_things_are_expected": (5, {**_SOURCE, "strict": [False, False, True]}),
    "crawl": (6, _PARTITION),
    "a_crawl_dies": (1, _PARTITION),
    "replay": (3, _PARTITION),
    "a_replay_dies": (1, _PARTITION),
    "judge": (1, _AMONG),
    "roll_back": (3, _AMONG),
    "publish": (4, _TIMES),
    "deliver": (5, _TIMES),
}
"""What may happen: how often, in relation, and the arguments to choose from."""


@contextlib.contextmanager
def dying_at(table: str) -> Iterator[None]:
    """Let every write of a table end after it was entered and before it is committed."""
    overwrite = Tables.overwrite

    def dying(self: Tables, written, *arguments, **keywords):
        if written.name == table:
            raise KeyboardInterrupt("killed")
        return overwrite(self, written, *arguments, **keywords)

    with mock.patch.object(Tables, "overwrite", dying):
        yield


class PartitionLife(RuleBasedStateMachine):
    """Two sources with two dates: every step changes the world, or runs something, and all is compared."""

    @initialize(seed=st.integers(0, 2**32 - 1))
    def begin(self, seed: int) -> None:
        # evenly chosen: hypothesis prefers steps that it took before, and what needs four kinds of them to go
        # wrong would be rare
        self.chance = random.Random(seed)
        self.open = contextlib.ExitStack()
        instance = self.open.enter_context(dg.DagsterInstance.ephemeral())
        self.life = Life.begin(instance, self.open.enter_context(FaultServer()))
        self.model = Model()
        self.history: list[tuple[Partition, int, str, dict[int, str | None]]] = []

    @rule()
    def something_happens(self) -> None:
        [name] = self.chance.choices(list(STEPS), [weight for weight, _ in STEPS.values()])
        arguments = {argument: self.chance.choice(options) for argument, options in STEPS[name][1].items()}
        note(f"{name}: {arguments}")
        getattr(self, name)(**arguments)

    def the_site_changes(self, partition: Partition, layout: str, trouble: str) -> None:
        self.life.show(
            partition,
            version=self.life.shown[partition].version + 1,
            layout=layout,
            failing=frozenset({1} if trouble == "a page fails" else ()),
            gone=frozenset({2} if trouble == "a page is gone" else ()),
            down_from=1 if trouble == "broken down" else len(NUMBERS),
        )

    def the_parser_is_patched(self, source: str, parser: str) -> None:
        self.life.declare(source, replace(self.life.declared[source], parser=parser))

    def other_things_are_expected(self, source: str, strict: bool) -> None:
        declared = replace(self.life.declared[source], strict=strict)
        self.life.declare(source, declared)
        for partition in self._judged():
            if partition.source == source:
                self._judge(partition)

    def crawl(self, partition: Partition) -> None:
        shown, declared = self.life.shown[partition], self.life.declared[partition.source]
        asked = self.model.asked(partition, shown)
        expected = self.model.crawl(partition, shown, declared)
        assert self.life.materialize(CRAWLED, partition) is expected, self.life.why_failed
        self._note(partition, written=self.model.pages[partition].admitted)
        self._check_requests(partition, *asked)

    def a_crawl_dies(self, partition: Partition) -> None:
        shown = self.life.shown[partition]
        asked = self.model.asked(partition, shown)
        self.model.die_before_pages(partition, shown)
        with dying_at("pages"):
            assert not self._materialize_dying(CRAWLED, partition)
        self._check_requests(partition, *asked)

    def replay(self, partition: Partition) -> None:
        expected = self.model.replay(partition, self.life.declared[partition.source])
        assert self.life.materialize(REPLAYED, partition) is expected, self.life.why_failed
        self._note(partition, written=Model.is_admitted(self.model.pages, partition))
        assert self.life.requests() == []

    def a_replay_dies(self, partition: Partition) -> None:
        self.model.die_before_records(partition)
        with dying_at("records"):
            assert not self._materialize_dying(REPLAYED, partition)
        assert self.life.requests() == []

    def judge(self, which: int) -> None:
        if judged := self._judged():
            self._judge(judged[which % len(judged)])

    def roll_back(self, which: int) -> None:
        if not self.history:
            return
        # the newest writes more often than the oldest
        partition, version, content, titles = self.history[-1 - which % min(len(self.history), 8)]
        self.life.roll_back(partition, version)
        self.model.records[partition] = Records(titles, self.model.passed[partition, content])
        self._note(partition, written=True)

    def publish(self, times: int) -> None:
        self.model.publish()
        for _ in range(times):
            assert self.life.materialize(PUBLISHED), self.life.why_failed
        assert self.life.requests() == []

    def deliver(self, times: int) -> None:
        self.model.deliver()
        for _ in range(times):
            assert self.life.materialize(["delivery"]), self.life.why_failed

    @invariant()
    def what_is_admitted_is_what_the_model_says(self) -> None:
        for layer, expected in (("pages", self.model.pages), ("records", self.model.records)):
            found = self.life.admitted(layer)
            assert found == {partition: state.admitted for partition, state in expected.items()}, layer

    @invariant()
    def readers_get_what_the_model_says(self) -> None:
        for partition, records in self.model.records.items():
            if records.admitted:
                assert self.life.titles(partition) == set(records.titles.values())

    @invariant()
    def every_sink_holds_what_the_model_says(self) -> None:
        for sink in SINKS:
            held = self.life.held(sink).select("source", "url", "title").iter_rows()
            found = {(source, int(url.rpartition("/")[2])): title for source, url, title in held}
            assert found == self.model.delivered, sink

    def teardown(self) -> None:
        self.open.close()
        shutil.rmtree(self.life.deployment.folder)

    def _materialize_dying(self, assets: tuple[str, ...], partition: Partition) -> bool:
        try:
            return self.life.materialize(assets, partition)
        except KeyboardInterrupt:
            return False

    def _check_requests(self, partition: Partition, once: set[int], more: set[int]) -> None:
        """Nothing that was fetched before is fetched again."""
        requests = [int(target.rpartition("/")[2]) for target in self.life.requests()]
        assert sorted(number for number in requests if number not in more) == sorted(once), partition

    def _judge(self, partition: Partition) -> None:
        self.model.judge(partition, self.life.declared[partition.source])
        self.life.judge(partition, "records")
        self._note_verdict(partition)

    def _judged(self) -> list[Partition]:
        return sorted(partition for partition, records in self.model.records.items() if records.judged)

    def _note(self, partition: Partition, *, written: bool) -> None:
        """Remember a write of records, to go back to it later."""
        if not written:
            return
        self._note_verdict(partition)
        store = self.life.deployment.store
        version = store.tables.version(RECORDS)
        write = store.ledger.newest_write(RECORDS, partition)
        assert version is not None
        assert write is not None
        titles = self.model.records[partition].titles
        self.history.append((partition, version, write.data_version, titles))

    def _note_verdict(self, partition: Partition) -> None:
        write = self.life.deployment.store.ledger.newest_write(RECORDS, partition)
        assert write is not None
        self.model.passed[partition, write.data_version] = self.model.records[partition].admitted


def live(steps: int) -> None:
    lives = max(1, steps // STEPS_OF_A_LIFE)
    numbers = itertools.count(1)

    def born() -> PartitionLife:
        print(f"life {next(numbers)} of {lives}", file=sys.stderr, flush=True)
        return PartitionLife()

    run_state_machine_as_test(
        born,
        settings=settings(
            max_examples=lives,
            stateful_step_count=min(steps, STEPS_OF_A_LIFE),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            database=None,
            print_blob=True,
        ),
    )


@pytest.mark.slow
def test_a_short_life_in_any_order_is_as_the_model_says() -> None:
    live(STEPS_IN_SUITE)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_long_lives_in_any_order_are_as_the_model_says() -> None:
    live(int(os.environ.get("PARTITION_LIFE_STEPS", "1000")))
