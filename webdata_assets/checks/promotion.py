"""Checks of what may come into use, or has: no worse than what it replaces, and made by the rows it names.

What belongs here: reading verdicts of promotion from the registry, and repeating them while their rows are
there. What does not: the rule itself (stages/learn/promotion.py).
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from webdata_assets.checks.check import Finding, Subject
from webdata_assets.checks.limits import Limit
from webdata_assets.checks.task_limits import of_task, task_of
from webdata_assets.errors import PermanentError
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.learn.classifier import Classifier, train
from webdata_assets.stages.learn.promotion import compare, held_back, slice_name
from webdata_assets.stages.learn.registry import trainable, version_of
from webdata_assets.store.releases import admitted_release
from webdata_assets.store.store import data_version

TRAINED_AGAIN_ROWS = 2_000
"""Training on more rows takes longer than a check should: about two seconds."""
_ROUNDING = 1e-9


def champion_of(subject: Subject) -> str | None:
    """Return the version of the model in use."""
    release = admitted_release(subject.store)
    return release.model_version if release else None


def may_replace(champion: str | None) -> pl.Expr:
    """Whether a version may come into use instead of the champion, which it was judged beside."""
    is_next = pl.col("parent").eq_missing(pl.lit(champion, pl.String))
    return pl.col("promotable") & is_next & pl.col("version").ne_missing(pl.lit(champion, pl.String))


def margin_limits(subject: Subject) -> Sequence[Limit]:
    """Return the least difference of a model's score from that of the champion it replaces."""
    return (of_task(task_of(subject), "evaluation", "margin", sense="≥", negated=True),)


def no_worse(subject: Subject) -> Finding:
    """What may come into use scores no worse than what it replaces, on the same rows.

    Formula: score - the champion's score, as the registry has them, ≥ -`evaluation.margin` of the task file:
    of the newest model that may replace the champion; where there is none, of the champion beside the one
    before it. Promotion itself asks for more, that the lower end of the difference's 95 % interval does.
    Default: 1 %.
    Severity: blocks; only warns of the champion, which a person may have promoted nevertheless.
    Source: validation against the served model of TFX (Baylor et al., 2017).
    """
    (limit,) = margin_limits(subject)
    judged = _judged(subject)
    if judged is None:
        return Finding(True, threshold=limit.value, origin=limit.origin, detail="there is no champion yet")
    row, is_champion = judged
    if row["difference"] is None:
        alone = f"{row['version']} was judged alone: no champion read the same vectors"
        return Finding(True, threshold=limit.value, origin=limit.origin, detail=alone)
    assert limit.value is not None
    passed = row["difference"] >= limit.value - _ROUNDING
    return Finding(
        passed,
        value=row["difference"],
        threshold=limit.value,
        detail=f"{row['version']} against {row['parent']}",
        metrics={name: row[name] for name in ("score", "champion_score", "difference_low")},
        origin=limit.origin,
        only_warns=is_champion,
    )


def slice_limits(subject: Subject) -> Sequence[Limit]:
    """Return the least difference of a model's score on any slice from that of the champion it replaces."""
    return (of_task(task_of(subject), "evaluation", "max_slice_fall", sense="≥", negated=True),)


def no_slice_worse(subject: Subject) -> Finding:
    """What may come into use is not much worse on any slice, such as a source or a language.

    Formula: least difference of the scores on a slice of enough rows ≥ -`evaluation.max_slice_fall` of the
    task file, of the same two models as `no_worse`; both predict the rows once more that they were judged
    on. Where the training set holds other rows by now, nothing is said.
    Default: 5 %, on slices of at least 20 rows.
    Severity: blocks; only warns of the champion.
    Source: sliced metrics of TFX's model validation; Chung et al., Slice Finder, 2019.
    """
    (limit,) = slice_limits(subject)
    judged = _judged(subject)
    unjudged = Finding(True, threshold=limit.value, origin=limit.origin)
    if judged is None or judged[0]["difference"] is None:
        return unjudged
    row, is_champion = judged
    task, rows = task_of(subject), held_back(subject.rows_of(TRAINING_SET))
    if rows.is_empty() or data_version(TRAINING_SET, rows) != row["evaluation_fingerprint"]:
        return _told(unjudged, f"the rows that {row['version']} was judged on are no more")
    try:
        newer, older = (
            Classifier.load(subject.store.models.fetch(row[name])) for name in ("version", "parent")
        )
    except PermanentError as error:
        return _told(unjudged, f"not judged: {error}")
    compared = compare(newer, older, rows, task)
    changes = {
        slice_name(first): first.score - second.score
        for first, second in zip(compared.first.slices, compared.second.slices, strict=True)
        if first.rows >= task.evaluation.min_slice_rows
    }
    if not changes:
        return _told(unjudged, f"no slice has {task.evaluation.min_slice_rows} rows")
    assert limit.value is not None
    worst = min(changes, key=lambda name: changes[name])
    return Finding(
        changes[worst] >= limit.value - _ROUNDING,
        value=changes[worst],
        threshold=limit.value,
        detail=f"{row['version']} against {row['parent']} on {worst}",
        metrics={"slices": float(len(changes))},
        origin=limit.origin,
        only_warns=is_champion,
    )


def reproducible(subject: Subject) -> Finding:
    """The rows that a model names make that model, bit for bit.

    Formula: models trained again on the training set, of up to 2,000 rows, whose version is none of those
    registered for exactly these rows = 0. Larger sets are not trained on twice, and models of earlier sets
    cannot be: of them the artefact's hash is compared (`artefact_hash`).
    Severity: blocks.
    Source: reproducible builds: the same inputs give the same bytes.
    """
    examples = subject.rows_of(TRAINING_SET)
    rows = examples.filter(pl.col("split") == "train")
    unjudged = Finding(True, value=0, threshold=0)
    if not trainable(examples):
        return _told(unjudged, "not trained again: there are too few rows")
    fingerprint = data_version(TRAINING_SET, rows)
    registered = subject.rows.filter(training_fingerprint=fingerprint)["version"]
    if registered.is_empty():
        return _told(unjudged, "not trained again: no model was trained on the training set of now")
    if rows.height > TRAINED_AGAIN_ROWS:
        return _told(unjudged, f"not trained again: {rows.height} rows are more than {TRAINED_AGAIN_ROWS}")
    version = version_of(train(rows, task_of(subject)))
    differs = version not in registered
    return Finding(
        not differs,
        value=float(differs),
        threshold=0,
        detail=f"training again gives {version}, not {', '.join(registered)}: retrain, if the task file's "
        "inputs or a library changed since" if differs else None,
        metrics={"trained_again_rows": float(rows.height)},
    )  # fmt: skip


def _judged(subject: Subject) -> tuple[dict[str, Any], bool] | None:
    """Return the registry's row of the newest model that may come into use, else of the one that is."""
    champion = champion_of(subject)
    candidates = subject.rows.filter(may_replace(champion)).sort("trained_at", "version")
    if candidates.height:
        return candidates.row(-1, named=True), False
    in_use = subject.rows.filter(pl.col("version") == (champion or ""))
    return (in_use.row(0, named=True), True) if in_use.height else None


def _told(finding: Finding, detail: str) -> Finding:
    return Finding(True, finding.value, finding.threshold, detail, origin=finding.origin)
