"""`webdata settings`: whether a deployment's variables are good, and the file that Dagster reads for them.

What belongs here: parsing, printing, exit codes. What does not: the work (settings_files.py and
settings_reach.py).
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from webdata_assets.cli.arguments import Json
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say

settings_app = typer.Typer(
    help="Check a deployment's settings, and write Dagster's own for them.", no_args_is_help=True
)


@settings_app.command("check")
def settings_check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Settings files; the environment and .env, as for every command, if none."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Only names and values, without reaching anything.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check names and values of WEBDATA_* variables, then what they name: store, Dagster's storage, files.

    Several files must have the same variables. A file counts alone: WEBDATA_* of the environment do not.
    Exits with 1 if something does not answer, and with 2 if a file needs editing.
    Example: webdata settings check staging.env prod.env --offline
    """
    from webdata_assets.cli.settings_files import missing_keys, read_settings

    with fail_clearly():
        read = [read_settings(path) for path in files] if files else [read_settings(None)]
        missing = missing_keys(read)
        reports = [_report(file, missing.get(file.place, []), offline=offline) for file in read]
        if as_json:
            print_json(reports)
        else:
            for report in reports:
                _print(report)
        if any(report["state"] == "mend" for report in reports):
            raise typer.Exit(ExitCode.USAGE)
        if any(report["state"] == "away" for report in reports):
            raise typer.Exit(ExitCode.FAILED)


@settings_app.command("instance")
def settings_instance() -> None:
    """Write the dagster.yaml of these settings into WEBDATA_HOME, and print its path.

    For what is started as Dagster's own program, with DAGSTER_HOME set to the folder of that file.
    Example: webdata settings instance
    """
    import os

    from webdata_assets.cli.instance import ensure_dagster_home
    from webdata_assets.settings import Settings

    with fail_clearly():
        settings = Settings()
        given = os.environ.get("DAGSTER_HOME")
        if given and Path(given).resolve() == settings.dagster_home:
            # it names the folder that is to be filled, and not one of somebody else's
            del os.environ["DAGSTER_HOME"]
        say(str(ensure_dagster_home(settings) / "dagster.yaml"))


def _report(file: Any, missing: list[str], *, offline: bool) -> dict[str, Any]:
    """Return what there is to say of a file: `state` (ok, mend, away), `problems`, `findings`."""
    from webdata_assets.cli.settings_files import as_environment
    from webdata_assets.cli.settings_reach import look_around

    problems = [{**asdict(each), "told": each.describe(file.place)} for each in file.problems]
    problems += [
        {
            "name": name,
            "line": None,
            "what": "is missing",
            "remedy": "the other files have it",
            "told": f"{file.place}: {name} is missing; the other files have it: add it here too",
        }
        for name in missing
    ]
    findings = []
    if not offline and file.settings is not None:
        with as_environment(file):
            findings = [asdict(each) for each in look_around(file.settings, file.redaction.apply)]
    states = {"mend"} if problems else {each["state"] for each in findings}
    return {
        "place": file.place,
        "state": next((state for state in ("mend", "away") if state in states), "ok"),
        "variables": len(file.variables),
        "problems": problems,
        "findings": findings,
    }


def _print(report: dict[str, Any]) -> None:
    for problem in report["problems"]:
        say(problem["told"])
    if report["findings"]:
        print_table(report["place"], report["findings"])
    elif not report["problems"]:
        say(f"{report['place']}: {report['variables']} variables are good.")
