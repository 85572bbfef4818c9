"""Every feature is declared once, with all its facts, and its version moves with its values.

`UPDATE_SNAPSHOTS=1 pytest webdata_assets_tests/featurize/test_catalogue.py` writes the snapshot anew, once a
version was raised.
"""

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.feature import facts_of
from webdata_assets.schemas.feature_catalogue import CATALOGUE_PATH, render
from webdata_assets.schemas.features import FEATURE_COLUMNS, Features
from webdata_assets.stages.featurize.features import featurize
from webdata_assets.stages.featurize.history import read_history
from webdata_assets_tests.store.rows import DAY, frame, row

SNAPSHOT = Path(__file__).with_name("features.snapshot.json")
DECLARED = {name: facts for name, column in Features.columns().items() if (facts := facts_of(column))}
NO_FEATURES = {"date", "source", "record_id", "kind", "category", "computed_for"}


def sample() -> pl.DataFrame:
    """Return the features of three records with a past, in which every feature has a value other than 0."""
    before = Partition(DAY - dt.timedelta(days=3), "shop")
    rich = {
        "url": "https://shop.example.com/2/garden-light.html?colour=red",
        "title": "Garden light", "language": "en", "language_confidence": 0.9, "content_confidence": 0.8,
        "text": "The light costs 20 Euro. It is WATERPROOF, and readable.\nOrder it today!",
        "structured_text": "# Light\n\n- [Order](/o) it\n\n![x](/x)\n\n|a|b|\n|-|-|\n\n```\ncode\n```",
        "quality_flags": ["c4:short"], "tokens": 21, "link_share": 5 / 36,
        "price": Decimal("20.5"), "currency": "EUR",
        "published_at": dt.datetime(2026, 5, 30, tzinfo=dt.UTC),
        "modified_at": dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC),
    }  # fmt: skip
    records = frame("records", row("records", **rich), row("records", number=1, duplicate_of="x"), row(
        "records", number=2, text=None, title=None))  # fmt: skip
    past = {"previous_date": before.date, "first_date": before.date, "kind": "changed"}
    prices = {"price": Decimal("20.5"), "currency": "EUR", "previous_price": Decimal(24)}
    changes = frame(
        "changes",
        row("changes", **past, **prices, versions=2, content_changes=1, price_change=Decimal("-3.5")),
        row("changes", number=1),
        row("changes", number=2),
    )
    earlier = frame("changes", row("changes", before, price=Decimal(24), currency="EUR"))
    history = read_history(
        DAY, records.lazy(), changes.lazy(), frame("records", row("records", before)).lazy(), earlier.lazy()
    )
    return featurize(records, DAY, history)


def test_every_column_but_the_keys_is_a_declared_feature() -> None:
    assert set(DECLARED) == set(TABLES["features"].polars_schema) - NO_FEATURES


@pytest.mark.parametrize("name", DECLARED)
def test_a_declaration_tells_unit_formula_and_what_stands_for_the_unknown(name: str) -> None:
    facts, column = DECLARED[name], Features.columns()[name]
    assert facts.version >= 1
    assert facts.unit
    assert facts.formula
    assert facts.unknown == ("null" if column.nullable else "false" if column.dtype == pl.Boolean else "0")


def test_what_a_model_takes_is_never_null() -> None:
    assert [name for name in FEATURE_COLUMNS if Features.columns()[name].nullable] == []


def test_the_committed_catalogue_is_current() -> None:
    assert CATALOGUE_PATH.read_text(encoding="utf-8") == render(), "run `make schema`"


def test_the_catalogue_has_every_feature_once() -> None:
    rows = [line.split("`")[1] for line in render().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(DECLARED)


def test_a_feature_whose_values_change_has_a_new_version() -> None:
    rows = sample()
    found = {
        name: {"version": facts.version, "values": [_plain(value) for value in rows[name]]}
        for name, facts in DECLARED.items()
    }
    if os.environ.get("UPDATE_SNAPSHOTS"):
        lines = [f"{json.dumps(name)}: {json.dumps(each)}" for name, each in found.items()]
        SNAPSHOT.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    kept = json.loads(SNAPSHOT.read_text())
    silent = [name for name in found if name in kept and found[name]["version"] == kept[name]["version"]]
    assert {name: found[name] for name in silent} == {name: kept[name] for name in silent}
    assert found.keys() == kept.keys(), "UPDATE_SNAPSHOTS=1 writes the snapshot anew"
    assert found == kept, "UPDATE_SNAPSHOTS=1 writes the snapshot anew"


def test_the_sample_shows_every_feature_at_work() -> None:
    idle = [name for name in DECLARED if not any(value for value in sample()[name])]
    # a price that changed on the very date
    assert idle == ["days_since_price_change"]


def _plain(value: object) -> object:
    return round(value, 9) if isinstance(value, float) else value
