"""Which sink a failed check of deliveries is about.

What belongs here: how formulas name sinks in their numbers, and reading that from the ledger. What does not:
formulas (delivery.py).
"""

from collections.abc import Iterable, Mapping

import orjson
import polars as pl

from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.store import Store

_PREFIX = "wrong_in_"


def of_sinks(wrong: Mapping[str, float]) -> dict[str, float]:
    """Return how much is wrong in each sink as numbers of a finding, without those with nothing wrong."""
    return {f"{_PREFIX}{sink}": float(abs(amount)) for sink, amount in sorted(wrong.items()) if amount}


def verified_sinks(store: Store) -> set[str] | None:
    """Return the names of the sinks whose delivery has passed; None while checks have not run on all of it.

    A failed blocking check condemns the sinks that it names, and all of them where it names none.
    """
    states = store.ledger.states(DELIVERY)
    if states.is_empty() or len(states.item(0, "missing")):
        return None
    rows = store.tables.read(DELIVERY)
    verdicts = store.ledger.all_newest_verdicts(DELIVERY).filter("blocking", ~pl.col("passed"))
    named = [_named(metrics) for metrics in verdicts["metrics"]]
    if not all(named):
        return set()
    return set(rows.filter(state="delivered")["sink"]) - {sink for sinks in named for sink in sinks}


def _named(metrics: str | None) -> set[str]:
    names: Iterable[str] = orjson.loads(metrics) if metrics else ()
    return {name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)}
