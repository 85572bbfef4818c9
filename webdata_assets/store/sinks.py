"""Opening declared sinks: addresses in the store, options of object stores, secrets of the environment.

What belongs here: from a sink file to a sink. What does not: the sinks (stages/deliver), and their files
(sinks/).
"""

from collections.abc import Mapping
from pathlib import Path

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sinks import model
from webdata_assets.stages.deliver.chunks import CHUNKS
from webdata_assets.stages.deliver.contract import promised_shape
from webdata_assets.stages.deliver.rows import RECORDS
from webdata_assets.stages.deliver.sink import Shape, Sink
from webdata_assets.store.location import Location
from webdata_assets.store.options import storage_options

OFFERED: Mapping[model.Content, Shape] = {"records": RECORDS, "chunks": CHUNKS}
"""What sinks are offered, by their `content`."""


def target_of(sink: model.SinkFile, location: Location) -> str:
    """Return where a sink is, without any secret; relative to the store where it lies there."""
    return sink.address or location.relative(_place(sink, location))


def shape_of(sink: model.SinkFile) -> Shape:
    """Return what a sink's rows look like. Raises ContractBrokenError where its contract asks for more."""
    return promised_shape(sink.contract, OFFERED[sink.content])


def open_sink(
    sink: model.SinkFile, location: Location, environ: Mapping[str, str], shape: Shape | None = None
) -> Sink:
    """Return the sink that a file declares, ready to merge and to be read.

    Args:
        sink: the file.
        location: of the store, in which sinks without an address lie.
        environ: holds the secrets that the file names.
        shape: of its rows; what its contract says if None.

    Raises:
        PermanentError: CONFIGURATION, a variable is not set, an extra is missing, or the target needs an
            address here.
        ContractBrokenError: the contract asks for what is not offered.
    """
    shape = shape or shape_of(sink)
    match sink:
        case model.DeltaFile():
            from webdata_assets.stages.deliver.delta import DeltaSink

            uri, options = _folder(sink, location, environ)
            return DeltaSink(uri, shape, options=options)
        case model.FilesFile():
            from webdata_assets.stages.deliver.files import FilesSink

            uri, options = _folder(sink, location, environ)
            return FilesSink(uri, shape, format=sink.kind, options=options)
        case model.DropFile():
            from webdata_assets.stages.deliver.drop import DropSink

            uri, options = _folder(sink, location, environ)
            return DropSink(uri, shape, options=options, keep=sink.keep)
        case model.LanceFile():
            from webdata_assets.stages.deliver.lance import LanceSink

            uri, options = _folder(sink, location, environ)
            return LanceSink(uri, sink.table_name, shape, options=options)
        case _:
            return _open_remote(sink, location, environ, shape)


def _open_remote(sink: model.SinkFile, location: Location, environ: Mapping[str, str], shape: Shape) -> Sink:
    match sink:
        case model.PostgresFile():
            from webdata_assets.stages.deliver.sql.postgres import PostgresSink

            password = secret_of(sink.name, sink.password_env, environ)
            return PostgresSink(sink.uri, sink.table_name, shape, password=password)
        case model.DuckDBFile():
            from webdata_assets.stages.deliver.sql.duckdb import DuckDBSink

            return DuckDBSink(_local(sink, sink.path, location), sink.table_name, shape)
        case model.SnowflakeFile():
            from webdata_assets.stages.deliver.sql.snowflake import SnowflakeSink

            password = secret_of(sink.name, sink.password_env, environ)
            return SnowflakeSink(sink.connection, sink.table_name, shape, password=password)
        case model.BigQueryFile():
            from webdata_assets.stages.deliver.sql.bigquery import BigQuerySink

            return BigQuerySink(
                sink.project,
                sink.dataset,
                sink.table_name,
                shape,
                credentials=secret_of(sink.name, sink.credentials_env, environ),
                endpoint=sink.endpoint,
            )
        case model.WebhookFile():
            from webdata_assets.stages.deliver.folder import open_folder
            from webdata_assets.stages.deliver.webhook import WebhookSink

            acknowledged = open_folder(location.delivered(sink.name), location.options)
            secret = secret_of(sink.name, sink.secret_env, environ)
            assert secret is not None, "a webhook's file names its secret"
            return WebhookSink(sink.url, shape, secret=secret, state=acknowledged, batch=sink.batch)
        case model.DltFile():
            from webdata_assets.stages.deliver.dlt import DltSink

            return DltSink(
                sink.destination,
                sink.dataset,
                sink.table_name,
                shape,
                pipelines=_local(sink, sink.pipelines, location),
                credentials=secret_of(sink.name, sink.credentials_env, environ),
            )
        case _:
            raise TypeError(f"{type(sink).__name__} is no sink file of a kind")


def secret_of(sink: str, variable: str | None, environ: Mapping[str, str]) -> str | None:
    """Return what a variable of the environment holds; None where a sink's file names none.

    Raises:
        PermanentError: CONFIGURATION, it is not set.
    """
    if variable is None:
        return None
    value = environ.get(variable)
    if not value:
        raise PermanentError(
            f"sink {sink}: the environment variable {variable}, which its file names, is not set; set it "
            "where deliveries run",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return value


def _place(sink: model.SinkFile, location: Location) -> str:
    return location.delivered(f"{sink.name}.duckdb" if isinstance(sink, model.DuckDBFile) else sink.name)


def _folder(
    sink: model.DeltaFile | model.FilesFile | model.DropFile | model.LanceFile,
    location: Location,
    environ: Mapping[str, str],
) -> tuple[str, Mapping[str, str]]:
    """Return the address of a sink, and the options of its object store."""
    if sink.uri is None:
        return _place(sink, location), location.options
    return sink.uri, storage_options(sink.uri, environ)


def _local(sink: model.SinkFile, given: str | None, location: Location) -> Path:
    if given is not None:
        return Path(given)
    if not location.is_local:
        raise PermanentError(
            f"sink {sink.name} needs a folder of this machine, and the store is {location.root}: write "
            f"`{'path' if isinstance(sink, model.DuckDBFile) else 'pipelines'}:` into its file",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return Path(_place(sink, location))
