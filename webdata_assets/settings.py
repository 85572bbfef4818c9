"""Settings: every WEBDATA_* variable, read once when definitions load.

What belongs here: values that differ between deployments. What does not: anything about one source
(that is its YAML file), and secrets of sources (they are read from the environment where they are used).
"""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PACKAGED_SOURCES = Path(__file__).parent / "sources"
PACKAGED_SINKS = Path(__file__).parent / "sinks"
PACKAGED_TASK = Path(__file__).parent / "tasks" / "topic.yaml"


def _cores() -> int:
    """Return the number of cores that this process may use, where the system tells, else of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """One frozen set of values for a deployment. Field `x` is read from `WEBDATA_X`, then from `.env`."""

    model_config = SettingsConfigDict(env_prefix="WEBDATA_", env_file=".env", extra="ignore", frozen=True)

    store: str = Field(
        default=".webdata/store", description="Where tables, spool and index live: a folder, or s3://…"
    )
    s3_endpoint: str = Field(
        default="", description="Of an S3 server other than Amazon's; AWS_ENDPOINT_URL if empty"
    )
    s3_region: str = Field(default="", description="Of the bucket; AWS_REGION if empty")
    sources: Path = Field(
        default=PACKAGED_SOURCES, description="The folder that holds the source files, one YAML each"
    )
    home: Path = Field(
        default=Path(".webdata"), description="Local working folder: Dagster's own storage, encoder weights"
    )
    connect_to: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="Connect elsewhere for a host, as `host=address:port,…`; the URL keeps the host",
    )
    user_agent: str = Field(
        default="webdata-assets/0.1", description="Sent with every request, and matched against robots.txt"
    )
    chromium: Path | None = Field(
        default=None, description="The browser's executable; found on PATH or in Playwright's folder if unset"
    )
    http_client: Literal["curl", "aiohttp"] = Field(
        default="curl", description="What fetches plain pages: libcurl, or the pure-Python client beside it"
    )
    crawl_shards: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Steps into which a large frontier is cut by host, for step workers on several machines",
    )
    extract_workers: int = Field(
        default_factory=_cores,
        ge=1,
        le=256,
        description="Processes that read pages at most, each of them confined; one for each core if unset",
    )
    extract_step_pages: int = Field(
        default=0,
        ge=0,
        description="Partitions with more pages are read in steps of so many, for step workers on several "
        "machines; 0: in one step",
    )
    extract_page_seconds: float = Field(
        default=20.0, gt=0, le=3_600, description="After which the parser of a page is killed"
    )
    extract_memory_mb: int = Field(
        default=384, ge=256, description="MiB of memory at which a process that reads pages is killed"
    )
    encoder_dir: Path | None = Field(
        default=None,
        description="A folder with model.safetensors and tokenizer.json of all-MiniLM-L6-v2; else fetched",
    )
    encoder: Literal["default", "onnx", "static", "sentence-transformers", "openai"] = Field(
        default="default",
        description="What turns texts into vectors: all-MiniLM-L6-v2 in ONNX Runtime; an ONNX, static "
        "(model2vec) or sentence-transformers model that WEBDATA_ENCODER_MODEL names; or an endpoint",
    )
    encoder_model: str = Field(
        default="", description="A folder, or a model's name; nothing for the default encoder"
    )
    encoder_precision: Literal["auto", "int8", "fp32", "bf16"] = Field(
        default="auto",
        description="Of the default encoder: int8 or fp32; of sentence-transformers: fp32 or bf16; auto: the "
        "first of them. Other models are taken as they are",
    )
    encoder_max_tokens: int = Field(
        default=0,
        ge=0,
        description="Tokens of a chunk at most, special ones included; 0: what the model reads, 512 for an "
        "endpoint",
    )
    encoder_url: str = Field(
        default="", description="Base URL of an OpenAI-compatible endpoint; its key is WEBDATA_ENCODER_KEY"
    )
    encoder_requests_per_minute: int = Field(default=600, ge=1, description="To that endpoint, at most")
    encoder_price: float = Field(
        default=0.0, ge=0, description="Of a million tokens there, for the cost in the metadata"
    )
    chunker: Literal["structure", "semantic-text-splitter"] = Field(
        default="structure", description="What cuts records into chunks"
    )
    index: str = Field(default="", description="postgresql://… for pgvector; LanceDB in the store if empty")
    task: Path = Field(default=PACKAGED_TASK, description="The file that says what the model learns")
    mlflow: str = Field(
        default="", description="Tracking URI that mirrors the registry of models; nothing if empty"
    )
    alerts: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Where alerts go: Apprise URLs, parted by spaces, such as `mailtos://…` or `slack://…`",
    )
    serve_threads: int = Field(
        default_factory=_cores, ge=1, le=256, description="Requests that `webdata serve` works on at once"
    )
    serve_poll_seconds: float = Field(
        default=1.0, gt=0, le=3_600, description="Between two looks of `webdata serve` for a new release"
    )
    repair_attempts_per_day: int = Field(
        default=3, ge=0, description="Automatic repairs of one partition in 24 hours, then a person"
    )
    repair_runs_per_day: int = Field(
        default=200, ge=0, description="Automatic repairs of all partitions together in 24 hours"
    )
    long_run_minutes: float = Field(
        default=30.0,
        gt=0,
        description="A run is longer than expected from here on, and from three times the median of its job",
    )
    log: Literal["text", "json"] = Field(
        default="text",
        description="How runs and commands tell events: for readers, or one JSON line each",
    )
    sinks: Path = Field(
        default=PACKAGED_SINKS, description="The folder that says where deliveries go, one YAML file a sink"
    )
    shared_rates: SecretStr = Field(
        default=SecretStr(""),
        description="Where machines keep the rates of hosts together: `postgresql://…` or `redis://…`; a "
        "file of this machine if empty",
    )
    engine: str = Field(
        default="local",
        description="Where heavy maps inside a step run: `local` processes, or on Dask at a scheduler's "
        "address, such as `tcp://scheduler:8786`",
    )
    executor: Literal["in-process", "multiprocess", "celery", "kubernetes"] = Field(
        default="in-process", description="Where the steps of a run are carried out"
    )
    celery_broker: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"), description="Of the executor `celery`: its queue"
    )
    celery_backend: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/1"), description="Of the executor `celery`: its results"
    )
    celery_lost_seconds: float = Field(
        default=60.0,
        ge=1,
        description="After which a step is given up that no Celery worker knows of; its run fails, and is "
        "retried",
    )
    kubernetes_image: str = Field(
        default="", description="Of the executor `kubernetes`: the image of runs and steps, with this package"
    )
    kubernetes_namespace: str = Field(default="default", description="Where their jobs are made")
    kubernetes_service_account: str = Field(default="webdata", description="Which may make jobs there")
    kubernetes_secret: str = Field(
        default="webdata", description="Whose keys are the environment of runs and steps: WEBDATA_…, AWS_…"
    )
    kubernetes_config: str = Field(
        default="", description="A kubeconfig file; that of the cluster in which this runs if empty"
    )
    dagster_storage: SecretStr = Field(
        default=SecretStr(""),
        description="Dagster's own storage: `postgresql://…`; SQLite below WEBDATA_HOME if empty",
    )
    keep_versions_days: int = Field(
        default=7, ge=0, description="How far back tables can be rolled back; then their old files go"
    )
    archive_after_days: int = Field(
        default=0, ge=0, description="Partitions older than that leave the grid and stay readable; 0: never"
    )
    storage_price: float = Field(
        default=0.023, ge=0, description="Of a gigabyte (10⁹ bytes) and month, for the cost of each layer"
    )
    sensor_seconds: int = Field(
        default=30, ge=1, description="Least seconds between two looks of a sensor; the daemon takes five"
    )

    @field_validator("connect_to", mode="before")
    @classmethod
    def _split_connect_to(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = {}
        for item in filter(None, (part.strip() for part in value.split(","))):
            host, separator, target = item.partition("=")
            if not separator or ":" not in target:
                raise ValueError(f"WEBDATA_CONNECT_TO: {item!r} is not of the form host=address:port")
            pairs[host.strip().lower()] = target.strip()
        return pairs

    @field_validator("alerts", mode="before")
    @classmethod
    def _split_alerts(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @property
    def is_local_store(self) -> bool:
        """Whether the store is a folder on this machine and not an object store."""
        return "://" not in self.store

    @property
    def patches(self) -> Path:
        """Source files under trial: each replaces the one of the same name."""
        return (self.home / "patches").absolute()

    @property
    def encoders(self) -> Path:
        """Where converted encoder weights are kept."""
        return (self.home / "encoders").absolute()

    @property
    def cache(self) -> Path:
        """Copies of what lies in an object store: spools of running crawls, models, reports."""
        return (self.home / "cache").absolute()

    @property
    def rates(self) -> Path:
        """The rate limits of hosts, shared by all processes of this machine."""
        return (self.home / "rates.sqlite").absolute()

    @property
    def archives(self) -> Path:
        """Where the indexes of web archives are kept."""
        return (self.home / "archives").absolute()

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage for local use, absolute as Dagster demands."""
        return (self.home / "dagster").resolve()
