"""Every sink by the name of its kind.

What belongs here: opening the sink that a delivery's row names. What does not: any sink.
"""

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.deliver.delta import DeltaSink
from webdata_assets.stages.deliver.parquet import ParquetSink
from webdata_assets.stages.deliver.sink import Sink

_KINDS: dict[str, type[DeltaSink] | type[ParquetSink]] = {
    DeltaSink.name: DeltaSink,
    ParquetSink.name: ParquetSink,
}


def open_sink(kind: str, uri: str) -> Sink:
    """Return a sink.

    Raises:
        PermanentError: there is no such kind.
    """
    if kind not in _KINDS:
        raise PermanentError(
            f"there is no sink of the kind {kind}, only {', '.join(_KINDS)}",
            failure_domain=FailureDomain.SINK,
        )
    return _KINDS[kind](uri)
