"""Runs and steps as Kubernetes jobs: what is asked of the API fits its models, and carried out it does a run.

No cluster: a stand-in for the API starts each job's command as a local process.
"""

import datetime as dt
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from webdata_assets.cli.instance import ensure_dagster_home, open_instance
from webdata_assets.demo.server import DemoSite
from webdata_assets.errors import PermanentError
from webdata_assets.orchestration.instance_config import INSTANCE_CONFIG_MAP, KUBERNETES_HOME
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets_tests.orchestration.place import Place, wait_until
from webdata_assets_tests.servers.kubernetes import KubernetesStandIn

pytest.importorskip("dagster_k8s", reason="needs the extra kubernetes")

PARTITION = Partition(dt.date(2026, 6, 1), "demo_shop")
IMAGE = "registry.example/webdata:1"


@pytest.fixture
def place(tmp_path: Path, encoder_folder: Path, demo_site: DemoSite) -> Place:
    return Place.make(
        tmp_path / "place", demo_site, encoder_folder, executor="kubernetes", kubernetes_image=IMAGE,
        kubernetes_namespace="data", kubernetes_config=str(tmp_path / "kubeconfig"),
    )  # fmt: skip


@pytest.fixture
def api(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubernetesStandIn]:
    place.enter(monkeypatch)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    home = Settings().dagster_home
    stand_in = KubernetesStandIn({**place.environment, "DAGSTER_HOME": str(home)})
    stand_in.write_config(Path(place.environment["WEBDATA_KUBERNETES_CONFIG"]))
    yield stand_in
    stand_in.close()


def validated(job: dict[str, Any]) -> Any:
    """Return the job as the client's models have it; raises for an unknown or missing field."""
    from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
    from kubernetes.client import V1Job

    return k8s_model_from_dict(V1Job, k8s_snake_case_dict(V1Job, job))


MEMORY = {"frontier": "2Gi", "crawl_pages": "2Gi", "frontier_checks": "4Gi", "pages_checks": "4Gi"}
"""Of each step."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("assets", "steps"),
    [
        pytest.param(("frontier",), ("frontier", "frontier_checks"), id="frontier"),
        pytest.param(
            ("frontier", "pages", "dead_letters"), tuple(MEMORY), id="pages", marks=pytest.mark.soak
        ),
    ],
)
def test_a_run_and_each_of_its_steps_is_a_job_that_fits_the_api(
    place: Place, api: KubernetesStandIn, assets: tuple[str, ...], steps: tuple[str, ...]
):
    with open_instance(Settings()) as instance:
        run = launch(instance, assets)
        wait_until("the end of the run", lambda: ended(instance, run.run_id), seconds=240, every=0.25)
        done = instance.get_run_by_id(run.run_id)
        assert done is not None
        assert done.is_success, [entry.message for entry in instance.all_logs(run.run_id)][-5:]
    jobs = [validated(job) for job in api.jobs.values()]
    components = [job.metadata.labels["app.kubernetes.io/component"] for job in jobs]
    assert sorted(components) == ["run_worker", *["step_worker"] * len(steps)]
    for job in jobs:
        spec = job.spec.template.spec
        [container] = spec.containers
        assert (container.image, spec.service_account_name) == (IMAGE, "webdata")
        assert [source.secret_ref.name for source in container.env_from] == ["webdata"]
        assert [volume.config_map.name for volume in spec.volumes] == [INSTANCE_CONFIG_MAP]
        assert container.volume_mounts[0].mount_path == f"{KUBERNETES_HOME}/dagster.yaml"
        assert len(job.metadata.name) <= 63
    memory = {
        job.metadata.labels.get("dagster/op"): job.spec.template.spec.containers[0].resources.limits
        for job in jobs
        if job.metadata.labels["app.kubernetes.io/component"] == "step_worker"
    }
    assert {op: limits["memory"] for op, limits in memory.items()} == {step: MEMORY[step] for step in steps}
    for asset in set(assets) & {"frontier", "pages"}:
        assert place.store.ledger.admitted(TABLES[asset]).height == 1


def launch(instance: dg.DagsterInstance, assets: tuple[str, ...]) -> dg.DagsterRun:
    """Launch a partition's crawl, as far as some assets, through the instance's own launcher."""
    from dagster._core.launcher import LaunchRunContext

    job = dg.build_reconstructable_job("webdata_assets.definitions", "job_of_settings", ("crawl",))
    chosen = frozenset(dg.AssetKey(name) for name in assets)
    run = instance.create_run_for_job(
        job.get_subset(asset_selection=chosen).get_definition(), tags=PARTITION.tags,
        job_code_origin=job.get_python_origin(), asset_selection=chosen,
    )  # fmt: skip
    instance.run_launcher.launch_run(LaunchRunContext(dagster_run=run, workspace=None))
    return run


def ended(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    return run is not None and run.is_finished


def test_kubernetes_without_an_image_is_told_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with pytest.raises(PermanentError, match="WEBDATA_KUBERNETES_IMAGE"):
        ensure_dagster_home(Settings(home=tmp_path, executor="kubernetes"))
