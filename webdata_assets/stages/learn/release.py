"""Releases: which pair of index and model comes into use next.

What belongs here: the decision, from what was released, trained, indexed and asked for. What does not:
whether a model is good enough (promotion.py), which release readers see, and storing one (store/releases.py).
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from webdata_assets.schemas.release import RELEASE

_SHOWN_DIGITS = 8


@dataclass(frozen=True)
class Release:
    """One promoted pair."""

    release: int
    index_snapshot: str
    encoder: str | None
    chunks: int
    model_version: str | None
    released_at: dt.datetime


@dataclass(frozen=True)
class IndexState:
    """The newest state of the index whose checks passed.

    Attributes:
        encoder: model of its vectors; None while it is empty.
        written_at: when its manifest was written.
    """

    snapshot: str
    encoder: str | None
    chunks: int
    written_at: dt.datetime


@dataclass(frozen=True)
class NextRelease:
    """What is to be in use.

    Attributes:
        release: the pair, with its number: a new one, or that of the newest row.
        added: whether it is new.
        reason: what changed, or why nothing did.
    """

    release: Release
    added: bool
    reason: str

    def appended_to(self, rows: pl.DataFrame, *, run_id: str) -> pl.DataFrame:
        """Return the release table's rows with this one, if it is new."""
        if not self.added:
            return rows
        row = {
            **{name: getattr(self.release, name) for name in Release.__dataclass_fields__},
            "reason": self.reason,
            "run_id": run_id,
        }
        return pl.concat([rows, pl.DataFrame([row], schema=RELEASE.polars_schema)])


def newest_release(rows: pl.DataFrame) -> Release | None:
    """Return the last of some rows of the release table, checked or not; None where there is none."""
    if rows.is_empty():
        return None
    row = rows.sort("release").row(-1, named=True)
    return Release(**{name: row[name] for name in Release.__dataclass_fields__})


def next_release(
    rows: pl.DataFrame,
    in_use: Release | None,
    registry: pl.DataFrame,
    decisions: pl.DataFrame,
    index: IndexState,
    *,
    named: Collection[str],
    now: dt.datetime,
) -> NextRelease:
    """Decide which pair comes into use.

    The index is its newest state. The model is the champion, unless a promotable one was trained that was
    compared with this very champion. A decision of a person goes before both, until a model or an index state
    comes that is newer than it; what it left does not come back by itself. Index and model have vectors of
    one encoder: while no promotable model reads the newest index, the pair in use stays whole.

    Args:
        rows: of the release table, checked or not.
        in_use: the newest of them whose checks passed.
        registry: rows of the `model` table.
        decisions: rows of `release_decisions`.
        index: its newest state.
        named: the index's states that can still be read.
        now: the moment of the release.
    """
    asked = _Asked.of(decisions, in_use, named)
    champion = asked.model_version if asked.model_is_pending else (in_use.model_version if in_use else None)
    wanted = _index_to_use(index, asked, rows)
    encoders = dict(registry.select("version", "encoder").iter_rows())
    candidate = _candidate(registry, decisions, champion, wanted.encoder)
    model = candidate["version"] if candidate else champion
    held = None
    if model is not None and not _agree(encoders.get(model, wanted.encoder), wanted.encoder):
        held = (
            f"the pair in use stays whole: the index's vectors are of {wanted.encoder}, model {model} reads "
            f"those of {encoders[model]}; a promotable model of the new encoder releases both"
        )
        stays = asked.index_snapshot or (in_use.index_snapshot if in_use else None)
        wanted = _known(rows, stays) if stays is not None else wanted
    newest = newest_release(rows)
    if newest and (newest.index_snapshot, newest.model_version) == (wanted.snapshot, model):
        return NextRelease(newest, added=False, reason=held or f"release {newest.release} is up to date")
    after = now if newest is None else max(now, newest.released_at + dt.timedelta(microseconds=1))
    pair = Release(
        release=newest.release + 1 if newest else 1,
        index_snapshot=wanted.snapshot,
        encoder=wanted.encoder,
        chunks=wanted.chunks,
        model_version=model,
        released_at=after,
    )
    if candidate:
        promoted = f"promoted: {candidate['reason']}"
    else:
        promoted = asked.words if asked.model_is_pending else ""
    return NextRelease(pair, added=True, reason=held or _changes(in_use, pair, promoted))


def snapshots_to_keep(rows: pl.DataFrame, *others: Release | None, releases: int) -> set[str]:
    """Return the index's states that the last releases need, and those of other releases given."""
    last = rows.sort("release").tail(releases)["index_snapshot"].to_list()
    return {*last, *(other.index_snapshot for other in others if other is not None)}


@dataclass(frozen=True)
class _Asked:
    """What people have decided, as far as it still counts.

    Attributes:
        model_version: the champion asked for; it counts while `model_is_pending`.
        model_is_pending: whether no release has followed the newest decision.
        index_snapshot: the state that was rolled back to, and is to be searched; None for the newest.
        index_since: when that was decided.
        left_snapshots: states that were left.
        words: the newest decision in words.
    """

    model_version: str | None = None
    model_is_pending: bool = False
    index_snapshot: str | None = None
    index_since: dt.datetime | None = None
    left_snapshots: frozenset[str] = frozenset()
    words: str = ""

    @classmethod
    def of(cls, decisions: pl.DataFrame, in_use: Release | None, named: Collection[str]) -> "_Asked":
        if decisions.is_empty():
            return cls()
        ordered = decisions.sort("at")
        newest = ordered.row(-1, named=True)
        verb = "promoted" if newest["decision"] == "promote" else "rolled back to"
        asked = cls(
            model_version=newest["model_version"],
            model_is_pending=in_use is None or in_use.released_at < newest["at"],
            left_snapshots=frozenset(ordered["left_index_snapshot"].drop_nulls()),
            words=f"{verb} by {newest['decided_by']}",
        )
        rollbacks = ordered.filter(pl.col("index_snapshot").is_not_null())
        if rollbacks.is_empty():
            return asked
        rollback = rollbacks.row(-1, named=True)
        pending = in_use is None or in_use.released_at < rollback["at"]
        stands = pending or in_use is None or in_use.index_snapshot == rollback["index_snapshot"]
        if not stands or rollback["index_snapshot"] not in named:
            return asked
        return replace(asked, index_snapshot=rollback["index_snapshot"], index_since=rollback["at"])


def _index_to_use(index: IndexState, asked: _Asked, rows: pl.DataFrame) -> IndexState:
    if asked.index_snapshot is None or asked.index_since is None:
        return index
    is_newer = index.written_at > asked.index_since and index.snapshot not in asked.left_snapshots
    return index if is_newer else _known(rows, asked.index_snapshot)


def _known(rows: pl.DataFrame, snapshot: str) -> IndexState:
    """Return a state that was released before."""
    row = rows.filter(pl.col("index_snapshot") == snapshot).sort("release").row(-1, named=True)
    return IndexState(snapshot, row["encoder"], row["chunks"], row["released_at"])


def _candidate(
    registry: pl.DataFrame, decisions: pl.DataFrame, champion: str | None, encoder: str | None
) -> dict[str, Any] | None:
    """Return the newest model that may replace the champion."""
    found = registry.filter(
        "promotable",
        # compared with this very champion, and so after it came into use
        pl.col("parent").eq_missing(pl.lit(champion, pl.String)),
        pl.col("version").ne_missing(pl.lit(champion, pl.String)),
    )
    if encoder is not None:
        found = found.filter(encoder=encoder)
    if decisions.height:
        left = decisions["left_model_version"].drop_nulls()
        found = found.filter(
            ~pl.col("version").is_in(left.implode()), pl.col("trained_at") > decisions["at"].max()
        )
    if found.is_empty():
        return None
    return found.sort("trained_at", "version").select("version", "reason").row(-1, named=True)


def _agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _changes(before: Release | None, after: Release, promoted: str) -> str:
    """Return in words what differs from the release in use."""
    words = []
    if before is None or before.index_snapshot != after.index_snapshot:
        was = f" (were {before.chunks})" if before else ""
        words.append(f"index {after.index_snapshot[:_SHOWN_DIGITS]} of {after.chunks} chunks{was}")
    if before is None or before.model_version != after.model_version:
        if after.model_version is None:
            words.append(f"no model ({promoted})" if promoted else "no model")
        else:
            words.append(" ".join(filter(None, ["model", after.model_version[:_SHOWN_DIGITS], promoted])))
    if not words:
        words.append("the pair in use once more")
    return "; ".join(words)
