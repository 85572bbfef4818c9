"""`webdata alerts`: what is open, a test message, and one look without the daemon."""

from typing import Annotated, Any

import typer

from webdata_assets.cli.arguments import Json
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say

alerts_app = typer.Typer(help="Show what people were told; send a test message.", invoke_without_command=True)


@alerts_app.callback()
def alerts(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Every message, with those that are over.")] = False,
    as_json: Json = False,
) -> None:
    """List what is wrong and was told, oldest first; nothing is sent.

    Receivers are the Apprise URLs in WEBDATA_ALERTS. Example: webdata alerts --all
    """
    if context.invoked_subcommand is not None:
        return
    with fail_clearly():
        rows = list_alerts(every=every)
        if as_json:
            print_json(rows)
        elif rows:
            shown = ("at", "kind", "state", "title", "sent") if every else ("at", "kind", "title", "sent")
            print_table(
                "Messages" if every else "Open alerts", [{name: row[name] for name in shown} for row in rows]
            )
        else:
            say("No messages yet." if every else "Nothing is open.")


@alerts_app.command("test")
def alerts_test(as_json: Json = False) -> None:
    """Send a test message to every receiver, and say which of them took it.

    Example: WEBDATA_ALERTS=json://127.0.0.1:8080/hook webdata alerts test
    """
    with fail_clearly():
        report = send_test()
        if as_json:
            print_json(report)
        else:
            for place in range(1, report["receivers"] + 1):
                say(f"Receiver {place}: {'took it' if place in report['took'] else 'did not take it'}.")
            if not report["ok"]:
                say("Is it reachable from here, and are its token or password and its path still right?")
        if not report["ok"]:
            raise typer.Exit(ExitCode.FAILED)


@alerts_app.command("send")
def alerts_send(as_json: Json = False) -> None:
    """Look once at what is wrong, as the alert sensor does, and send what was not sent yet.

    For deployments whose daemon does not run, such as one that cron drives. Example: webdata alerts send
    """
    with fail_clearly():
        report = look_once()
        print_json(report) if as_json else say(f"{report['said']}.")


def list_alerts(*, every: bool) -> list[dict[str, Any]]:
    """Return open alerts, or every message, oldest first."""
    from webdata_assets.settings import Settings
    from webdata_assets.store import Store
    from webdata_assets.store.alerts import messages, open_alerts

    store = Store.of(Settings())
    rows = messages(store) if every else open_alerts(store)
    return [
        {**row, "at": row["at"].isoformat(timespec="seconds")}
        for row in rows.drop("written_at").iter_rows(named=True)
    ]


def send_test() -> dict[str, Any]:
    """Send a test message; return how many receivers there are, and the places of those that took it.

    Raises:
        PermanentError: CONFIGURATION, when there are no receivers, or their URLs cannot be used.
    """
    from webdata_assets.errors import FailureDomain, PermanentError
    from webdata_assets.settings import Settings
    from webdata_assets.stages.observe.receivers import check_receivers, deliver

    urls = Settings().alerts
    if not urls:
        raise PermanentError(
            "there are no receivers: set WEBDATA_ALERTS to Apprise URLs, parted by spaces",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    check_receivers(urls)
    took = deliver(
        urls, "webdata: a test message", "Alerts of this deployment arrive here. Nothing is wrong.", "info"
    )
    return {"receivers": len(urls), "took": sorted(took), "ok": len(took) == len(urls)}


def look_once() -> dict[str, Any]:
    """Evaluate the alert sensor once; return what it says and how much is open."""
    from webdata_assets.automation.alerts.sensor import ALERT_SENSOR
    from webdata_assets.cli.instance import open_instance, tick
    from webdata_assets.definitions import build_defs
    from webdata_assets.settings import Settings
    from webdata_assets.store import Store
    from webdata_assets.store.alerts import open_alerts

    settings = Settings()
    with open_instance(settings) as instance:
        result = tick(build_defs(settings=settings), instance, ALERT_SENSOR)
    assert result.skip_reason is not None, "the sensor asks for no run"
    opened = open_alerts(Store.of(settings))
    return {"said": result.skip_reason.skip_message, "open": opened["title"].to_list()}
