"""What is made of records within a partition: checks, changes, fingerprints, features, embeddings."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from webdata_assets.resources import EncoderResource
from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.encoder import OnProgress, TextEncoder, Usage, Vectors
from webdata_assets_tests.benchmarks.growth.material import (
    CHANGED_EVERY,
    DIMENSIONS,
    FIRST,
    MODEL_ID,
    PER_PARTITION,
    SECOND,
    partitions_of,
    records,
    visits,
)
from webdata_assets_tests.benchmarks.growth.running import (
    declare,
    noon_of,
    ready_run,
    settings_of,
    store_of,
    write,
)
from webdata_assets_tests.store.rows import put

Work = Callable[[], dict[str, float]]
_TOKEN = re.compile(r"\S+")


class StandInEncoder:
    """Vectors that follow from a text's hash, in no time: what is around the model is measured."""

    model_id = MODEL_ID
    dimensions = DIMENSIONS
    max_tokens = 256
    splits_at_space = True

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """Return unit vectors."""
        seeds = [hash(text) & 0xFFFF for text in texts]
        vectors = np.random.default_rng(seeds).standard_normal((len(texts), DIMENSIONS), dtype=np.float32)
        if on_progress:
            on_progress(len(texts), len(texts))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the same."""
        return self.encode(texts)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where words begin and end."""
        return [match.span() for match in _TOKEN.finditer(text)]

    def token_offsets_batch(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return the same of each text."""
        return [self.token_offsets(text) for text in texts]

    def usage(self) -> Usage:
        """Return that nothing was paid."""
        return Usage()


class StandInEncoderResource(EncoderResource):
    """The deployment's encoder, but for the model."""

    def expected_model_id(self) -> str:
        """Return the id of its vectors."""
        return MODEL_ID

    def load(self) -> TextEncoder:
        """Return it."""
        return StandInEncoder()


def _prepare_checks(folder: Path, size: int) -> None:
    declare(folder)
    write(store_of(folder), "pages", visits(range(size)))
    # kept beside the store, because its write is measured
    records(range(size)).write_parquet(folder / "records.parquet")


def _ready_checks(folder: Path, _: int) -> Work:
    from webdata_assets.checks.judging import Judge
    from webdata_assets.checks.records import CHECKS
    from webdata_assets.sources.registry import load_sources

    rows = pl.read_parquet(folder / "records.parquet").cast(dict(TABLES["records"].polars_schema))
    store, registry = store_of(folder), load_sources(settings_of(folder).sources)

    def work() -> dict[str, float]:
        put(store, "records", rows, extracted=rows.height)
        put(store, "quarantine", TABLES["quarantine"].empty())
        judge = Judge(store=store, sources=registry, now=noon_of(FIRST))
        judged = judge.judge(
            [check for check in CHECKS if check.table.name == "records"], FIRST, run_id="run"
        )
        return {"failed_checks": sum(not finding.passed for _, finding in judged)}

    return work


def _prepare_changes(folder: Path, size: int) -> None:
    declare(folder)
    store = store_of(folder)
    before, numbers = records(range(size)), range(0, size, CHANGED_EVERY)
    write(store, "pages", visits(range(size)))
    write(store, "records", before)
    write(store, "pages", visits(range(size), SECOND), SECOND)
    changed = records(range(size), SECOND, version=2)
    ids = [f"{number:032x}" for number in numbers]
    same = before.with_columns(date=pl.lit(SECOND.date)).filter(~pl.col("record_id").is_in(ids))
    after = pl.concat([same, changed.filter(pl.col("record_id").is_in(ids))]).sort("record_id")
    write(store, "records", after, SECOND)


def _prepare_records(folder: Path, size: int) -> None:
    declare(folder)
    write(store_of(folder), "records", records(range(size)))


def _prepare_features(folder: Path, size: int) -> None:
    _prepare_records(folder, size)
    write(store_of(folder), "pages", visits(range(size)))
    ready_run(folder, "changes", partition=FIRST)()


def _prepare_history(folder: Path, size: int) -> None:
    """Store the same pages and records date after date; their texts are new each time."""
    declare(folder)
    store, numbers = store_of(folder), range(min(size, PER_PARTITION))
    dates = [partition for partition, _ in partitions_of(size)]
    for version, partition in enumerate([*dates, FIRST], start=1):
        write(store, "pages", visits(numbers, partition), partition)
        write(store, "records", records(numbers, partition, version=version), partition)


def _ready_embeddings(folder: Path, _: int) -> Work:
    encoder = StandInEncoderResource.of(settings_of(folder))
    return ready_run(folder, "embeddings", partition=FIRST, resources={"encoder": encoder})


PREPARE: dict[str, Callable[[Path, int], None]] = {
    "records_checks": _prepare_checks,
    "changes": _prepare_changes,
    "fingerprints": _prepare_records,
    "features": _prepare_features,
    "embeddings": _prepare_records,
    "history": _prepare_history,
}
READY: dict[str, Callable[[Path, int], Work]] = {
    "records_checks": _ready_checks,
    "changes": lambda folder, _: ready_run(folder, "changes", partition=SECOND),
    "fingerprints": lambda folder, _: ready_run(folder, "fingerprints", partition=FIRST),
    "features": lambda folder, _: ready_run(folder, "features", partition=FIRST),
    "embeddings": _ready_embeddings,
    "history": lambda folder, _: ready_run(folder, "frontier", "changes", partition=FIRST),
}
