"""Dead letters over time: which of them stand, what a person has decided, and which are asked again.

What belongs here: the letters of all partitions together. What does not: how a letter comes about
(stages/crawl), and planning a frontier with them (stages/crawl/frontier.py).
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas.dead_letter_decisions import DEAD_LETTER_DECISIONS
from webdata_assets.schemas.pages import DEAD_LETTERS, PAGES
from webdata_assets.stages.crawl.frontier import Retried
from webdata_assets.store.ledger import Ledger
from webdata_assets.store.tables import Tables

Decision = Literal["retry", "drop"]

_SETTLED = ("fetched", "unchanged", "gone")
_TRANSIENT_STATUSES = (408, 425, 429)
_LETTER = ["source", "url"]


@dataclass(frozen=True)
class DeadLetters:
    """Read the dead letters of a store, and decide on them.

    A letter stands until a later, admitted visit reaches its page or finds it gone. What is asked again on
    the next partition without anyone's word is what time may mend: failures of the site (`target`), unless it
    refused with a 4xx that asks for no patience; and failures of the way in (`access`) in which nobody
    answered, as when proxies or robots.txt were out of reach.
    """

    tables: Tables
    ledger: Ledger

    def standing(self, source: str | None = None, *, before: dt.date | None = None) -> pl.DataFrame:
        """Return the newest letter of each URL that still stands, by source and URL.

        Args:
            source: only this one's; all if None.
            before: as it was before this date's partition; now if None.

        Returns:
            The columns of dead letters, and `decision` and `decided_at` of the newest decision, if any.
        """
        wanted = _of(source, before)
        letters = (
            self.tables.scan(DEAD_LETTERS)
            .filter(wanted)
            .sort("date")
            .group_by(_LETTER, maintain_order=True)
            .last()
            .select(list(DEAD_LETTERS.polars_schema))
            .collect()
        )
        if letters.height:
            letters = letters.join(self._settled(letters, wanted), on=_LETTER, how="anti")
        return self.decided(letters.sort(_LETTER))

    def on(self, date: dt.date, source: str | None = None) -> pl.DataFrame:
        """Return the letters of one date, whatever became of them, as `standing` returns them."""
        rows = self.tables.scan(DEAD_LETTERS).filter(_of(source, None) & (pl.col("date") == date))
        return self.decided(rows.sort(_LETTER).collect())

    def decided(self, letters: pl.DataFrame) -> pl.DataFrame:
        """Return letters with `decision` and `decided_at`."""
        newest = (
            self.tables.scan(DEAD_LETTER_DECISIONS)
            .sort("at")
            .group_by(_LETTER, maintain_order=True)
            .last()
            .select(*_LETTER, "decision", decided_at="at")
            .collect()
        )
        return letters.join(newest, on=_LETTER, how="left", maintain_order="left")

    def urls_to_retry(self, source: str, date: dt.date) -> list[Retried]:
        """Return the letters that the partition of a date asks again, by URL."""
        letters = self.standing(source, before=date).filter(
            (pl.col("decision") != "drop").fill_null(True) & (_may_mend() | _is_asked_for())
        )
        if letters.height == 0:
            return []
        visits = (
            self.tables.scan(PAGES)
            .filter((pl.col("source") == source) & pl.col("date").is_in(letters["date"].unique().implode()))
            .select("date", "url", "role", "discovery", "depth")
            .join(letters.lazy().select("date", "url"), on=["date", "url"], how="semi")
            .sort("url")
            .collect()
        )
        return [Retried(**row) for row in visits.drop("date").iter_rows(named=True)]

    def dropped(self, source: str) -> set[str]:
        """Return the URLs of a source that are never asked again."""
        decisions = self.tables.scan(DEAD_LETTER_DECISIONS).filter(pl.col("source") == source)
        newest = decisions.sort("at").group_by("url", maintain_order=True).last().collect()
        return set(newest.filter(pl.col("decision") == "drop")["url"])

    def decide(
        self, source: str, urls: Collection[str], decision: Decision, *, by: str, reason: str | None = None
    ) -> None:
        """Decide on letters of a source; of several decisions on one URL, the newest counts.

        Args:
            source: its name.
            urls: canonical.
            decision: `retry` asks them again on the next partition, `drop` never again.
            by: who decides.
            reason: why, in words.

        Raises:
            PermanentError: CONFIGURATION, when one of the URLs never was a dead letter of the source.
        """
        if not urls:
            return
        known = self.tables.scan(DEAD_LETTERS).filter(pl.col("source") == source).select("url").collect()
        unknown = sorted(set(urls) - set(known["url"]))
        if unknown:
            raise PermanentError(
                f"{unknown[0]} is no dead letter of {source}; see `webdata deadletters list {source}`",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        newest = self.tables.scan(DEAD_LETTER_DECISIONS).select(pl.col("at").max()).collect().item()
        now = self.ledger.now()
        # a clock that was set back must not reorder decisions
        at = now if newest is None else max(now, newest + dt.timedelta(microseconds=1))
        rows = [
            {"source": source, "url": url, "decision": decision, "reason": reason, "decided_by": by, "at": at}
            for url in sorted(set(urls))
        ]
        schema = DEAD_LETTER_DECISIONS.polars_schema
        self.tables.append(DEAD_LETTER_DECISIONS, pl.DataFrame(rows, schema=schema))

    def _settled(self, letters: pl.DataFrame, wanted: pl.Expr) -> pl.DataFrame:
        """Return `source` and `url` of the letters whose page an admitted visit settled since."""
        admitted = self.ledger.admitted(PAGES).select("date", "source")
        visits = (
            self.tables.scan(PAGES)
            .filter(wanted & (pl.col("date") > letters["date"].min()) & pl.col("outcome").is_in(_SETTLED))
            .select("date", *_LETTER)
            .join(admitted.lazy(), on=["date", "source"], how="semi")
            .join(letters.lazy().select(*_LETTER, lettered="date"), on=_LETTER)
        )
        return visits.filter(pl.col("date") > pl.col("lettered")).select(_LETTER).unique().collect()


def _of(source: str | None, before: dt.date | None) -> pl.Expr:
    wanted = pl.lit(True) if source is None else pl.col("source") == source
    return wanted if before is None else wanted & (pl.col("date") < before)


def _may_mend() -> pl.Expr:
    status = pl.col("http_status")
    refused = (status.is_between(400, 499) & ~status.is_in(_TRANSIENT_STATUSES)).fill_null(False)
    domain = pl.col("failure_domain")
    return ((domain == FailureDomain.TARGET) & ~refused) | (
        (domain == FailureDomain.ACCESS) & status.is_null()
    )


def _is_asked_for() -> pl.Expr:
    """A decision to retry counts for one try: the next letter of the URL is newer than it."""
    tried = pl.coalesce("last_tried_at", "first_tried_at", pl.col("date").cast(pl.Datetime("us", "UTC")))
    return ((pl.col("decision") == "retry") & (pl.col("decided_at") > tried)).fill_null(False)
