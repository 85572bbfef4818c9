"""`webdata sinks`: where deliveries go, whether their files can be used, and delivering to one."""

from typing import Annotated

import typer

from webdata_assets.cli.arguments import Json
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say, tell

sinks_app = typer.Typer(help="See where deliveries go, and deliver.", no_args_is_help=True)


@sinks_app.command("list")
def sinks_list(as_json: Json = False) -> None:
    """List the declared sinks, what each holds, and whether its last delivery was verified.

    Example: webdata sinks list
    """
    from webdata_assets.cli.sink_work import list_sinks

    with fail_clearly():
        rows = list_sinks()
        if as_json:
            print_json(rows)
        else:
            print_table(f"{len(rows)} sinks", [{**row, "error": row["error"] or ""} for row in rows])


@sinks_app.command("check")
def sinks_check(
    names: Annotated[list[str] | None, typer.Argument(help="Only these; all enabled ones if none.")] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Only the files, without reaching any sink.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the sink files and their contracts, then open each sink and read it; nothing is written.

    Example: WEBDATA_SINKS=sinks webdata sinks check warehouse
    """
    from webdata_assets.cli.sink_work import check_sinks

    with fail_clearly():
        rows = check_sinks(names or (), offline=offline, on_progress=tell)
        if as_json:
            print_json(rows)
        else:
            print_table(f"{len(rows)} sinks", rows)
        if not all(row["ok"] for row in rows):
            raise typer.Exit(ExitCode.FAILED)


@sinks_app.command("deliver")
def sinks_deliver(
    name: Annotated[str, typer.Argument(help="The sink's name.")],
    take_over: Annotated[
        bool,
        typer.Option("--take-over", help="Follow what a store that is no more delivered, though newer."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Deliver what is admitted now to one sink, verify it, and announce it.

    Example: webdata sinks deliver warehouse
    """
    from webdata_assets.cli.sink_work import deliver_now

    with fail_clearly():
        report = deliver_now(name, take_over=take_over)
        if as_json:
            print_json(report)
        else:
            tell(f"run {report['run_id']}")
            shown = ("sink", "kind", "target", "state", "rows", "inserted", "updated", "deleted")
            print_table(name, [{key: report["delivery"][key] for key in shown}] if report["delivery"] else [])
            for line in report["problems"]:
                say(line)
        if not report["ok"]:
            raise typer.Exit(ExitCode.FAILED)
