"""The grammar of a sink file: the keys of every sink, and one class for each kind with its own.

What belongs here: keys and their rules. What does not: contracts and announcements (contract.py,
announce.py), reading files (loading.py), and delivering (stages/deliver).
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from webdata_assets.sinks.addresses import Address, EnvironmentName, LocalPath, WebAddress
from webdata_assets.sinks.announce import Announcement
from webdata_assets.sinks.contract import Contract, Identifier, TableName
from webdata_assets.sources.grammar import Strict

Content = Literal["records", "chunks"]


class SinkFile(Strict):
    """What every sink file says, whatever its kind."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Lower-case letters, digits and `_`; its row's name"
    )
    kind: str = Field(description="What kind of target it is; each has keys of its own, below")
    description: str = Field(description="One sentence for people")
    enabled: bool = Field(default=True, description="Whether it is delivered to")
    content: Content = Field(
        default="records",
        description="`records`: live, canonical records with their predictions; `chunks`: what the index "
        "holds of them, with vectors",
    )
    sources: tuple[str, ...] = Field(default=(), description="Only rows of these sources; of all if empty")
    contract: Contract = Field(default_factory=Contract, description="What a consumer may rely on")
    announce: tuple[Announcement, ...] = Field(
        default=(), description="Who is told of each delivery that has passed its checks"
    )

    in_store: ClassVar[bool] = True
    """Whether an address that is left out means a folder of the sink's name in the store."""

    @property
    def address(self) -> str | None:
        """Where it is, without any secret; None for below the store."""
        uri: str | None = getattr(self, "uri", None)
        return uri


class _InFolder(SinkFile):
    uri: Address | None = Field(
        default=None,
        description="The folder: an absolute path, `s3://…`, `gs://…` or `abfs://…`; `delivered/NAME` in the "
        "store if unset",
    )


class _InTable(SinkFile):
    table: Identifier | None = Field(default=None, description="The table's name; the sink's if unset")

    @property
    def table_name(self) -> str:
        """The table's name."""
        return self.table or self.name


class _InSchema(_InTable):
    table: TableName | None = Field(
        default=None, description="The table's name, or `schema.table`; the sink's if unset"
    )


class DeltaFile(_InFolder):
    """A Delta table."""

    kind: Literal["delta"] = Field(description="A Delta table")


class FilesFile(_InFolder):
    """One file of all rows, named by its content, and a manifest that names it."""

    kind: Literal["parquet", "orc", "arrow"] = Field(description="The file's format")


class DropFile(_InFolder):
    """One folder a delivery, with all rows, what changed, and a manifest, for consumers who poll."""

    kind: Literal["drop"] = Field(description="One folder a delivery")
    keep: int = Field(default=10, ge=1, description="Deliveries that are kept")


class LanceFile(_InFolder, _InTable):
    """A table of LanceDB: a vector store, with `content: chunks`."""

    kind: Literal["lance"] = Field(description="A table of LanceDB")

    @property
    def address(self) -> str | None:
        """The folder and the table; None for below the store."""
        return None if self.uri is None else f"{self.uri}#{self.table_name}"


class PostgresFile(_InSchema):
    """A table in PostgreSQL; with `content: chunks` a vector store by pgvector."""

    kind: Literal["postgres"] = Field(description="A table in PostgreSQL")
    uri: Address = Field(description="`postgresql://user@host:port/database`, without a password")
    password_env: EnvironmentName | None = Field(
        default=None, description="Name of the environment variable that holds the password"
    )
    in_store: ClassVar[bool] = False

    @field_validator("uri")
    @classmethod
    def _postgresql(cls, value: str) -> str:
        if not value.startswith(("postgresql://", "postgres://")):
            raise ValueError(f"{value!r} is not of the form postgresql://user@host:port/database")
        return value

    @property
    def address(self) -> str | None:
        """The database and the table."""
        return f"{self.uri}#{self.table_name}"


class DuckDBFile(_InSchema):
    """A table in a DuckDB file."""

    kind: Literal["duckdb"] = Field(description="A table in a DuckDB file")
    path: LocalPath | None = Field(
        default=None,
        description="The file's absolute path; `delivered/NAME.duckdb` in a local store if unset",
    )

    @property
    def address(self) -> str | None:
        """The file and the table; None for below the store."""
        return None if self.path is None else f"{self.path}#{self.table_name}"


class SnowflakeFile(_InTable):
    """A table in Snowflake."""

    kind: Literal["snowflake"] = Field(description="A table in Snowflake")
    account: str = Field(min_length=1, description="The account's identifier")
    user: str = Field(min_length=1, description="Who delivers")
    database: str = Field(min_length=1, description="The database")
    schema_name: str = Field(alias="schema", min_length=1, description="The schema")
    warehouse: str | None = Field(default=None, description="What computes; the user's own if unset")
    role: str | None = Field(default=None, description="With which rights; the user's own if unset")
    host: str | None = Field(default=None, description="Another host than the account's")
    port: int | None = Field(default=None, ge=1, le=65_535, description="Another port than 443")
    protocol: Literal["http", "https"] | None = Field(default=None, description="`https` if unset")
    password_env: EnvironmentName | None = Field(
        default=None, description="Name of the environment variable that holds the password"
    )
    in_store: ClassVar[bool] = False

    @property
    def connection(self) -> Mapping[str, str]:
        """What its connector is given, without any secret."""
        names = ("account", "user", "database", "warehouse", "role", "host", "port", "protocol")
        given = {name: getattr(self, name) for name in names} | {"schema": self.schema_name}
        return {name: str(value) for name, value in given.items() if value is not None}

    @property
    def address(self) -> str | None:
        """The account and the table."""
        return f"snowflake://{self.account}/{self.database}/{self.schema_name}#{self.table_name}"


class BigQueryFile(_InTable):
    """A table in BigQuery."""

    kind: Literal["bigquery"] = Field(description="A table in BigQuery")
    project: str = Field(min_length=1, description="The project")
    dataset: str = Field(pattern=r"^[A-Za-z0-9_]{1,1024}$", description="The dataset")
    credentials_env: EnvironmentName | None = Field(
        default=None,
        description="Name of the environment variable that holds a service account's JSON; Google's own "
        "defaults if unset",
    )
    endpoint: WebAddress | None = Field(default=None, description="Another API endpoint than Google's")
    in_store: ClassVar[bool] = False

    @property
    def address(self) -> str | None:
        """The project and the table."""
        return f"bigquery://{self.project}/{self.dataset}#{self.table_name}"


class WebhookFile(SinkFile):
    """Changes, posted in signed batches; what was acknowledged is kept in the store and not sent again."""

    kind: Literal["webhook"] = Field(description="Changes, posted in signed batches")
    url: WebAddress = Field(description="Where they are posted")
    secret_env: EnvironmentName = Field(
        description="Name of the environment variable that holds the signing secret, `whsec_…`"
    )
    batch: int = Field(default=100, ge=1, le=10_000, description="Changes in one request")
    in_store: ClassVar[bool] = False

    @property
    def address(self) -> str | None:
        """Where they are posted, without the query, in which tokens may be."""
        return self.url.partition("?")[0]


class DltFile(_InTable):
    """Any destination of dlt, for those without a kind of their own."""

    kind: Literal["dlt"] = Field(description="Any destination of dlt")
    destination: str = Field(pattern=r"^[a-z_]{1,40}$", description="Its name in dlt, such as `redshift`")
    dataset: Identifier = Field(description="The dataset, or schema, there")
    credentials_env: EnvironmentName | None = Field(
        default=None, description="Name of the environment variable that holds the destination's credentials"
    )
    pipelines: LocalPath | None = Field(
        default=None,
        description="The folder, an absolute path, in which dlt keeps its state; `delivered/NAME` in a local "
        "store if unset",
    )
    in_store: ClassVar[bool] = False

    @property
    def address(self) -> str | None:
        """The destination and the table."""
        return f"dlt://{self.destination}/{self.dataset}#{self.table_name}"


AnySink = Annotated[
    DeltaFile | FilesFile | DropFile | LanceFile | PostgresFile | DuckDBFile | SnowflakeFile | BigQueryFile
    | WebhookFile | DltFile,
    Field(discriminator="kind"),
]  # fmt: skip

KINDS: Mapping[str, type[SinkFile]] = {
    kind: model
    for model in (
        DeltaFile, FilesFile, DropFile, LanceFile, PostgresFile, DuckDBFile, SnowflakeFile, BigQueryFile,
        WebhookFile, DltFile,
    )
    for kind in model.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]
}  # fmt: skip
"""Every kind by its name, in the order of the documentation."""
