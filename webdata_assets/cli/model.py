"""`webdata model`: which models there are, how two compare, and a person's word on which is in use.

What belongs here: the commands and what they print. What does not: the work (models.py).
"""

from typing import Annotated

import typer

from webdata_assets.cli.arguments import Json
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say

model_app = typer.Typer(
    help="Show trained models, compare two, promote one, or go back to an earlier release.",
    no_args_is_help=True,
)

Version = Annotated[str, typer.Argument(help="A version, or how it begins; see `webdata model history`.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]


@model_app.command("history")
def model_history(as_json: Json = False) -> None:
    """List every trained model: its score, its difference to the champion of its time, and why it is in use.

    Example: webdata model history
    """
    from webdata_assets.cli.models import history

    with fail_clearly():
        rows = history()
        if as_json:
            print_json(rows)
        elif rows:
            print_table("Models, the newest first", rows)
        else:
            say("No model was trained yet; `webdata publish --retrain` trains one.")


@model_app.command("compare")
def model_compare(first: Version, second: Version, as_json: Json = False) -> None:
    """Evaluate two models on today's test rows, and say whether they differ.

    Example: webdata model compare 3f2a 91bc
    """
    from webdata_assets.cli.models import compare_models

    with fail_clearly():
        report = compare_models(first, second)
        if as_json:
            print_json(report)
            return
        print_table(f"{report['metric']} on {report['rows']} rows", report["models"])
        say(f"Difference {report['difference']} (95 % interval {report['interval']}, paired by group).")
        if report["slices"]:
            print_table("Slices", report["slices"])


@model_app.command("promote")
def model_promote(version: Version, reason: Reason = "", as_json: Json = False) -> None:
    """Take a model into use now, whatever the rule of promotion says; the index stays.

    It stays until a model that was trained later is better. Example: webdata model promote 3f2a
    """
    from webdata_assets.cli.models import promote

    with fail_clearly():
        _finish(promote(version, reason or None), as_json=as_json)


@model_app.command("rollback")
def model_rollback(
    to: Annotated[
        int | None, typer.Option(min=1, help="A release's number; the newest with another pair if none.")
    ] = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Go back to the model and the index of an earlier release, both at once.

    What is left does not come back by itself; what is trained or indexed later does.
    Example: webdata model rollback --to 3
    """
    from webdata_assets.cli.models import rollback

    with fail_clearly():
        _finish(rollback(to, reason or None), as_json=as_json)


def _finish(report: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
    else:
        say(f"Release {report['release']}: {report['reason']}")
        if report["problem"]:
            say(f"Decided, and not carried out: {report['problem']}. `webdata publish` tries again.")
    if report["problem"]:
        raise typer.Exit(ExitCode.FAILED)
