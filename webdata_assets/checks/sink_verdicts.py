"""Which sink a failed check of deliveries is about.

What belongs here: how formulas name sinks in their numbers, and reading that from the ledger. What does not:
formulas (delivery.py).
"""

from collections.abc import Iterable, Mapping

import orjson
import polars as pl

from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.store import Store
from webdata_assets.store.store import data_version

_PREFIX = "wrong_in_"


def of_sinks(wrong: Mapping[str, float]) -> dict[str, float]:
    """Return how much is wrong in each sink as numbers of a finding, without those with nothing wrong."""
    return {f"{_PREFIX}{sink}": float(abs(amount)) for sink, amount in sorted(wrong.items()) if amount}


def verified_deliveries(store: Store) -> pl.DataFrame:
    """Return the rows of the table whose delivery has passed; none while checks have not run on all of it.

    A failed blocking check condemns the sinks that it names, and all of them where it names none. Verdicts
    count for the rows that they are about: whoever writes the table meanwhile is not verified by them.
    """
    verdicts = store.ledger.all_newest_verdicts(DELIVERY).filter("blocking")
    rows = store.tables.read(DELIVERY)
    judged = verdicts.filter(data_version=data_version(DELIVERY, rows))
    if not set(DELIVERY.blocking_checks) <= set(judged["check"]):
        return DELIVERY.empty()
    named = [_named(metrics) for metrics in judged.filter(~pl.col("passed"))["metrics"]]
    if not all(named):
        return DELIVERY.empty()
    condemned = {sink for sinks in named for sink in sinks}
    return rows.filter(~pl.col("sink").is_in(list(condemned)), state="delivered")


def verified_sinks(store: Store) -> set[str]:
    """Return the names of the sinks whose delivery has passed."""
    return set(verified_deliveries(store)["sink"])


def _named(metrics: str | None) -> set[str]:
    names: Iterable[str] = orjson.loads(metrics) if metrics else ()
    return {name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)}
