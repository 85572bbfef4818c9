"""One delivery to one sink: its contract, its merge, and how it ended.

What belongs here: that what goes wrong with one sink is told of that sink alone. What does not: sinks, and
what is offered to them (rows.py, chunks.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from webdata_assets.errors import FailureDomain, WebdataError
from webdata_assets.sinks.model import SinkFile
from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.contract import ContractBrokenError, Offer, promised_rows
from webdata_assets.stages.deliver.sink import Delivery, MergeResult, OvertakenError, Shape, Sink

State = Literal["delivered", "failed", "contract_broken"]


@dataclass(frozen=True)
class Ended:
    """How a delivery to one sink ended.

    Attributes:
        state: what became of it.
        merged: what the sink did and holds; None unless delivered.
        sequence: under which it was delivered; None unless it was.
        source_hash: content hash of what was to be sent; None where the contract was broken.
        error: in words, why it was not delivered.
        failure_domain: whose fault that is.
    """

    state: State
    merged: MergeResult | None = None
    sequence: int | None = None
    source_hash: str | None = None
    error: str | None = None
    failure_domain: FailureDomain | None = None


def deliver_to(
    sink: SinkFile,
    offer: Offer,
    open_shape: Callable[[Shape], Sink],
    *,
    sequence: int,
    run_id: str,
    take_over: bool = False,
) -> Ended:
    """Hold what is offered to the sink's contract, and merge it.

    Errors with a domain are how a delivery ended; a bug is raised as it is.

    Args:
        sink: its file.
        offer: everything of the sink's content.
        open_shape: opens the sink for rows of a shape.
        sequence: of the state that is delivered.
        run_id: of the run that delivers.
        take_over: whether to follow a newer delivery in the sink, under the next sequence, instead of
            leaving it there: it is of a store that is no more.
    """
    source_hash = None
    try:
        promised = promised_rows(sink.contract, Offer(_of_sources(offer.rows, sink), offer.shape))
        source_hash = hash_of(promised.rows, promised.shape)
        opened = open_shape(promised.shape)
        try:
            merged = opened.merge(promised.rows, Delivery(sequence, run_id, source_hash))
        except OvertakenError as error:
            if not take_over:
                raise
            sequence = error.held + 1
            merged = opened.merge(promised.rows, Delivery(sequence, run_id, source_hash))
    except ContractBrokenError as error:
        return Ended("contract_broken", error=str(error), failure_domain=error.failure_domain)
    except OvertakenError as error:
        told = (
            f"{error}. If that is of a store that is no more: webdata sinks deliver {sink.name} --take-over"
        )
        return Ended("failed", source_hash=source_hash, error=told, failure_domain=error.failure_domain)
    except WebdataError as error:
        # the object store that does not answer is the sink, whatever it is to others
        of_sink = error.failure_domain is FailureDomain.RESOURCE
        domain = FailureDomain.SINK if of_sink else error.failure_domain
        return Ended("failed", source_hash=source_hash, error=str(error), failure_domain=domain)
    return Ended("delivered", merged, sequence, source_hash)


def _of_sources(rows: pl.DataFrame, sink: SinkFile) -> pl.DataFrame:
    return rows.filter(pl.col("source").is_in(list(sink.sources))) if sink.sources else rows
