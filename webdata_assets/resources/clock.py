"""The clock: the present moment, or a fixed one in tests and rehearsals."""

import datetime as dt

import dagster as dg


class ClockResource(dg.ConfigurableResource["ClockResource"]):
    """Tell the time."""

    fixed: str = ""
    """ISO 8601 moment with offset at which the clock stands still; empty for the real time."""

    def now(self) -> dt.datetime:
        """Return the moment, in UTC."""
        if self.fixed:
            return dt.datetime.fromisoformat(self.fixed).astimezone(dt.UTC)
        return dt.datetime.now(dt.UTC)
