"""Models and releases for the command line: what there is, comparing, and deciding.

What belongs here: from the store to plain values, and decisions carried out at once. What does not: printing
(model.py), and the rule of promotion (stages/learn/promotion.py).
"""

import getpass
import os
from typing import TYPE_CHECKING, Any, Literal

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from webdata_assets.store import Store
    from webdata_assets.store.releases import Release

_DECIMALS = 3


def history() -> list[dict[str, Any]]:
    """Return one row per trained version, the newest first."""
    from webdata_assets.schemas.release import RELEASE
    from webdata_assets.stages.learn.registry import aliases
    from webdata_assets.store.releases import admitted_release

    store = _store()
    registry, releases = _registry(store), store.tables.read(RELEASE)
    in_use = admitted_release(store)
    rows = registry.with_columns(aliases(registry, releases, in_use.model_version if in_use else None))
    return [
        {
            "version": row["version"],
            "alias": row["alias"],
            "metric": row["metric"],
            "score": round(row["score"], _DECIMALS),
            "interval": _interval(row["score_low"], row["score_high"]),
            "difference": None if row["difference"] is None else round(row["difference"], _DECIMALS),
            "promotable": row["promotable"],
            "releases": releases.filter(model_version=row["version"])["release"].to_list(),
            "trained_at": f"{row['trained_at']:%Y-%m-%d %H:%M}",
            "reason": row["reason"],
        }
        for row in rows.sort("trained_at", "version", descending=True).iter_rows(named=True)
    ]


def compare_models(first: str, second: str) -> dict[str, Any]:
    """Evaluate two versions on the test rows of the training set as it is now.

    Raises:
        NotAdmittedError: there is no admitted training set.
        PermanentError: a version is unknown, its files were changed, or it reads other vectors.
    """
    from webdata_assets.schemas.training_set import TRAINING_SET
    from webdata_assets.stages.learn.classifier import Classifier
    from webdata_assets.stages.learn.promotion import compare, held_back, slice_name
    from webdata_assets.tasks.loading import load_task

    store = _store()
    registry = _registry(store)
    versions = [_find(registry, version) for version in (first, second)]
    one, other = (Classifier.load(store.models.fetch(version), version) for version in versions)
    rows = held_back(store.read_admitted(TRAINING_SET))
    found = compare(one, other, rows, load_task(Settings().task))
    return {
        "metric": found.first.metric,
        "rows": found.first.rows,
        "groups": found.first.groups,
        "models": [
            {
                "version": version,
                "score": round(each.score, _DECIMALS),
                "interval": _interval(each.low, each.high),
                "accuracy": round(each.accuracy, _DECIMALS),
                "calibration_error": round(each.calibration_error, _DECIMALS),
            }
            for version, each in zip(versions, (found.first, found.second), strict=True)
        ],
        "difference": round(found.difference.value, _DECIMALS),
        "interval": _interval(found.difference.low, found.difference.high),
        "same_predictions": found.same_predictions,
        "slices": [
            {
                "slice": slice_name(left),
                "rows": left.rows,
                versions[0]: round(left.score, _DECIMALS),
                versions[1]: round(right.score, _DECIMALS),
            }
            for left, right in zip(found.first.slices, found.second.slices, strict=True)
        ],
    }


def promote(version: str, reason: str | None) -> dict[str, Any]:
    """Decide that a version is champion, and release it with the index in use.

    Returns:
        `release` (the number in use now), `model_version`, `reason`, `run_id`, and `problem` if it failed.

    Raises:
        NotAdmittedError: nothing was released yet.
        PermanentError: the version is unknown, is in use already, is under its floor, reads vectors of
            another encoder than the index's, or its files were changed.
    """
    from webdata_assets.stages.learn.classifier import Classifier
    from webdata_assets.store.releases import current_release

    store = _store()
    in_use = current_release(store)
    registry = _registry(store)
    chosen = _find(registry, version)
    row = registry.filter(version=chosen).row(0, named=True)
    if chosen == in_use.model_version:
        raise _refused(f"{chosen} is in use already, with release {in_use.release}")
    if row["score"] < row["floor"]:
        raise _refused(f"{chosen} scores {row['score']:.3f}, under its floor of {row['floor']:.3f}")
    classifier = Classifier.load(store.models.fetch(chosen), chosen)
    if in_use.encoder not in (None, classifier.model_id):
        raise _refused(
            f"{chosen} reads vectors of {classifier.model_id}, the index in use has those of "
            f"{in_use.encoder}; `webdata model rollback` takes model and index back together"
        )
    return _decide(store, "promote", in_use, chosen, None, reason)


def rollback(to: int | None, reason: str | None) -> dict[str, Any]:
    """Decide that the pair of an earlier release is in use again, and release it.

    Args:
        to: the release's number; the newest with another pair than the one in use if None.
        reason: why, in the person's words.

    Returns:
        As `promote` does.

    Raises:
        NotAdmittedError: nothing was released yet.
        PermanentError: there is no such release, it is in use, or its index or model is no more.
    """
    from webdata_assets.schemas.release import RELEASE
    from webdata_assets.stages.learn.pair import what_is_wrong
    from webdata_assets.store.releases import KEPT_RELEASES, current_release, newest_release

    store = _store()
    in_use = current_release(store)
    rows = store.tables.read(RELEASE).sort("release")
    rows = rows.filter(release=to) if to is not None else _earlier(rows, in_use)
    target = newest_release(rows)
    if target is None:
        raise _refused("there is no earlier release" if to is None else f"there is no release {to}")
    if _pair(target) == _pair(in_use):
        raise _refused(f"the pair of release {target.release} is in use already")
    index = store.index(Settings().index)
    if target.index_snapshot not in index.names():
        raise _refused(
            f"the index of release {target.release} was forgotten; those of the last {KEPT_RELEASES} are kept"
        )
    if problem := what_is_wrong(target, index, store.models.fetch):
        raise _refused(f"release {target.release} cannot be used again: {problem}")
    return _decide(store, "rollback", in_use, target.model_version, target.index_snapshot, reason)


def _decide(
    store: "Store",
    decision: Literal["promote", "rollback"],
    in_use: "Release",
    model: str | None,
    snapshot: str | None,
    reason: str | None,
) -> dict[str, Any]:
    """Store the decision, and carry it out in a run of this process."""
    from webdata_assets.automation.jobs import PROMOTE
    from webdata_assets.cli.instance import execute, open_instance
    from webdata_assets.definitions import build_defs
    from webdata_assets.schemas.release import RELEASE
    from webdata_assets.store.releases import current_release, decide_release

    decide_release(
        store, decision, model_version=model, index_snapshot=snapshot, left=in_use, by=_user(), reason=reason
    )
    settings = Settings()
    with open_instance(settings) as instance:
        outcome = execute(build_defs(settings=settings), instance, PROMOTE)
    now = current_release(store)
    done = now.model_version == model and snapshot in (None, now.index_snapshot)
    failed = ", ".join(outcome.failed_checks)
    return {
        "release": now.release,
        "model_version": now.model_version,
        "reason": store.tables.read(RELEASE).filter(release=now.release).item(0, "reason"),
        "run_id": outcome.run_id,
        "problem": None if outcome.success and done else outcome.error or failed or "the pair is as it was",
    }


def _earlier(rows: "pl.DataFrame", in_use: "Release") -> "pl.DataFrame":
    """Return the releases before the one in use whose pair is another."""
    import polars as pl

    same = (pl.col("index_snapshot") == in_use.index_snapshot) & pl.col("model_version").eq_missing(
        pl.lit(in_use.model_version, pl.String)
    )
    return rows.filter((pl.col("release") < in_use.release) & ~same)


def _pair(release: "Release") -> tuple[str, str | None]:
    return release.index_snapshot, release.model_version


def _find(registry: "pl.DataFrame", version: str) -> str:
    """Return the version that begins like this."""
    found = [str(each) for each in registry["version"] if each.startswith(version)]
    if len(found) == 1:
        return found[0]
    what = "no model" if not found else f"{len(found)} models, such as {found[0]} and {found[1]},"
    raise _refused(f"{what} begin{'s' if not found else ''} with {version}; see `webdata model history`")


def _registry(store: "Store") -> "pl.DataFrame":
    from webdata_assets.schemas.model import MODEL

    return store.tables.read(MODEL)


def _store() -> "Store":
    from webdata_assets.store import Store

    return Store.of(Settings())


def _refused(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)


def _interval(low: float, high: float) -> str:
    return f"{low:.3f} to {high:.3f}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container's user may have no name
        return f"uid {os.getuid()}"
