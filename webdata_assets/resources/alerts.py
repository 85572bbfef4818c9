"""The receivers of alerts as a Dagster resource."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from pydantic import SecretStr

    from webdata_assets.stages.observe.receivers import Severity


class AlertsResource(dg.ConfigurableResource["AlertsResource"]):
    """Send messages to the receivers that WEBDATA_ALERTS names.

    Their URLs hold passwords and tokens: they are read from the environment, or from `.env`, at each use, and
    are never part of the resource, which Dagster stores and shows.
    """

    def send(self, title: str, body: str, severity: "Severity") -> bool:
        """Send one message; return whether any receiver took it. False where there is none."""
        return bool(self.deliver(title, body, severity))

    def deliver(
        self,
        title: str,
        body: str,
        severity: "Severity",
        *,
        only: Collection[int] | None = None,
        seconds: float | None = None,
    ) -> set[int]:
        """Send one message; return the places in WEBDATA_ALERTS, from 1, of the receivers that took it.

        Args:
            title: one line.
            body: several lines.
            severity: gives the message its sign and colour.
            only: places of the receivers to send to; all if None.
            seconds: for which the slowest is waited for, at most.
        """
        from webdata_assets.stages.observe.receivers import SECONDS, deliver

        wait = SECONDS if seconds is None else min(seconds, SECONDS)
        return deliver(_urls(), title, body, severity, only=only, seconds=wait)

    def places(self) -> list[int]:
        """Return the places of the receivers, from 1."""
        return list(range(1, len(_urls()) + 1))

    def unusable(self) -> list[int]:
        """Return the places of URLs that cannot be used."""
        from webdata_assets.stages.observe.receivers import unusable_receivers

        return unusable_receivers(_urls())

    def check(self) -> None:
        """Raise PermanentError that names the places of URLs that cannot be used, and says what to do."""
        from webdata_assets.stages.observe.receivers import check_receivers

        check_receivers(_urls())


def _urls() -> "tuple[SecretStr, ...]":
    from webdata_assets.settings import Settings

    return Settings().alerts
