"""The release asset: which pair of index and model is in use."""

from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.errors import FailureDomain, PermanentError, WebdataError
from webdata_assets.resources import ClockResource, IndexResource, MlflowResource, StoreResource
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.release_decisions import RELEASE_DECISIONS
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.stages.learn.pair import name_state, what_is_wrong
from webdata_assets.stages.learn.release import next_release, snapshots_to_keep
from webdata_assets.store import Store
from webdata_assets.store.releases import KEPT_RELEASES, SNAPSHOT_DIGITS, admitted_release
from webdata_assets.store.store import data_version


@dg.asset(name="release", deps=["model"], **describe(RELEASE, kinds={"lancedb"}, code_version="1"))
def release(
    context: dg.AssetExecutionContext,
    vector_index: pl.DataFrame,
    store: StoreResource,
    index: IndexResource,
    mlflow: MlflowResource,
    clock: ClockResource,
) -> dg.Output[pl.DataFrame]:
    """Name the index's newest state, and release it with the champion once both fit together.

    Readers follow the newest row whose checks passed. States that no kept release needs are forgotten only
    when the rows that replaced them are stored; whatever a killed run leaves undone, the next one does.
    """
    opened, searchable = store.open(), index.open()
    rows, in_use = opened.tables.read(RELEASE), admitted_release(opened)
    registry = _registry(opened)
    manifest = opened.ledger.newest_write(VECTOR_INDEX, None)
    assert manifest is not None, "an admitted table was written"
    state = name_state(
        searchable, vector_index, data_version(VECTOR_INDEX, vector_index)[:SNAPSHOT_DIGITS], manifest.at
    )
    following = next_release(
        rows,
        in_use,
        registry,
        opened.tables.read(RELEASE_DECISIONS),
        state,
        named=searchable.names(),
        now=clock.now(),
    )
    pair = following.release
    if problem := what_is_wrong(pair, searchable, opened.models.fetch):
        raise PermanentError(
            f"this pair cannot be released, and the one in use stays: {problem}",
            failure_domain=FailureDomain.MODEL,
        )
    searchable.forget({state.snapshot, *snapshots_to_keep(rows, in_use, pair, releases=KEPT_RELEASES)})
    promoted = pair.model_version is not None and pair.model_version != (
        in_use.model_version if in_use else None
    )
    return output(
        RELEASE,
        following.appended_to(rows, run_id=context.run.run_id),
        {
            "release": pair.release,
            "chunks": pair.chunks,
            "promoted": int(promoted),
            "model_version": dg.MetadataValue.text(pair.model_version or "none"),
            "index_snapshot": dg.MetadataValue.text(pair.index_snapshot),
            "reason": dg.MetadataValue.text(following.reason),
            **_mirror(context, mlflow, opened, registry, pair.model_version),
        },
    )


def _registry(store: Store) -> pl.DataFrame:
    """Return the models; none of them may be promoted while the registry's own checks have not passed."""
    rows = store.tables.read(MODEL)
    is_admitted = store.ledger.admitted(MODEL).height > 0
    return rows if is_admitted else rows.with_columns(promotable=pl.lit(False))


def _mirror(
    context: dg.AssetExecutionContext,
    mlflow: MlflowResource,
    store: Store,
    registry: pl.DataFrame,
    champion: str | None,
) -> dict[str, Any]:
    """Show the models in MLflow, where one is set. The release does not depend on it."""
    if not mlflow.uri:
        return {}
    try:
        mirrored = mlflow.mirror(registry, champion, store.models.fetch)
    except WebdataError as error:
        context.log.warning("MLflow does not mirror the registry: %s", error)
        return {"mlflow": dg.MetadataValue.text(f"not mirrored: {error}")}
    return {"mlflow": dg.MetadataValue.text(f"{mirrored} versions mirrored now")}
