"""The values for Dagster's chart, held against the classes to which the chart hands them, and our manifest.

No helm and no cluster: how the chart's templates join them was read, and not run.
"""

from typing import Any

import pytest
import yaml

from webdata_assets.orchestration.instance_config import render_instance_config
from webdata_assets.settings import Settings
from webdata_assets_tests.deploying.files import DEPLOY, ENVIRONMENTS, settings_of, values, wrong_with
from webdata_assets_tests.deployment import REPOSITORY

pytest.importorskip("dagster_k8s", reason="needs the extra kubernetes")

SERVE = DEPLOY / "kubernetes" / "serve.yaml"


def deployment() -> dict[str, Any]:
    """The one user deployment."""
    [found] = values()["dagster-user-deployments"]["deployments"]
    return found


def model(kind: str, value: Any) -> Any:
    """Return a value as the client's model has it; raises for an unknown or missing field."""
    from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
    from kubernetes import client

    return k8s_model_from_dict(getattr(client, kind), k8s_snake_case_dict(getattr(client, kind), value))


@pytest.mark.parametrize("part", ["deployment", "dagsterDaemon", "dagsterWebserver"])
def test_each_part_has_resources_probes_and_no_privileges(part: str) -> None:
    found = deployment() if part == "deployment" else values()[part]
    resources = model("V1ResourceRequirements", found["resources"])
    assert resources.limits["memory"] and resources.requests["memory"] and resources.requests["cpu"]
    security = model("V1SecurityContext", found["securityContext"])
    assert security.allow_privilege_escalation is False
    assert security.read_only_root_filesystem is True
    assert model("V1PodSecurityContext", found["podSecurityContext"]).run_as_non_root is True
    probes = [name for name in found if name.endswith("Probe")]
    assert "livenessProbe" in probes
    for name in probes:
        probe = {key: value for key, value in found[name].items() if key != "enabled"}
        assert model("V1Probe", probe).period_seconds >= 10
    mounted = {mount["name"] for mount in found["volumeMounts"]}
    assert mounted == {model("V1Volume", volume).name for volume in found["volumes"]}


def test_runs_and_steps_get_what_the_code_location_has() -> None:
    from dagster_k8s.container_context import K8sContainerContext

    found = deployment()
    assert found["includeConfigInLaunchedRuns"] == {"enabled": True}
    context = K8sContainerContext.create_from_config(
        {
            "k8s": {
                "env_config_maps": [each["name"] for each in found["envConfigMaps"]],
                "env_secrets": [each["name"] for each in found["envSecrets"]],
                "env": found["env"],
                "volumes": found["volumes"],
                "volume_mounts": found["volumeMounts"],
                "resources": found["resources"],
                "security_context": found["securityContext"],
            }
        }
    )
    container = context.run_k8s_config.container_config
    assert {each["name"] for each in container["env"]} >= {"WEBDATA_EXECUTOR"}
    assert len(container["env_from"]) == 2


def test_the_jobs_of_runs_are_configured_as_the_launcher_takes_it() -> None:
    from dagster_k8s.job import UserDefinedDagsterK8sConfig
    from dagster_k8s.models import k8s_snake_case_keys
    from kubernetes import client

    launcher = values()["runLauncher"]
    assert launcher["type"] == "K8sRunLauncher"
    given = launcher["config"]["k8sRunLauncher"]["runK8sConfig"]
    names = {"containerConfig", "podSpecConfig", "podTemplateSpecMetadata", "jobSpecConfig", "jobMetadata"}
    assert set(given) <= names
    UserDefinedDagsterK8sConfig(
        container_config=k8s_snake_case_keys(client.V1Container, given["containerConfig"]),
        pod_spec_config=k8s_snake_case_keys(client.V1PodSpec, given["podSpecConfig"]),
        job_spec_config=k8s_snake_case_keys(client.V1JobSpec, given["jobSpecConfig"]),
    )


def test_the_code_location_is_started_as_the_chart_starts_it() -> None:
    found = deployment()
    words = [
        "dagster",
        "code-server",
        "start",
        "-h",
        "0.0.0.0",
        "-p",
        str(found["port"]),
        *found["codeServerArgs"],
    ]
    assert wrong_with(words) is None


def test_the_environment_of_the_code_location_is_a_good_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.chdir(tmp_path)
    prod = next(path for path in ENVIRONMENTS if path.stem == "prod")
    for name, value in settings_of(prod).items():
        monkeypatch.setenv(name, value)
    for each in deployment()["env"]:
        monkeypatch.setenv(each["name"], each["value"])
    settings = Settings()
    assert settings.executor == "kubernetes"
    image = deployment()["image"]
    assert settings.kubernetes_image == f"{image['repository']}:{image['tag']}"


def test_the_queue_has_the_limits_of_the_project() -> None:
    rendered = render_instance_config(
        Settings(executor="kubernetes", kubernetes_image="x"),
        (REPOSITORY / "webdata_assets" / "dagster.yaml").read_text(),
    )
    assert rendered is not None
    ours, chart = yaml.safe_load(rendered), values()
    more = chart["additionalInstanceConfig"]
    assert (
        more["concurrency"]["runs"]["tag_concurrency_limits"]
        == ours["concurrency"]["runs"]["tag_concurrency_limits"]
    )
    assert more["concurrency"]["pools"] == ours["concurrency"]["pools"]
    assert more["freshness"] == ours["freshness"]
    daemon = chart["dagsterDaemon"]
    assert daemon["runRetries"] == {"enabled": False}, "the chart would write a second one"
    assert more["run_retries"] == ours["run_retries"]
    assert daemon["runMonitoring"]["pollIntervalSeconds"] == ours["run_monitoring"]["poll_interval_seconds"]
    assert (
        daemon["runMonitoring"]["freeSlotsAfterRunEndSeconds"]
        == ours["run_monitoring"]["free_slots_after_run_end_seconds"]
    )
    assert chart["telemetry"] == ours["telemetry"]


def test_dagster_takes_what_is_added_to_its_instance(tmp_path) -> None:
    import dagster as dg

    chart = values()
    queue = chart["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    config = {
        **chart["additionalInstanceConfig"],
        "run_coordinator": {
            "module": "dagster._core.run_coordinator",
            "class": "QueuedRunCoordinator",
            "config": {"dequeue_interval_seconds": queue["dequeueIntervalSeconds"]},
        },
    }
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        queued = instance.get_concurrency_config().run_queue_config
        assert queued is not None
        assert queued.max_concurrent_runs == 10
        assert len(queued.tag_concurrency_limits) == 3
        assert instance.run_retries_max_retries == 2


def test_no_secret_stands_in_the_values_and_nothing_is_open() -> None:
    chart = values()
    assert chart["postgresql"]["enabled"] is False
    assert "postgresqlPassword" not in chart["postgresql"]
    assert chart["generatePostgresqlPasswordSecret"] is False
    assert chart["global"]["postgresqlSecretName"]
    assert chart["ingress"]["enabled"] is False
    assert chart["dagsterWebserver"]["service"]["type"] == "ClusterIP"


def test_the_probes_of_the_webserver_ask_its_port() -> None:
    web = values()["dagsterWebserver"]
    for name in ("readinessProbe", "livenessProbe", "startupProbe"):
        assert web[name]["httpGet"] == {"path": "/server_info", "port": web["service"]["port"]}


def test_the_chart_is_of_the_version_of_dagster() -> None:
    from dagster import __version__

    assert f"--version {__version__} " in (DEPLOY / "kubernetes" / "values.yaml").read_text()


def test_the_manifest_of_searches_fits_the_api() -> None:
    service = {"Deployment": "V1Deployment", "Service": "V1Service", "NetworkPolicy": "V1NetworkPolicy"}
    documents = [*yaml.safe_load_all(SERVE.read_text())]
    assert [each["kind"] for each in documents] == [*service]
    found = {each["kind"]: model(service[each["kind"]], each) for each in documents}
    [container] = found["Deployment"].spec.template.spec.containers
    assert wrong_with(container.args) is None
    assert container.security_context.read_only_root_filesystem is True
    assert container.resources.limits["memory"]
    labels = found["Deployment"].spec.template.metadata.labels
    assert found["Service"].spec.selector == labels
    assert found["Deployment"].spec.selector.match_labels == labels
    assert found["NetworkPolicy"].spec.pod_selector.match_labels == labels
