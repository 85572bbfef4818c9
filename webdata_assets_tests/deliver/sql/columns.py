"""What sinks that are databases keep, beyond what every sink does: columns, types, strangers' rows.

What belongs here: tests that each database's own class takes part in. What does not: `SinkContract`.
"""

from typing import Any

import polars as pl
import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.deliver.sink import Shape
from webdata_assets_tests.deliver.sink_contract import WIDE, deliver, frame, numbered
from webdata_assets_tests.deliver.sink_rows import without


def spoil_after(monkeypatch: pytest.MonkeyPatch, session: Any) -> None:
    """Let each merge of a kind of session change one value behind our back, within its transaction."""
    apply = session.apply

    def lossy(given: Any) -> Any:
        counts = apply(given)
        statements = given.statements
        title = next(name for name in statements.columns if name.lower() == '"title"')
        given.execute(f"UPDATE {statements.target} SET {title} = 'not what was sent'")
        return counts

    monkeypatch.setattr(session, "apply", lossy)


class SqlContract:
    """Taken beside `SinkContract`; `execute` runs a statement on the target's database."""

    def execute(self, address: str, statement: str) -> Any:
        raise NotImplementedError

    def test_a_removed_column_stops_before_anything_is_written(self, address: str) -> None:
        deliver(type(self).make(address, WIDE), numbered(5), 1)
        narrow = without("price")
        with pytest.raises(PermanentError, match="columns removed: price") as caught:
            deliver(type(self).make(address, narrow), numbered(7, shape=narrow), 2)
        assert caught.value.failure_domain is FailureDomain.SINK
        assert type(self).make(address, WIDE).read().equals(numbered(5))

    def test_a_changed_type_stops_before_anything_is_written(self, address: str) -> None:
        deliver(type(self).make(address, WIDE), numbered(5), 1)
        changed = Shape("record_id", pl.Schema({**WIDE.schema, "count": pl.String()}))
        rows = frame([{"record_id": "a", "count": "many"}], changed)
        with pytest.raises(PermanentError, match="types changed: count"):
            deliver(type(self).make(address, changed), rows, 2)
        assert type(self).make(address, WIDE).read().equals(numbered(5))

    def test_rows_that_no_delivery_wrote_are_not_deleted(self, address: str) -> None:
        narrow = without(*(name for name in WIDE.schema if name not in ("record_id", "row_hash")))
        deliver(type(self).make(address, narrow), numbered(5, shape=narrow), 1)
        self.execute(address, "DELETE FROM webdata_deliveries")
        with pytest.raises(PermanentError, match="rows that no delivery wrote"):
            deliver(type(self).make(address, narrow), numbered(1, shape=narrow), 2)
        assert type(self).make(address, narrow).read().equals(numbered(5, shape=narrow))

    def test_rows_that_were_edited_are_brought_back(self, address: str) -> None:
        sink = type(self).make(address, WIDE)
        deliver(sink, numbered(5), 1)
        self.execute(address, f"UPDATE {self.table(address)} SET title = 'edited' WHERE small = 3")
        assert deliver(sink, numbered(5), 1).updated == 1
        assert sink.read().equals(numbered(5))

    def table(self, address: str) -> str:
        return address.partition("#")[2]

    def test_a_name_that_is_none_is_refused(self, address: str) -> None:
        for name in ("records; DROP TABLE x", 'a"b', "", "Übung", "a" * 64, "1st"):
            with pytest.raises(PermanentError, match="cannot name a table or column"):
                type(self).make(f"{address.partition('#')[0]}#{name}", WIDE)

    def test_a_type_that_does_not_travel_is_refused(self, address: str) -> None:
        shape = Shape("record_id", pl.Schema({**WIDE.schema, "raw": pl.Binary()}))
        with pytest.raises(PermanentError, match="raw is Binary"):
            type(self).make(address, shape)

    def test_the_ledger_tells_what_the_target_holds(self, address: str) -> None:
        deliver(type(self).make(address, WIDE), numbered(5), 8, run_id="run-8")
        told = self.execute(
            address,
            "SELECT sequence, run_id, row_count FROM webdata_deliveries "
            f"WHERE target = '{self.table(address)}'",
        )
        assert [tuple(row) for row in told] == [(8, "run-8", 5)]
