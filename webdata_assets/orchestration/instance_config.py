"""What dagster.yaml says for the settings: the project's own file, and what several machines add to it.

What belongs here: that file's content. What does not: where it lies (cli/instance.py).
"""

from typing import Any

import yaml

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings

MADE_BY_US = "# Made from the project's dagster.yaml and WEBDATA_* variables; changes here are lost.\n"
INSTANCE_CONFIG_MAP = "webdata-instance"
"""In Kubernetes: holds the file that `render_instance_config` gives, under the key `dagster.yaml`."""
KUBERNETES_HOME = "/opt/dagster/home"
_FREE_SLOTS_SECONDS = 30
"""After a run ended, the slots of pools that its killed steps held are free."""


def render_instance_config(settings: Settings, packaged: str) -> str | None:
    """Return the text of dagster.yaml; None where the packaged one serves as it is.

    Args:
        settings: of the deployment.
        packaged: the text of the project's own file; may be empty.

    Raises:
        PermanentError: CONFIGURATION, the executor is Kubernetes and no image is named.
    """
    if not settings.dagster_storage.get_secret_value() and settings.executor == "in-process":
        return None
    config: dict[str, Any] = yaml.safe_load(packaged) or {}
    if settings.dagster_storage.get_secret_value():
        storage = {"module": "webdata_assets.orchestration.storage", "class": "SettingsPostgresStorage"}
        config["storage"] = {"custom": {**storage, "config": {}}}
    if settings.executor != "in-process":
        # steps of one run wait for different things, so pools limit steps and not runs
        config.setdefault("concurrency", {})["pools"] = {"granularity": "op"}
        config.setdefault("run_monitoring", {})["free_slots_after_run_end_seconds"] = _FREE_SLOTS_SECONDS
    if settings.executor == "kubernetes":
        config["run_launcher"] = _kubernetes_launcher(settings)
    return MADE_BY_US + yaml.safe_dump(config, sort_keys=False)


def _kubernetes_launcher(settings: Settings) -> dict[str, Any]:
    """Return the launcher that makes a job for each run; steps inherit image, account and environment."""
    if not settings.kubernetes_image:
        raise PermanentError(
            "WEBDATA_EXECUTOR=kubernetes needs WEBDATA_KUBERNETES_IMAGE, an image with this package",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    access: dict[str, Any] = {"load_incluster_config": not settings.kubernetes_config}
    if settings.kubernetes_config:
        access["kubeconfig_file"] = settings.kubernetes_config
    return {
        "module": "dagster_k8s",
        "class": "K8sRunLauncher",
        "config": {
            **access,
            "job_image": settings.kubernetes_image,
            "job_namespace": settings.kubernetes_namespace,
            "service_account_name": settings.kubernetes_service_account,
            "env_secrets": [settings.kubernetes_secret],
            "instance_config_map": INSTANCE_CONFIG_MAP,
            "dagster_home": KUBERNETES_HOME,
            "volumes": [{"name": "instance", "configMap": {"name": INSTANCE_CONFIG_MAP}}],
            "volume_mounts": [
                {
                    "name": "instance",
                    "mountPath": f"{KUBERNETES_HOME}/dagster.yaml",
                    "subPath": "dagster.yaml",
                }
            ],
        },
    }
