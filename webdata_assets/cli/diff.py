"""The work of `webdata diff`: two deployments' stores, found by address or settings file, and compared.

What belongs here: finding the stores, and the report. What does not: what differs (store/comparison.py).
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from webdata_assets.cli.settings_files import read_settings
from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings
from webdata_assets.store import Store
from webdata_assets.store.comparison import compare, holds_a_store
from webdata_assets.store.options import storage_options
from webdata_assets.store.row_comparison import count_rows

_SHOWN = 30
"""Lines of differences at most; `--json` has them all."""
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")
_DIGITS = 16
"""Of a hash, where it is shown to people."""


def compare_stores(first: str, second: str, *, count: bool) -> dict[str, Any]:
    """Compare two stores.

    Args:
        first: a folder, an address such as `s3://bucket/prefix`, or a settings file that names one of them.
        second: likewise.
        count: whether rows are counted where content differs.

    Returns:
        `equal`, the names `first` and `second`, `layers` (partitions by state), `differences`, and `rows`
        where they are counted.

    Raises:
        PermanentError: CONFIGURATION, there is no such file, or no store.
        NotAdmittedError: with `count`, something that was admitted is so no more.
    """
    stores = _store(first), _store(second)
    found = compare(*stores)
    report = {
        "equal": found.equal,
        "first": first,
        "second": second,
        "layers": [asdict(layer) for layer in found.layers],
        "differences": [asdict(difference) for difference in found.differences],
    }
    if count:
        report["rows"] = [asdict(each) for each in count_rows(*stores, found.changed)]
    return report


def shown(report: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield titles and rows of the tables that tell a report."""
    between = f"{report['first']} (first) and {report['second']} (second)"
    if report["equal"]:
        yield f"{between}: equal", []
        return
    layers = [
        {
            "layer": layer["table"],
            "first": _told(layer["first"]),
            "second": _told(layer["second"]),
            "different": layer["different"],
        }
        for layer in report["layers"]
    ]
    yield f"{between}: {_number(len(report['differences']))}", layers
    counts = Counter((each["table"], each["what"]) for each in report["differences"])
    kinds = [{"layer": layer, "what": what, "differences": n} for (layer, what), n in counts.items()]
    if len(report["differences"]) > _SHOWN:
        yield "By kind", kinds
    lines = [{name: _short(value) for name, value in each.items()} for each in report["differences"]]
    rest = len(lines) - _SHOWN
    yield f"The first {_SHOWN}; {rest} more with --json" if rest > 0 else "Differences", lines[:_SHOWN]
    if report.get("rows"):
        rest = len(report["rows"]) - _SHOWN
        yield (
            (f"Rows, of {_SHOWN} partitions; {rest} more with --json" if rest > 0 else "Rows"),
            report["rows"][:_SHOWN],
        )


def _number(differences: int) -> str:
    return "1 difference" if differences == 1 else f"{differences} differences"


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in counts.items() if number) or "none"


def _short(value: object) -> object:
    is_hash = isinstance(value, str) and len(value) > _DIGITS and set(value) <= set("0123456789abcdef")
    return str(value)[:_DIGITS] if is_hash else value


def _store(named: str) -> Store:
    settings, environ = _settings(named)
    options = storage_options(
        settings.store,
        environ,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key=environ.get("AWS_ACCESS_KEY_ID", ""),
        secret_key=environ.get("AWS_SECRET_ACCESS_KEY", ""),
        session_token=environ.get("AWS_SESSION_TOKEN", ""),
    )
    store = Store.open(settings.store, options=options, cache=settings.cache)
    if not holds_a_store(store):
        raise PermanentError(
            f"{named}: there is no store at {settings.store}: name the folder, address or settings file of a "
            "deployment that has run",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return store


def _settings(named: str) -> tuple[Settings, dict[str, str]]:
    """Return the settings of one side, and the environment that its clients shall see.

    What a file says counts before the environment: two files must not become one store.
    """
    path = Path(named)
    if "://" in named or path.is_dir():
        return Settings().model_copy(update={"store": named}), dict(os.environ)
    if not path.is_file():
        raise PermanentError(
            f"{named} is neither a folder, nor an address such as s3://bucket/prefix, nor a settings file",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    file = read_settings(path)
    if file.settings is None:
        raise PermanentError(
            "\n".join(problem.describe(named) for problem in file.problems),
            failure_domain=FailureDomain.CONFIGURATION,
        )
    if not file.variables.get("WEBDATA_STORE"):
        raise PermanentError(
            f"{named} names no WEBDATA_STORE: write WEBDATA_STORE=… into it",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    environ = dict(os.environ)
    if any(name in file.variables for name in _CREDENTIALS):
        environ = {name: value for name, value in environ.items() if name not in _CREDENTIALS}
    return file.settings, {**environ, **file.variables}
