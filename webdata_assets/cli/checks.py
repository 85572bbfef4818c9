"""`webdata checks`: its commands and what they print.

What belongs here: parsing, printing, exit codes. What does not: the work (judged.py).
"""

from typing import Annotated

import typer

from webdata_assets.cli.arguments import Json, as_date
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say

checks_app = typer.Typer(
    help="What keeps a partition in or out: the checks, their thresholds, and judging again.",
    no_args_is_help=True,
)


@checks_app.command("list")
def checks_list(as_json: Json = False) -> None:
    """List every check: its asset, whether it blocks, and its formula. docs/checks.md says more of each.

    Example: webdata checks list --json
    """
    from webdata_assets.cli.judged import list_checks

    with fail_clearly():
        rows = list_checks()
        print_json(rows) if as_json else print_table("Checks", rows)


@checks_app.command("explain")
def checks_explain(
    source: Annotated[str, typer.Argument(help="The source's name.")],
    date: Annotated[
        str, typer.Option(help="Thresholds as of this partition; of the next one if none, YYYY-MM-DD.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Print every threshold that a source's partition is judged by, and where it came from.

    Example: webdata checks explain demo_shop
    """
    from webdata_assets.cli.judged import explain_checks

    with fail_clearly():
        report = explain_checks(source, as_date(date) if date else None)
        if as_json:
            print_json(report)
            return
        print_table(
            f"Thresholds of {report['partition']}",
            [{**row, "threshold": _rounded(row["threshold"])} for row in report["thresholds"]],
        )
        say("A threshold of the source file is set there under its key; `webdata checks run` judges anew.")


@checks_app.command("run")
def checks_run(
    source: Annotated[str, typer.Option(help="The source's name.")],
    date: Annotated[
        str, typer.Option(help="The partition's date, YYYY-MM-DD; every stored one if none.")
    ] = "",
    layer: Annotated[
        str, typer.Option(help="Only this asset, such as pages; all that are stored if none.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Judge stored partitions anew, as after a threshold was changed. Nothing is crawled or materialized.

    Verdicts go into the ledger and to Dagster.

    Example: webdata checks run --source demo_shop --date 2026-06-01
    """
    from webdata_assets.cli.judged import judge_again, summary

    with fail_clearly():
        reports = judge_again(source, as_date(date) if date else None, layer or None)
        if as_json:
            print_json(reports[0] if date else reports)
        elif date:
            print_table(f"{reports[0]['partition']}, judged now", reports[0]["checks"])
            for line in reports[0]["problems"]:
                say(line)
        else:
            print_table(f"{len(reports)} partitions of {source}, judged now", summary(reports))
        if not all(report["admitted"] for report in reports):
            raise typer.Exit(ExitCode.FAILED)


def _rounded(threshold: float | None) -> str:
    return "" if threshold is None else f"{threshold:.4g}"
