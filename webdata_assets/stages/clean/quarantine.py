"""The quarantine of one partition: what was put aside, and why.

What belongs here: rows of the quarantine table out of rows, reasons and failed pages. What does not: deciding
(cleaner.py), and the words of a reason (reasons.py).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.stages.clean.drafts import Place, fields_of
from webdata_assets.stages.clean.reasons import PAGE_ORDINAL, Refusal, quarantine_row
from webdata_assets.stages.extract.extraction import PageFailure

_QUARANTINE = TABLES["quarantine"]


@dataclass
class Quarantined:
    """Rows of the quarantine table, collected frame by frame.

    Attributes:
        redacts: whether personal data are replaced in reasons, and in what was found; records come redacted.
    """

    date: dt.date
    source: str
    redacts: bool = False
    _frames: list[pl.DataFrame] = field(default_factory=lambda: [_QUARANTINE.empty()])

    def put(self, rows: pl.DataFrame, refusals: Mapping[Place, Iterable[Refusal]]) -> None:
        """Put records aside: one row for each of a record's refusals."""
        self._add(
            self._row(refusal, row["url"], row["ordinal"], fields, row["payload_hash"], row["payload_date"])
            for row in rows.iter_rows(named=True)
            for fields in [fields_of(row)]
            for refusal in refusals[row["url"], row["ordinal"]]
        )

    def put_pages(self, failures: Iterable[PageFailure]) -> None:
        """Put whole pages aside that could not be extracted."""
        self._add(
            self._row(
                Refusal("extract", None, failure.reason),
                failure.url,
                PAGE_ORDINAL,
                {},
                failure.payload_hash,
                failure.payload_date,
            )
            for failure in failures
        )

    def frame(self) -> pl.DataFrame:
        """Return every row, by the table's key."""
        return pl.concat(self._frames).sort(_QUARANTINE.key, nulls_last=True)

    def _row(
        self,
        refusal: Refusal,
        url: str,
        ordinal: int,
        fields: Mapping[str, object],
        payload_hash: str,
        payload_date: dt.date,
    ) -> dict[str, object]:
        return quarantine_row(
            refusal,
            date=self.date,
            source=self.source,
            url=url,
            ordinal=ordinal,
            fields=fields,
            payload_hash=payload_hash,
            payload_date=payload_date,
            redacts=self.redacts,
        )

    def _add(self, rows: Iterable[dict[str, object]]) -> None:
        frame = pl.DataFrame(list(rows), schema=_QUARANTINE.polars_schema, orient="row")
        if frame.height:
            self._frames.append(frame)
