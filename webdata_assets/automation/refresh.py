"""When to retrain, and when to publish without retraining: pure rules over the ledger and the registry.

What belongs here: the causes, those of failed checks by their rules (rules.py). What does not: launching and
budgets (sensors.py).
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from webdata_assets.automation.jobs import PUBLISH, RETRAIN, RETRAINED
from webdata_assets.automation.rules import Action, Rule, rule_for
from webdata_assets.automation.unsettled import INPUTS, why_not_now
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.monitoring import MONITORING
from webdata_assets.stages.embed.version import model_of
from webdata_assets.stages.learn.monitoring import RETRAINING_SIGNALS
from webdata_assets.store import Store
from webdata_assets.store.ledger_snapshot import LedgerSnapshot
from webdata_assets.store.releases import admitted_release
from webdata_assets.tasks.model import Retrain

LEARNT_FROM = ("records", "features", "embeddings")
"""Partitioned tables that a training reads."""

REPAIRED_CHECKS = ("completeness", "freshness")

MADE_FROM = (
    ("vector_index", ("corpus",)),
    ("release", ("vector_index", "model")),
    ("monitoring", ("release",)),
    ("delivery", ("corpus", "release")),
)
"""Unpartitioned tables that a publishing makes after the corpus, each with those that it is made from."""


@dataclass(frozen=True)
class Refresh:
    """What is due.

    Attributes:
        job: `retrain`, `publish`, or None when nothing is.
        reason: in words.
        fingerprint: of the admitted partitions; one answer for each.
    """

    job: str | None
    reason: str
    fingerprint: str


def plan_refresh(
    store: Store, rules: Retrain, enabled: Collection[str], now: dt.datetime, *, may_retrain: bool = True
) -> Refresh:
    """Return what is due now.

    Retraining is due when a partition that once failed completeness or freshness was admitted after the last
    training, when enough were, and when the records that were have drifted or the champion fails on them, as
    far as the task's rules say. A partition that was made again as the training read it does not count.
    Publishing is due when anything was admitted, or withdrawn, after the corpus was last written, and when a
    run ended before the index, the release or the delivery had followed.

    What failed its checks is made again as its rule says, with everything that follows from it.

    Nothing is due while `why_not_now` says so.

    Args:
        rules: the task's.
        enabled: names of the sources whose partitions can be embedded again.
        now: the present moment.
        may_retrain: whether a training that is due may be asked for; else only what may be published is told.
    """
    ledger = LedgerSnapshot.read(store.tables)
    job, reason = _due(store, ledger, rules, enabled, now, may_retrain=may_retrain)
    return Refresh(job, reason, ledger.fingerprint(INPUTS))


def _due(
    store: Store,
    ledger: LedgerSnapshot,
    rules: Retrain,
    enabled: Collection[str],
    now: dt.datetime,
    *,
    may_retrain: bool,
) -> tuple[str | None, str]:
    if waiting := why_not_now(ledger, enabled, now):
        return None, waiting
    admitted = ledger.states(TABLES["embeddings"]).filter("admitted")
    new = _new_since(ledger, admitted, trained_at_of(ledger))
    if may_retrain and admitted.height and (failed := _failed(ledger, Action.KEEP_CHAMPION)):
        return RETRAIN, failed
    if may_retrain and (due := _why_retrain(store, rules, new)):
        return RETRAIN, due
    if admitted.height and (failed := _failed(ledger, Action.REBUILD_INDEX, Action.HALT_DELIVERY)):
        return PUBLISH, failed
    corpus_at = _settled(ledger, CORPUS.name)
    if admitted.height and changed_since(ledger, corpus_at):
        if new.is_empty():
            return PUBLISH, "partitions were withdrawn, or written again as they were"
        return PUBLISH, f"{new.height} newly admitted partitions, not enough to retrain"
    if corpus_at is not None and (behind := _behind(ledger)):
        return PUBLISH, behind
    return None, "nothing was admitted since the last run"


def trained_at_of(ledger: LedgerSnapshot) -> dt.datetime | None:
    """Return when the training set of the last whole training was written; None before the first.

    A training whose model was refused counts: the same data would train the same model.
    """
    moments = [_settled(ledger, name) for name in ("training_set", MODEL.name)]
    return min((at for at in moments if at is not None), default=None) if all(moments) else None


def changed_since(ledger: LedgerSnapshot, moment: dt.datetime | None) -> bool:
    """Return whether any partition was written or judged after a moment; True if there is none."""
    return moment is None or any(
        ledger.states(TABLES[name]).filter((pl.col("at") > moment) | (pl.col("judged_at") > moment)).height
        for name in INPUTS
    )


def _new_since(
    ledger: LedgerSnapshot, admitted: pl.DataFrame, trained_at: dt.datetime | None
) -> pl.DataFrame:
    """Return those of the admitted partitions that hold what the last training has not read."""
    if trained_at is None:
        return admitted
    # Judged, not written: a partition is written before the readers may see it.
    new, then = admitted.filter(pl.col("judged_at") > trained_at), ledger.until(trained_at)
    same = new
    for table in (TABLES[name] for name in LEARNT_FROM):
        keys = ("date", "source", "data_version")
        read, held = (each.states(table).filter("admitted").select(keys) for each in (then, ledger))
        same = same.join(read.join(held, on=keys), on=["date", "source"], how="semi")
    return new.join(same, on=["date", "source"], how="anti")


def _why_retrain(store: Store, rules: Retrain, new: pl.DataFrame) -> str | None:
    """Return why a challenger is to be trained on the newly admitted partitions, if it is."""
    if new.is_empty():
        return None
    if _reads_another_encoder(store, new):
        return "the champion reads vectors of another encoder"
    repaired = new.join(_once_failed(store), on=["date", "source"], how="semi")
    if repaired.height and rules.after_repair:
        keys = ", ".join(
            Partition(date, source).key
            for date, source in repaired.select("date", "source").head(3).iter_rows()
        )
        return f"{repaired.height} repaired partitions: {keys}"
    if new.height >= rules.after_partitions:
        return f"{new.height} newly admitted partitions"
    return _breached(store, rules)


def _reads_another_encoder(store: Store, new: pl.DataFrame) -> bool:
    """Return whether new partitions hold vectors that the model in use cannot read."""
    release = admitted_release(store)
    if release is None or release.model_version is None:
        return False
    encoder = store.tables.read(MODEL).filter(version=release.model_version)["encoder"]
    return not set(new.select(model_of(pl.col("code_version"))).to_series().drop_nulls()) <= set(encoder)


def _breached(store: Store, rules: Retrain) -> str | None:
    """Return which signals of the monitoring ask for a new model, if any does."""
    if store.ledger.admitted(MONITORING).is_empty():
        return None
    wanted = {"metric": rules.below_floor, "drifted_share": rules.on_drift, "domain_auc": rules.on_drift}
    signals = store.tables.read(MONITORING).filter(
        pl.col("breached"), pl.col("signal").is_in([name for name in RETRAINING_SIGNALS if wanted[name]])
    )
    lines = [
        f"{signal} {name} {value:.3f} (limit {threshold:.3f})"
        for signal, name, value, threshold in signals.select("signal", "name", "value", "threshold").rows()
    ]
    return "; ".join(lines) or None


def _failed(ledger: LedgerSnapshot, *actions: Action) -> str | None:
    """Return the first unpartitioned table that failed a check, and is to be made again by these actions."""
    for name in RETRAINED:
        rule = _rule_of(ledger, name)
        if rule is not None and rule.action in actions and not rule.once:
            return f"{name}.{rule.check} failed"
    return None


def _rule_of(ledger: LedgerSnapshot, name: str) -> Rule | None:
    """Return the rule for what failed on the newest write of an unpartitioned table, if anything did."""
    failed = ledger.states(TABLES[name])["failed"].to_list()
    matched = rule_for(name, failed[0]) if failed else None
    return matched[0] if matched else None


def _behind(ledger: LedgerSnapshot) -> str | None:
    for name, sources in MADE_FROM:
        at = _settled(ledger, name)
        if any(at is None or at < made for source in sources if (made := _settled(ledger, source))):
            return f"{name} is behind {' and '.join(sources)}"
    return None


def _settled(ledger: LedgerSnapshot, name: str) -> dt.datetime | None:
    """Return when an unpartitioned table was last written as it would be written again from the same input.

    That is with all its checks passed, or with one failed that another run would not pass either.
    """
    states = ledger.states(TABLES[name])
    if states.is_empty():
        return None
    rule = _rule_of(ledger, name)
    is_final = rule is not None and (rule.once or rule.action is Action.ALERT)
    at: dt.datetime = states.item(0, "at")
    return at if is_final or states.item(0, "admitted") else None


def _once_failed(store: Store) -> pl.DataFrame:
    kept_out = ~pl.col("passed") & pl.col("blocking") & (pl.col("severity") != "WARN")
    return (
        store.tables.scan(CHECK_RESULTS)
        .filter(pl.col("check").is_in(REPAIRED_CHECKS) & kept_out & pl.col("date").is_not_null())
        .select("date", "source")
        .unique()
        .collect()
    )
