"""What embedding a second day costs beside the first, when 1 % of its chunks are new.

What belongs here: the two days, in tables as a deployment has them, and their time. What does not: Dagster,
whose share is the same for any number of records.

`python -m webdata_assets_tests.benchmarks.reembed --data DIR --json OUT`
"""

import datetime as dt
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from blake3 import blake3

from webdata_assets.partitions import Partition
from webdata_assets.resources import EncoderResource
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.settings import Settings
from webdata_assets.stages.embed.embed import embed_records
from webdata_assets.stages.embed.progress import Progress
from webdata_assets.stages.embed.version import embedding_version
from webdata_assets.store import Store
from webdata_assets.store.embedded import carried_over
from webdata_assets.store.vectors import StoredVectors
from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.benchmarks.near_duplicates.corpus import sentences
from webdata_assets_tests.benchmarks.near_duplicates.days import write

DAY_1, DAY_2, DAY_3 = (Partition(dt.date(2026, 6, day), "news") for day in (1, 2, 3))
NEW_SHARE = 0.01
SECTIONS, SENTENCES = (1, 8), (4, 12)
"""Of a page, and of each of its sections, between so many."""
CHUNKS_PER_PAGE = 4.5
"""About, by the default encoder."""

Row = dict[str, object]


def pages(pool: list[str], seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield pages without end: title, text, and the same with its headings."""
    pick = random.Random(seed)
    while True:
        title = " ".join(pick.choice(pool).split()[:8])
        sections = [
            (
                " ".join(pick.choice(pool).split()[:5]),
                " ".join(pick.choices(pool, k=pick.randint(*SENTENCES))),
            )
            for _ in range(pick.randint(*SECTIONS))
        ]
        plain = "\n\n".join(f"{heading}\n\n{body}" for heading, body in sections)
        yield title, plain, "\n\n".join(f"## {heading}\n\n{body}" for heading, body in sections)


def records(pool: list[str], count: int, partition: Partition, *, changed: int = 0) -> pl.DataFrame:
    """Return a day's records, of which the first few have other content than on the days before."""
    day, old = pages(pool, seed=partition.date.toordinal()), pages(pool, seed=0)
    rows = []
    for number in range(count):
        before = next(old)
        title, text, structured_text = next(day) if number < changed else before
        rows.append(
            {
                "date": partition.date, "source": partition.source, "record_id": f"{number:032x}",
                "title": title, "text": text, "structured_text": structured_text,
                "content_hash": blake3(f"{title}{structured_text}".encode()).hexdigest(),
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema=RECORDS.polars_schema)


def embed_day(store: Store, encoder_folder: Path, partition: Partition, *, carry: bool) -> Row:
    """Do what the asset `embeddings` does for one partition, the loading of the encoder included."""
    started, wall = time.process_time(), time.perf_counter()
    told = [Progress()]
    wanted = store.tables.read_partition(
        RECORDS,
        partition,
        ["date", "source", "record_id", "title", "text", "structured_text", "content_hash"],
    )
    encoder = EncoderResource(folder=str(encoder_folder))
    version = embedding_version(encoder.expected_model_id(), "structure")
    rows = carried_over(store, partition, wanted, version) if carry else EMBEDDINGS.empty()
    changed = wanted.join(rows, on="record_id", how="anti")
    made = embed_records(changed, encoder.load(), StoredVectors(store.tables), told.append)
    rows = pl.concat([rows, made]).sort("chunk_id")
    write(store, EMBEDDINGS, rows, partition, code_version=version)
    return {
        "chunks": rows.height,
        "encoded": told[-1].encoded,
        "records cut": changed.height,
        "CPU-s": time.process_time() - started,
        "wall s": time.perf_counter() - wall,
    }


def days(pool: list[str], chunks: int, encoder_folder: Path) -> list[Row]:
    """Return what the first day costs, and later days by both ways of reuse."""
    count = max(1, round(chunks / CHUNKS_PER_PAGE))
    changed = max(1, round(count * NEW_SHARE))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(folder)
        for what, partition, new, carry in (
            ("day 1, everything is new", DAY_1, 0, True),
            ("day 2, unchanged records keep their rows", DAY_2, changed, True),
            ("day 3, every record cut anew, vectors from the cache", DAY_3, changed, False),
        ):
            write(store, RECORDS, records(pool, count, partition, changed=new), partition)
            cost = embed_day(store, encoder_folder, partition, carry=carry)
            first = rows[0]["CPU-s"] if rows else cost["CPU-s"]
            rows.append({"what": what, **cost, "share of day 1": cost["CPU-s"] / first})
    return rows


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--chunks", type=int, default=2_000, help="of a day, about (default: %(default)s)")
    arguments.add_argument("--encoders", type=Path, help="where converted weights are kept")
    given = arguments.parse_args()
    encoder_folder = given.encoders or Settings().encoders
    encoder = EncoderResource(folder=str(encoder_folder))
    encoder.load().encode(["weights are fetched and converted, libraries are loaded"])
    pool = sentences(given.data)
    rows = days(pool, given.chunks, encoder_folder) if pool else []
    report(
        {"reembed": rows, "model_id": encoder.expected_model_id()},
        [(f"Days of about {given.chunks} chunks by {encoder.expected_model_id()}", rows)],
        given.json,
    )


if __name__ == "__main__":
    main()
