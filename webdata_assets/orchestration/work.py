"""The kinds of work that steps are: which queue they wait in, which pool limits them, what they need.

What belongs here: tags and pools, for every executor at once. What does not: executors (executors.py).
"""

from typing import Any, TypedDict

QUEUE_TAG = "dagster-celery/queue"
KUBERNETES_TAG = "dagster-k8s/config"


class StepWork(TypedDict):
    """Arguments of `@dg.op`."""

    tags: dict[str, Any]
    pool: str


class AssetWork(TypedDict):
    """Arguments of `@dg.asset` and `@dg.multi_asset`."""

    op_tags: dict[str, Any]
    pool: str


CRAWL = "crawl"
"""Waits for hosts: many at once fit on one core. Its queue's workers are those that may reach the sites."""
COMPUTE = "compute"
"""Keeps cores busy. Steps without a kind of their own, such as checks, wait in this queue too."""
QUEUES = (CRAWL, COMPUTE)

_RESOURCES: dict[str, dict[str, dict[str, str]]] = {
    CRAWL: {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
    COMPUTE: {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"memory": "8Gi"}},
}
"""What a step asks of Kubernetes. Kept low enough for a laptop's cluster; docs/machines.md says how to raise
it."""
OTHER_RESOURCES = {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "4Gi"}}
"""Of steps without a kind of their own."""


def step_work(kind: str) -> StepWork:
    """Return what an op of a kind of work is decorated with."""
    return {"tags": _tags(kind), "pool": kind}


def asset_work(kind: str) -> AssetWork:
    """Return what an asset of a kind of work is decorated with."""
    return {"op_tags": _tags(kind), "pool": kind}


def _tags(kind: str) -> dict[str, Any]:
    return {QUEUE_TAG: kind, KUBERNETES_TAG: {"container_config": {"resources": _RESOURCES[kind]}}}
