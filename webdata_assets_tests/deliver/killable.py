"""A run of deliveries in a process that kills itself in the middle: `python -m …killable MOMENT`."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from webdata_assets.automation.jobs import DELIVER
from webdata_assets.cli.instance import execute, open_instance
from webdata_assets.definitions import build_defs
from webdata_assets.settings import Settings
from webdata_assets.stages.deliver.delta import DeltaSink
from webdata_assets.stages.deliver.files import FilesSink
from webdata_assets.store.ledger import Ledger
from webdata_assets.store.tables import Tables


def _die(*_arguments: Any, **_named: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _then_die(original: Callable[..., Any]) -> Callable[..., Any]:
    def method(*arguments: Any, **named: Any) -> Any:
        original(*arguments, **named)
        _die()

    return method


def _die_for_delivery(original: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, table: Any, *arguments: Any, **named: Any) -> Any:
        if table.name == "delivery":
            _die()
        return original(self, table, *arguments, **named)

    return method


def before_the_first_sink() -> None:
    DeltaSink.merge = _die  # type: ignore[method-assign]


def after_the_first_sink() -> None:
    DeltaSink.merge = _then_die(DeltaSink.merge)  # type: ignore[method-assign]


def before_the_manifest_moves() -> None:
    FilesSink._swap = _die  # type: ignore[method-assign]


def before_the_table_is_written() -> None:
    Tables.overwrite = _die_for_delivery(Tables.overwrite)  # type: ignore[method-assign]


def before_the_checks() -> None:
    Ledger.record = _die_for_delivery(Ledger.record)  # type: ignore[method-assign]


MOMENTS = {
    moment.__name__: moment
    for moment in (
        before_the_first_sink, after_the_first_sink, before_the_manifest_moves, before_the_table_is_written,
        before_the_checks,
    )
}  # fmt: skip


if __name__ == "__main__":
    MOMENTS[sys.argv[1]]()
    with open_instance(Settings()) as instance:
        execute(build_defs(), instance, DELIVER)
