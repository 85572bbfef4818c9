"""The registry of models, mirrored in MLflow: one run and one registered version for each of ours.

What belongs here: the translation. What does not: whether a deployment has MLflow (resources/mlflow.py).
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.observe.redaction import Redaction

ALIAS = "champion"
VERSION_TAG = "webdata.version"
"""Of runs and of registered versions: ours."""

_PREFIX = "webdata-"
_METRICS = (
    "score", "score_low", "score_high", "baseline_score", "floor", "champion_score", "difference",
    "difference_low",
)  # fmt: skip
_PARAMS = ("metric", "encoder", "classes", "train_rows", "test_rows", "test_groups", "admitted_partitions")
_TAGS = (
    "parent", "reason", "promotable", "training_fingerprint", "evaluation_fingerprint",
    "admitted_fingerprint", "artefact_hash",
)  # fmt: skip
_MAX_TAG = 500
_ENVIRONMENT = {
    # it would send figures of its use to its makers
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # a server that is down must not hold up a release for minutes
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""What MLflow reads while it is imported, unless the deployment says otherwise."""


def mirror(uri: str, registry: pl.DataFrame, champion: str | None, artefact: Callable[[str], Path]) -> int:
    """Mirror the versions that MLflow does not have yet, and give the champion its alias.

    Args:
        uri: MLflow's tracking URI; its registry is at the same place.
        registry: rows of the `model` table.
        champion: the version in use, if any.
        artefact: where a version's files lie.

    Returns:
        How many versions are new there.

    Raises:
        PermanentError: MLflow is not installed, or the URI holds a password.
        TransientError: it is out of reach, or refuses.
    """
    if urlsplit(uri).password is not None:
        raise PermanentError(
            "WEBDATA_MLFLOW holds a password, which would be shown: give it as MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise PermanentError(
            "WEBDATA_MLFLOW is set and MLflow is not installed: pip install 'webdata_assets[mlflow]'",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    try:
        return _mirror(MlflowClient(uri, uri), _artefact_root(uri), registry, champion, artefact)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        # servers repeat in a refusal what they were sent, credentials included
        line = str(error).partition("\n")[0].partition(" Response body")[0]
        line = Redaction.of(os.environ).apply(line)
        raise TransientError(f"MLflow at {uri}: {line}", failure_domain=FailureDomain.SINK) from None


def _mirror(
    client: Any,
    root: str | None,
    registry: pl.DataFrame,
    champion: str | None,
    artefact: Callable[[str], Path],
) -> int:
    added = 0
    for (task,), rows in registry.sort("trained_at").group_by("task", maintain_order=True):
        name = f"{_PREFIX}{task}"
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        known = {
            found.tags.get(VERSION_TAG): found.version
            for found in client.search_model_versions(f"name = '{name}'")
        }
        for row in rows.iter_rows(named=True):
            if row["version"] not in known:
                known[row["version"]] = _add(client, name, root, row, artefact(row["version"]))
                added += 1
        held = client.get_registered_model(name).aliases.get(ALIAS)
        wanted = known.get(champion)
        if wanted is not None and str(held) != str(wanted):
            client.set_registered_model_alias(name, ALIAS, wanted)
        elif wanted is None and held is not None:
            client.delete_registered_model_alias(name, ALIAS)
    return added


def _add(client: Any, name: str, root: str | None, row: Mapping[str, Any], folder: Path) -> Any:
    """Mirror one version; a run that an earlier try left without a version is taken up again."""
    from mlflow.entities import Metric, Param

    version, trained_at = row["version"], int(row["trained_at"].timestamp() * 1000)
    experiment = client.get_experiment_by_name(name)
    number = experiment.experiment_id if experiment else client.create_experiment(name, root)
    left = client.search_runs([number], f"tags.`{VERSION_TAG}` = '{version}'", max_results=1)
    tags = {VERSION_TAG: version, **{tag: str(row[tag])[:_MAX_TAG] for tag in _TAGS if row[tag] is not None}}
    run = left[0] if left else client.create_run(number, trained_at, tags=tags, run_name=version)
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(key, row[key], trained_at, 0) for key in _METRICS if row[key] is not None],
        params=[Param(key, str(row[key])) for key in _PARAMS],
    )
    client.log_artifacts(run.info.run_id, str(folder), "model")
    client.log_text(run.info.run_id, row["evaluation"], "evaluation.json")
    client.set_terminated(run.info.run_id)
    source = f"{run.info.artifact_uri}/model"
    return client.create_model_version(name, source, run.info.run_id, tags={VERSION_TAG: version}).version


def _artefact_root(uri: str) -> str | None:
    """Return where files go beside a database in a file; a server knows its own place."""
    scheme, _, path = uri.partition(":///")
    if scheme != "sqlite" or not path:
        return None
    return (Path(path).absolute().parent / "mlflow-artifacts").as_uri()
