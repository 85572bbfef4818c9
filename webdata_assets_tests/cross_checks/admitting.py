"""Who may be read, from the ledger's entries in the order in which they were entered.

A write forgets what was said of the partition before. A verdict on the data of that write counts, and the
later one of a check replaces the earlier. The partition is admitted when every blocking check passed or only
warned.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from webdata_assets_tests.cross_checks.reading import Place, Row, place_of


@dataclass
class Standing:
    """A partition after its newest write: what was written, and what each check said of it."""

    data_version: str
    said: dict[str, Row] = field(default_factory=dict)

    def admitted(self, blocking: Iterable[str]) -> bool:
        return all(
            check in self.said and (self.said[check]["passed"] or self.said[check]["severity"] == "WARN")
            for check in blocking
        )


def standings(entries: Iterable[Row], table: str) -> dict[Place, Standing]:
    """Return the standing of every partition of a table that was ever written.

    Args:
        entries: rows of `check_results`, in any order; verdicts of one moment follow writes of that moment.
    """
    found: dict[Place, Standing] = {}
    of_table = (entry for entry in entries if entry["asset"] == table)
    for entry in sorted(of_table, key=lambda entry: (entry["at"], entry["check"] != "materialized")):
        place = place_of(entry)
        if entry["check"] == "materialized":
            found[place] = Standing(entry["data_version"])
        elif place in found and found[place].data_version == entry["data_version"]:
            found[place].said[entry["check"]] = entry
    return found
