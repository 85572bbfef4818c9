"""`webdata report`: today's page about the quality of everything that is stored."""

from pathlib import Path
from typing import Any

from webdata_assets.schemas.quality_report import QUALITY_REPORT
from webdata_assets.settings import Settings
from webdata_assets.store import Store


def make_report() -> dict[str, Any]:
    """Run the job `report` in this process: service levels, then the page.

    Returns:
        `run_id`, `ok`, `path`, `figures` (one row) and `problems` (lines of text); no path where there is no
        page of this run.

    Raises:
        PermanentError: a source file is broken.
    """
    from webdata_assets.automation.jobs import REPORT, REPORTED
    from webdata_assets.checks.inventory import failed_partitions
    from webdata_assets.cli.instance import execute, open_instance
    from webdata_assets.definitions import build_defs
    from webdata_assets.schemas import TABLES
    from webdata_assets.store.reports import report_file

    settings = Settings()
    store = Store.of(settings)
    store.location.check_writable()
    with open_instance(settings) as instance:
        outcome = execute(build_defs(settings=settings), instance, REPORT)
    write = store.ledger.newest_write(QUALITY_REPORT, None)
    made = write is not None and write.run_id == outcome.run_id
    problems = [outcome.error] if outcome.error else []
    for name in REPORTED:
        for state in store.ledger.states(TABLES[name]).iter_rows(named=True):
            problems += [f"{name}: {check} failed" for check in state["failed"]]
    if not made:
        return {"run_id": outcome.run_id, "ok": False, "path": None, "figures": [], "problems": problems}
    row = store.tables.read(QUALITY_REPORT).row(-1, named=True)
    inventory = failed_partitions(store)
    problems += [
        f"{each.partition} {each.layer} ({', '.join(each.checks)}): {each.remedy}" for each in inventory.rows
    ]
    shown = ("date", "sources", "partitions", "failed_partitions", "open_alerts", "bytes")
    return {
        "run_id": outcome.run_id,
        "ok": outcome.success,
        "path": str(report_file(store.location, row["date"])),
        "figures": [{name: row[name] for name in shown}],
        "problems": problems,
    }


def show(path: str) -> bool:
    """Open a page in the browser; return whether one could be started."""
    import webbrowser

    return webbrowser.open(Path(path).as_uri())
