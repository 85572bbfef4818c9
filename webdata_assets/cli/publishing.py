"""`webdata publish`: everything unpartitioned, from what is admitted now."""

from typing import Any

from webdata_assets.errors import NotAdmittedError
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets.store import Store


def publish_admitted(*, retrain: bool) -> dict[str, Any]:
    """Make corpus, index and delivery, and with `retrain`, or where there is none yet, the model.

    Returns:
        `job`, `run_id`, `ok`, `layers` (one row each) and `problems` (lines of text).

    Raises:
        NotAdmittedError: there is nothing to publish.
    """
    from webdata_assets.automation.jobs import PUBLISH, PUBLISHED, RETRAIN, RETRAINED
    from webdata_assets.cli.instance import execute, open_instance
    from webdata_assets.definitions import build_defs

    settings = Settings()
    store = Store.of(settings)
    store.location.check_writable()
    if store.ledger.admitted(TABLES["records"]).height == 0:
        raise NotAdmittedError(
            "no partition is admitted yet; run one first, such as `webdata run --source NAME`"
        )
    untrained = store.ledger.newest_write(TABLES["model"], None) is None
    job, names = (RETRAIN, RETRAINED) if retrain or untrained else (PUBLISH, PUBLISHED)
    with open_instance(settings) as instance:
        outcome = execute(build_defs(settings=settings), instance, job)
    layers, problems = [], []
    for name in names:
        states = store.ledger.states(TABLES[name])
        if states.height == 0:
            continue
        state = states.row(0, named=True)
        layers.append({"layer": name, "rows": state["rows"], "admitted": state["admitted"]})
        for check in state["failed"]:
            detail = store.ledger.newest_verdicts(TABLES[name], check).item(0, "detail")
            problems.append(f"{name}: {check} failed" + (f": {detail}" if detail else ""))
    if outcome.error:
        problems.append(outcome.error)
    return {
        "job": job,
        "run_id": outcome.run_id,
        "ok": outcome.success,
        "layers": layers,
        "problems": problems,
    }
