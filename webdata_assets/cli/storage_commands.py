"""Commands about stores as a whole: maintenance, rollback, migration, and how two of them differ.

What belongs here: parsing, printing, exit codes. What does not: the work (maintain.py, rollback.py, diff.py).
"""

from typing import Annotated

import typer

from webdata_assets.cli.arguments import Json
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say, tell

storage_app = typer.Typer()


@storage_app.command()
def maintain(
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table; may be repeated. All, and folders, if none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put small files together, write checkpoints, remove what no kept version names; say what it takes.

    The daemon does so each night. Content stays as it is, and is compared. Example: webdata maintain
    """
    from webdata_assets.cli.maintain import maintain_store

    with fail_clearly():
        report = maintain_store(table or (), tell)
        if as_json:
            print_json(report)
        else:
            print_table(f"Storage: run {report['run_id']}", report["layers"])
            say(f"{report['bytes']} bytes, {report['monthly_cost']:g} a month (WEBDATA_STORAGE_PRICE).")
            for line in report["problems"]:
                say(line)
        if not report["ok"]:
            raise typer.Exit(ExitCode.FAILED)


@storage_app.command()
def rollback(
    asset: Annotated[str, typer.Argument(help="The asset's name, such as records.")],
    to: Annotated[
        str, typer.Option("--to", help="A version, or a moment such as 2026-06-01T12:00:00 (UTC).")
    ],
    partition: Annotated[
        str, typer.Option(help="Only this one, YYYY-MM-DD|source; the whole table if none.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make a table, or one partition, what it was; it is admitted if its checks passed then.

    What one step writes goes back together. What is made from it is behind then, and is made anew.
    Example: webdata rollback records --to 12 --partition "2026-06-01|demo_shop"
    """
    from webdata_assets.cli.rollback import roll_back_asset

    with fail_clearly():
        report = roll_back_asset(asset, to, partition or None)
        if as_json:
            print_json(report)
        else:
            print_table(f"{asset} as of {to}: {len(report['changed'])} changed", report["changed"])


@storage_app.command()
def migrate(as_json: Json = False) -> None:
    """Bring every table to its present schema now, rather than with its next write.

    Example: webdata migrate
    """
    from webdata_assets.cli.maintain import migrate_tables

    with fail_clearly():
        rows = migrate_tables(tell)
        print_json(rows) if as_json else print_table("Tables", rows)


@storage_app.command()
def diff(
    first: Annotated[str, typer.Argument(help="A store's folder or address, or a .env file that names it.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    rows: Annotated[
        bool, typer.Option("--rows", help="Count rows added, gone and changed where content differs.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what two stores have differently: partitions, versions, code, release, deliveries.

    `first` is what the first of them has. Exits with 0 if they are equal and with 1 if they differ.
    Example: webdata diff staging.env prod.env
    """
    from webdata_assets.cli.diff import compare_stores, shown

    with fail_clearly():
        report = compare_stores(first, second, count=rows)
        if as_json:
            print_json(report)
        else:
            for title, lines in shown(report):
                print_table(title, lines)
        if not report["equal"]:
            raise typer.Exit(ExitCode.FAILED)
