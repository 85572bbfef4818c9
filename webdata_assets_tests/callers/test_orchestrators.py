"""The examples for Airflow and Prefect, run by those, each in the environment that `make callers` made."""

import os
import subprocess
from pathlib import Path

import pytest

from webdata_assets.schemas import TABLES
from webdata_assets_tests.callers.conftest import BAD, EXAMPLES, GOOD, Called
from webdata_assets_tests.deployment import REPOSITORY

SECONDS = 400


def _python(name: str) -> Path:
    python = REPOSITORY / ".webdata" / "callers" / name / "bin" / "python"
    if not python.exists():
        pytest.skip(f"needs the environment of {name}: make callers")
    return python


def _run(
    name: str, script: str, called: Called, folder: Path, source: str
) -> subprocess.CompletedProcess[str]:
    home = {"AIRFLOW_HOME": str(folder), "PREFECT_HOME": str(folder), "HOME": str(folder)}
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(EXAMPLES),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "WEBDATA_SOURCE": source,
        **home,
        **called.environment,
    }
    python = _python(name)
    if name == "airflow":
        subprocess.run(
            [python.with_name("airflow"), "db", "migrate"], env=environment, check=True, capture_output=True
        )
    return subprocess.run(
        [python, EXAMPLES / script], env=environment, cwd=folder, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize(("name", "script"), [("airflow", "airflow_dag.py"), ("prefect", "prefect_flow.py")])
def test_another_orchestrator_runs_a_partition_and_sees_a_failed_check(
    name: str, script: str, called: Called, tmp_path: Path
) -> None:
    good = _run(name, script, called, tmp_path, GOOD)
    assert good.returncode == 0, good.stdout[-4_000:] + good.stderr[-4_000:]
    assert GOOD in set(called.store.ledger.admitted(TABLES["embeddings"])["source"])
    corpus = called.store.read_admitted(TABLES["corpus"])
    assert corpus.height > 0

    bad = _run(name, script, called, tmp_path, BAD)
    said = bad.stdout + bad.stderr
    assert "RunFailedError" in said, said[-4_000:]
    assert "ended as FAILURE" in said
    assert called.store.read_admitted(TABLES["corpus"]).equals(corpus)
