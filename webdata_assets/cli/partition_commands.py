"""Commands about partitions: running one, running many, embedding again, and their state.

What belongs here: parsing, printing, exit codes. What does not: the work (partitions.py, backfill.py,
embed.py).
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webdata_assets.cli.arguments import Json, as_date, day_of
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_layers, print_table, say, tell

if TYPE_CHECKING:
    from webdata_assets.cli.backfill import Which

partitions_app = typer.Typer()


@partitions_app.command()
def run(
    source: Annotated[str, typer.Option(help="The source's name.")],
    date: Annotated[str, typer.Option(help="The partition's date, YYYY-MM-DD; today (UTC) if none.")] = "",
    replay: Annotated[
        bool, typer.Option("--replay", help="From the stored payloads, without any HTTP request.")
    ] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Keep the stored pages; request only what failed or is missing.")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Once it is admitted, `webdata publish` in the same process.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run one partition, from frontier to embeddings, and say whether it is admitted.

    Example: webdata run --source demo_shop --date 2026-06-01
    """
    from webdata_assets.cli.partitions import run_partition

    with fail_clearly():
        report = run_partition(source, day_of(date), replay=replay, missing=missing)
        if not as_json:
            print_layers(f"{report['partition']}: run {report['run_id']}", report)
        published = _publish(as_json) if publish and report["admitted"] else None
        if as_json:
            print_json({**report, "published": published} if publish else report)
        if not report["admitted"] or (published is not None and not published["ok"]):
            raise typer.Exit(ExitCode.FAILED)


def _publish(as_json: bool) -> dict[str, Any]:
    from webdata_assets.cli.publishing import publish_admitted

    published = publish_admitted(retrain=False)
    if not as_json:
        print_layers(f"{published['job']}: run {published['run_id']}", published)
    return published


@partitions_app.command()
def backfill(
    first: Annotated[str, typer.Option("--from", help="The first date, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="The last date; today (UTC) if none.")] = "",
    source: Annotated[
        list[str] | None, typer.Option(help="May be repeated; every enabled source if none.")
    ] = None,
    replay: Annotated[
        bool,
        typer.Option("--replay", help="All of them from stored payloads, without any HTTP request."),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="All of them from the site, also those that are admitted.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run what is missing between two dates: a run for each partition, all in this process.

    One that fails holds nobody else back. Ended early, it goes on where it was.
    Example: webdata backfill --from 2026-06-01 --to 2026-06-07 --source demo_shop
    """
    from webdata_assets.cli.backfill import backfill as run_partitions
    from webdata_assets.cli.backfill import summary

    if replay and everything:
        raise typer.BadParameter("--replay and --all exclude each other")
    which: Which = "replay" if replay else "all" if everything else "due"
    with fail_clearly():
        rows = run_partitions(source or (), as_date(first), day_of(last), which, tell)
        if as_json:
            print_json([asdict(row) for row in rows])
        else:
            print_table(f"{len(rows)} partitions", summary(rows))
        if any(row.state == "failed" for row in rows):
            raise typer.Exit(ExitCode.FAILED)


@partitions_app.command()
def status(
    source: Annotated[str, typer.Option(help="Only this source.")] = "", as_json: Json = False
) -> None:
    """Show partitions by state: admitted, failed (with the check), or not checked.

    Example: webdata status --source demo_shop
    """
    from webdata_assets.cli.partitions import partition_states

    with fail_clearly():
        report = partition_states(source or None)
        if as_json:
            print_json(report)
            return
        print_table("Partitions by state", report["counts"])
        for line in report["problems"]:
            say(line)


@partitions_app.command()
def embed(
    source: Annotated[str, typer.Option(help="Only partitions of this source.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also those of the encoder in use, as after a change of chunker.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Embed admitted partitions again whose vectors are of another encoder than the one in use.

    What it has encoded once is not encoded again. Example: webdata embed --source demo_shop
    """
    from webdata_assets.cli.embed import embed_again

    with fail_clearly():
        report = embed_again(source or None, everything=everything, tell=tell)
        if as_json:
            print_json(report)
        else:
            title = f"{len(report['partitions'])} partitions embedded by {report['model_id']}"
            print_table(title, report["partitions"])
            for line in report["problems"]:
                say(line)
        if not report["ok"]:
            raise typer.Exit(ExitCode.FAILED)
