"""The outbox of deliveries: verified ones are announced once in effect, and no others."""

import base64
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from webdata_assets.automation import delivery_events as sensor
from webdata_assets.automation.delivery_events import Told, announce_deliveries
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.sinks.model import DeltaFile, SinkFile
from webdata_assets.store import Store
from webdata_assets.store.delivery_events import delivery_events
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.deliver.receiving import Receiver, receiver
from webdata_assets_tests.store.rows import digest, put

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
SECRETS = {"HOOK_SECRET": base64.b64encode(b"x" * 32).decode()}


@dataclass
class Outbox:
    """A store with deliveries, two sinks, and their receivers."""

    store: Store
    hook: Receiver
    folder: Path
    failing: Mapping[Any, Any] = field(default_factory=dict)

    @property
    def sinks(self) -> dict[str, SinkFile]:
        ways = (
            {"by": "webhook", "url": self.hook.url, "secret_env": "HOOK_SECRET"},
            {"by": "file", "uri": str(self.folder)},
        )
        told = {"name": "told", "kind": "delta", "description": "x", "announce": ways}
        silent = {"name": "silent", "kind": "delta", "description": "x"}
        return {each["name"]: DeltaFile.model_validate(each) for each in (told, silent)}  # type: ignore[misc]

    def deliver(self, content: str, sequence: int, *, wrong: str | None = None, judged: bool = True) -> None:
        """Store deliveries of both sinks, and perhaps their verdicts, one of which may fail a sink."""
        rows = [
            {
                "sink": name, "kind": "delta", "content": "records", "target": name, "state": "delivered",
                "rows": 3, "content_hash": digest(content), "source_hash": digest(content),
                "corpus_version": digest("c"), "sequence": sequence, "inserted": 0, "updated": 0,
                "deleted": 0, "run_id": "run", "delivered_at": NOW,
            }
            for name in self.sinks
        ]  # fmt: skip
        put(self.store, "delivery", pl.DataFrame(rows, schema=DELIVERY.polars_schema).sort("sink"), None)
        if not judged:
            return
        verdicts = [Verdict(check, passed=True) for check in DELIVERY.blocking_checks if check != "lag"]
        metrics = {f"wrong_in_{wrong}": 1.0} if wrong else {}
        lag = Verdict("lag", passed=wrong is None, metrics=metrics)
        self.store.ledger.record(DELIVERY, None, [*verdicts, lag], run_id="run")

    def look(self, seconds: float = 0) -> Told:
        """Look once."""
        now = NOW + dt.timedelta(seconds=seconds)
        told = announce_deliveries(self.store, self.sinks, SECRETS, now, self.failing)
        self.failing = told.failing
        return told

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with receiver() as hook:
        yield Outbox(Store.open(str(tmp_path / "store")), hook, tmp_path / "events")


def test_a_verified_delivery_is_announced_once_to_each_receiver(outbox: Outbox):
    outbox.deliver("one", 5)
    assert outbox.look().told == 2
    assert outbox.look().told == 0
    assert len(outbox.hook.taken) == len(outbox.files) == 1
    assert outbox.hook.ids[0] in outbox.files[0].name


def test_the_same_delivery_by_a_later_run_is_not_announced_again(outbox: Outbox):
    outbox.deliver("one", 5)
    outbox.look()
    outbox.deliver("one", 5)
    assert outbox.look().told == 0


def test_another_content_is_another_event(outbox: Outbox):
    for sequence, content in ((5, "one"), (6, "two"), (7, "one")):
        outbox.deliver(content, sequence)
        outbox.look()
    assert len(set(outbox.hook.ids)) == len(outbox.files) == 3


def test_nothing_is_announced_before_its_checks(outbox: Outbox):
    outbox.deliver("one", 5, judged=False)
    assert outbox.look().told == 0


def test_rows_written_after_the_verdicts_are_not_announced_by_them(outbox: Outbox):
    outbox.deliver("one", 5)
    rows = outbox.store.tables.read(DELIVERY).with_columns(content_hash=pl.lit(digest("two")))
    outbox.store.tables.overwrite(DELIVERY, rows, partition=None, run_id="run", data_version=digest("v"))
    assert outbox.look().told == 0


def test_a_sink_whose_check_failed_is_not_announced_and_another_one_is(outbox: Outbox):
    outbox.deliver("one", 5, wrong="told")
    assert outbox.look().told == 0
    outbox.deliver("one", 5, wrong="silent")
    assert outbox.look().told == 2


def test_a_crash_between_sending_and_noting_repeats_the_same_id_only(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
):
    outbox.deliver("one", 5)
    record, calls = sensor.record_events, iter(range(9))

    def record_or_crash(store: Store, rows: list[dict[str, Any]]) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt
        record(store, rows)

    monkeypatch.setattr(sensor, "record_events", record_or_crash)
    with pytest.raises(KeyboardInterrupt):
        outbox.look()
    assert outbox.look().told == 2
    assert len(outbox.hook.ids) == 2
    assert len(set(outbox.hook.ids)) == 1
    assert len(outbox.files) == 1
    assert outbox.look().told == 0


def test_a_receiver_that_fails_is_left_alone_and_then_told_without_holding_up_others(outbox: Outbox):
    outbox.deliver("one", 5)
    outbox.hook.status = 503
    told = outbox.look()
    assert (told.told, told.waiting, len(outbox.files)) == (1, 1, 1)
    assert "told, announcement 1: http://127.0.0.1" in str(told)
    outbox.hook.status = 200
    assert outbox.look(5).waiting == 1
    assert outbox.hook.asked == 1
    assert outbox.look(60).told == 1
    assert len(outbox.hook.taken) == 1
    assert delivery_events(outbox.store)["pending"].list.len().sum() == 0


def test_what_came_meanwhile_is_told_in_order(outbox: Outbox):
    outbox.hook.status = 503
    for sequence in (5, 6):
        outbox.deliver(f"content {sequence}", sequence)
        outbox.look(sequence)
    outbox.hook.status = 200
    assert outbox.look(600).told == 2
    assert [b'"sequence":5' in body for _, body in outbox.hook.taken] == [True, False]


def test_a_missing_secret_is_told_by_its_variable(outbox: Outbox, monkeypatch: pytest.MonkeyPatch):
    outbox.deliver("one", 5)
    monkeypatch.delitem(SECRETS, "HOOK_SECRET")
    assert "HOOK_SECRET, which its file names, is not set" in str(outbox.look())


def test_failures_survive_in_the_cursor(outbox: Outbox):
    outbox.deliver("one", 5)
    outbox.hook.status = 503
    failing = outbox.look().failing
    assert sensor._from_json(sensor._to_json(failing)) == failing
    assert sensor._from_json(None) == {}
