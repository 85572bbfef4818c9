"""Features of a record's past: what they say, and that nothing later than the date is used."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.stages.changes.detect import detect_changes
from webdata_assets.stages.featurize.features import featurize
from webdata_assets.stages.featurize.history import History, read_history
from webdata_assets_tests.store.rows import DAY, digest, frame, row

Price = tuple[str, str] | None


class Past:
    """Partitions of one source, each with its changes, as they would be made one after another."""

    def __init__(self) -> None:
        self.records = TABLES["records"].empty()
        self.changes = TABLES["changes"].empty()

    def add(self, day: int, *rows: dict[str, object], gone: tuple[int, ...] = ()) -> None:
        partition = Partition(DAY + dt.timedelta(days=day), "shop")
        current = frame("records", *({**each, "date": partition.date} for each in rows))
        unreached = dict.fromkeys(("payload", "payload_hash", "payload_date", "payload_bytes"))
        pages = frame(
            "pages", *(row("pages", partition, n, **unreached, outcome="gone", reason="404") for n in gone)
        )
        found = detect_changes(
            partition, current.lazy(), pages.lazy(), self._before(partition.date), pages.clear().lazy()
        )
        self.records = pl.concat([self.records, current])
        self.changes = pl.concat([self.changes, found])

    def _before(self, date: dt.date) -> pl.LazyFrame:
        return self.records.lazy().filter(pl.col("date") < date)

    def history(self, day: int) -> History:
        date = DAY + dt.timedelta(days=day)
        window = pl.col("date").is_between(date - dt.timedelta(days=29), date, closed="left")
        return read_history(
            date,
            self.records.lazy().filter(date=date),
            self.changes.lazy().filter(date=date),
            self.records.lazy().filter(window),
            self.changes.lazy().filter(window),
        )

    def features(self, day: int) -> pl.DataFrame:
        date = DAY + dt.timedelta(days=day)
        return featurize(self.records.filter(date=date), date, self.history(day))


def item(number: int = 0, price: Price = None, **values: object) -> dict[str, object]:
    if price:
        values |= {"price": Decimal(price[0]), "currency": price[1]}
    content = f"{number} {price} {sorted(values.items())}"
    return row("records", number=number, content_hash=digest(content), **values)


def priced(*prices: tuple[int, str]) -> Past:
    past = Past()
    for day, price in prices:
        past.add(day, item(price=(price, "EUR")))
    return past


def one(past: Past, day: int, *names: str) -> object:
    values = past.features(day).select(names).row(0)
    return values if len(names) > 1 else values[0]


def test_a_first_version_has_no_past() -> None:
    past = priced((0, "10"))
    assert one(past, 0, "days_known", "earlier_versions", "change_rate") == (0, 0, 0)
    assert one(past, 0, "days_since_version", "previous_price", "price_change_share") == (None, None, None)
    assert one(past, 0, "price_min_7d", "price_mean_30d", "days_since_price_change") == (10, 10, None)


def test_the_change_rate_is_changes_per_day_since_the_first_version() -> None:
    past = Past()
    for day, title in ((0, "A"), (1, "B"), (4, "B"), (8, "C")):
        past.add(day, item(title=title))
    assert one(past, 8, "days_known", "earlier_versions", "change_rate") == (8, 3, 2 / 8)
    assert one(past, 8, "days_since_version") == 4


def test_a_price_holds_until_the_next_version() -> None:
    past = priced((0, "10"), (4, "20"), (6, "5"))
    assert one(past, 6, "previous_price", "price_change_share") == (20, -0.75)
    # days 0 to 6: four at 10, two at 20, one at 5
    assert one(past, 6, "price_min_7d", "price_mean_7d") == (5, pytest.approx(85 / 7))
    assert one(past, 6, "days_since_price_change") == 0


def test_windows_end_with_the_date_and_begin_with_the_price_that_held_then() -> None:
    past = priced((0, "1"), (50, "100"), (51, "100"))
    # 28 days at 1 that no version within the window tells of, two at 100
    assert one(past, 51, "price_min_7d", "price_mean_7d") == (1, pytest.approx((5 * 1 + 2 * 100) / 7))
    assert one(past, 51, "price_mean_30d") == pytest.approx((28 * 1 + 2 * 100) / 30)
    assert one(past, 51, "price_change_share", "days_since_price_change") == (0, 1)


def test_prices_in_other_currencies_are_no_history() -> None:
    past = Past()
    for day, price in enumerate([("10", "EUR"), ("1000", "USD"), ("12", "EUR")]):
        past.add(day, item(price=price))
    assert one(past, 2, "previous_price", "price_change_share") == (None, None)
    assert one(past, 2, "price_min_7d", "price_mean_7d") == (10, 11)


def test_no_price_holds_while_a_record_is_gone() -> None:
    past = priced((0, "10"))
    past.add(1, gone=(0,))
    past.add(5, item(price=("40", "EUR")))
    assert one(past, 5, "price_min_7d", "price_mean_7d") == (10, 25)


def test_a_record_without_a_price_today_has_no_price_history() -> None:
    past = priced((0, "10"))
    past.add(1, item())
    names = [name for name in TABLES["features"].polars_schema if name.startswith(("previous_p", "price_"))]
    assert set(one(past, 1, *names)) == {None}


def test_the_change_after_a_price_of_nothing_has_no_share() -> None:
    assert one(priced((0, "0"), (1, "5")), 1, "previous_price", "price_change_share") == (0, None)


def test_site_features_are_those_of_the_last_30_days() -> None:
    past = Past()
    past.add(0, item(9, tokens=1_000))
    past.add(10, item(0, tokens=10), item(1, tokens=20, duplicate_of="x"))
    past.add(39, item(0, tokens=30), item(2, tokens=None))
    assert past.history(39).site == {
        "site_records": 3, "site_mean_tokens": 20, "site_duplicate_share": 0.25,
    }  # fmt: skip
    assert past.features(39)["site_records"].to_list() == [3, 3]


def test_an_empty_partition_has_features_in_the_tables_form() -> None:
    past = priced((0, "10"))
    past.add(1)
    assert past.features(1).schema == TABLES["features"].polars_schema
    assert past.features(1).is_empty()


@pytest.mark.parametrize("table", ["records", "changes"])
@pytest.mark.parametrize("days", [0, 1, -30])
def test_rows_that_are_no_past_are_refused(table: str, days: int) -> None:
    past = priced((0, "10"))
    given = {
        name: frame(name, row(name, Partition(DAY + dt.timedelta(days=days), "shop"))).lazy() if name == table
        else frame(name).lazy()
        for name in ("records", "changes")
    }  # fmt: skip
    with pytest.raises(ValueError, match="no past of"):
        read_history(DAY, past.records.lazy(), past.changes.lazy(), given["records"], given["changes"])
